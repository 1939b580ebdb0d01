"""A value read from a page, as the type that its rule asks for. What is not certain is refused, never guessed.

    string    the value as text; what is not text, as JSON
    number    the first number in the text: `numbers` says what can be read
    integer   the same, a whole one (`5.0` is 5), within 64 bits
    price     {"amount": "1299.00", "currency": "USD" | None}: the one price in the text
    boolean   true yes on 1 in stock, false no off 0 out of stock, in any case, and schema.org's InStock and OutOfStock
    date      ISO 8601: `dates` says what can be read
    url       absolute, http or https, as the WHATWG standard joins it to the page's URL
    json      the JSON document that is all of the text, at most 100 levels deep

Of numbers, prices and dates the first 1,000 characters are looked at.
"""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Literal, get_args

import orjson
from ada_url import URL

from scraping.rules import dates, numbers

Type = Literal["string", "integer", "number", "boolean", "date", "url", "json", "price"]
TYPES: tuple[Type, ...] = get_args(Type)

MAX_JSON_DEPTH = 100
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
MAX_SHOWN_CHARS = 60

TRUE = frozenset({"true", "yes", "on", "1", "in stock", "instock"})
FALSE = frozenset({"false", "no", "off", "0", "out of stock", "outofstock"})
SCHEMA_ORG = re.compile(r"https?://(?:www\.)?schema\.org/(instock|outofstock)")
NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")


class CastError(ValueError):
    """A value is not of the type, or not for certain; the message is a sentence that shows its beginning."""


def cast(value: object, to: Type, *, base_url: str, locale: str | None) -> object:
    """`value`, which is not a list, as the type `to`; None stays None.

    Args:
        base_url: what relative URLs are relative to.
        locale: settles what is ambiguous (`de-DE`); without one it is refused.
    Raises: CastError.
    """
    if value is None:
        return None
    try:
        return CASTS[to](value, base_url, locale)
    except (ValueError, ArithmeticError) as exc:
        raise CastError(f"{shown(value)} is no {to}: {exc}.") from None


def text_of(value: object) -> str:
    """`value` as text: a string as it is, anything else as JSON.

    Raises: ValueError for what JSON cannot hold.
    """
    try:
        return value if isinstance(value, str) else orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        raise ValueError("it cannot be written as JSON") from None


def absolute(text: str, base_url: str) -> str:
    """The URL in `text`, absolute, of whatever scheme, as a browser on `base_url` would follow it.

    Raises: ValueError, also for blank text: that it means the page itself is never what a caller was after.
    """
    if not text.strip():
        raise ValueError("it is blank")
    try:
        return URL(text, base=base_url).href
    except ValueError:
        raise ValueError("a browser could not follow it") from None


def shown(value: object) -> str:
    """The beginning of `value`, in quotes."""
    text = NOT_TEXT.sub("�", value[: MAX_SHOWN_CHARS + 1] if isinstance(value, str) else repr(value))
    return repr(text if len(text) <= MAX_SHOWN_CHARS else text[:MAX_SHOWN_CHARS] + "…")


def _string(value: object, base_url: str, locale: str | None) -> str:
    return text_of(value)


def _number(value: object, base_url: str, locale: str | None) -> int | float:
    if isinstance(value, float):
        _finite(repr(value))
        return value
    text = _amount(value) or numbers.number(_text(value), locale)
    return float(_finite(text)) if "." in text else _within_64_bits(int(text))


def _integer(value: object, base_url: str, locale: str | None) -> int:
    number = Decimal(_amount(value) or numbers.number(_text(value), locale))
    if number != number.to_integral_value():
        raise ValueError("it is not whole")
    return _within_64_bits(int(number))


def _price(value: object, base_url: str, locale: str | None) -> dict[str, str | None]:
    amount, currency = _amount(value), None
    if amount is None:
        amount, currency = numbers.price(_text(value), locale)
    return {"amount": amount, "currency": currency}


def _boolean(value: object, base_url: str, locale: str | None) -> bool:
    if isinstance(value, bool):
        return value
    word = " ".join(text_of(value).strip()[:MAX_SHOWN_CHARS].casefold().split())
    if schema_org := SCHEMA_ORG.fullmatch(word):
        word = schema_org[1]
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ValueError("only plain English words are read, such as yes, no, true, false, in stock, out of stock")


def _date(value: object, base_url: str, locale: str | None) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return dates.unix(value)
    return dates.read(_text(value), locale)


def _url(value: object, base_url: str, locale: str | None) -> str:
    url = absolute(_text(value), base_url)
    if not url.startswith(("http://", "https://")):
        raise ValueError("only http and https URLs count")
    return url


def _json(value: object, base_url: str, locale: str | None) -> object:
    if not isinstance(value, str):
        return value
    document = orjson.loads(value)
    _check_depth(document)
    return _clean(document) if "\\u0000" in value else document


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("it is not text")
    return value


def _amount(value: object) -> str | None:
    """A number that is one already, written as `numbers.number` does; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return f"{Decimal(_finite(repr(value))):f}"


def _finite(text: str) -> str:
    if not math.isfinite(float(text)):
        raise ValueError("it is beyond all numbers")
    return text


def _within_64_bits(number: int) -> int:
    if not MIN_INTEGER <= number <= MAX_INTEGER:
        raise ValueError("it does not fit into 64 bits")
    return number


def _check_depth(document: object) -> None:
    level = [document]
    for _ in range(MAX_JSON_DEPTH):
        level = [child for node in level for child in _children(node)]
    if any(isinstance(node, list | dict) for node in level):
        raise ValueError(f"it is more than {MAX_JSON_DEPTH} levels deep")


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _clean(node: object) -> object:
    """`node` with U+FFFD for U+0000, as in everything scraped."""
    if isinstance(node, str):
        return node.replace("\0", "�")
    if isinstance(node, list):
        return [_clean(child) for child in node]
    if isinstance(node, dict):
        return {key.replace("\0", "�"): _clean(child) for key, child in node.items()}
    return node


CASTS: dict[Type, Callable[[object, str, str | None], object]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "url": _url,
    "json": _json,
    "price": _price,
}
