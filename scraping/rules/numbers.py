"""Numbers and prices as sites print them, read without guessing.

A text may have words around its number. What stands alone is read: `1/2`, `10:30`, `2024-01-15`, `5x3`, `5-` and
`10 – 20` are refused, for none of them is one number. A separator that may
be a decimal sign or part thousands (`1.299`: the only one, followed by just three digits) is settled by a currency
without decimals, else by the locale, else refused.
"""

# ruff: noqa: RUF001, RUF002  (the signs that sites print look like others)

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from scraping.rules.currencies import CODES, COUNTRY, LETTER, SIGN, currency, has_decimals, plain
from scraping.rules.locales import facts

MAX_CHARS = 1_000
"""So much of a text is looked at."""

SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
INVISIBLE = (
    "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)

PLAIN = {
    **{code: str(unicodedata.decimal(chr(code))) for code in range(128, 0x20000) if chr(code).isdecimal()},
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{ord(space): "\u00a0" for space in SPACES},
    **dict.fromkeys(map(ord, INVISIBLE)),
    **{ord(sign): "'" for sign in "’‘ʼ′´٬"},
    **{0xFFE5: "¥", 0xFFE1: "£", 0xFFE6: "₩", 0x2012: "–", 0xFE63: "-"},
    **dict.fromkeys(map(ord, "\t\n\r\f\v\x85\u2028\u2029"), " "),
}
"""Digits and signs of all scripts as ASCII has them, special spaces as U+00A0, marks of direction as nothing.

U+2212 is kept apart from the hyphen: it is always a minus. U+066B is always a decimal sign.
"""

RUN = re.compile(r"(?:(?<![\w.])\.)?\d+(?:[.,'٫ \u00a0]\d+)*")
TOKEN = re.compile(r"\d{1,3}(?:[ \u00a0]\d{3})+(?:[.,٫]\d+)?(?![^ \u00a0])|[^ \u00a0]+")
BEFORE = re.compile(rf"(?:(?<!{LETTER})([A-Z]{{3}}))?[ \u00a0]?({SIGN})?[ \u00a0]*\Z")
AFTER = re.compile(rf"[ \u00a0]?({SIGN})?[ \u00a0]?(?:([A-Z]{{3}})(?![^\W_]))?")
NEXT = re.compile(r"[ \u00a0]?\.?\d")
SPACE = " \u00a0"
LONGEST_BEFORE = 12
LONGEST_COUNTRY = 3
ONE_LETTER = frozenset("ACRS")
"""`C $5` is in Canadian dollars on some sites; `Vitamin C $5` is not."""

MAGNITUDES = {
    **dict.fromkeys(("k", "K", "thousand"), 3), **dict.fromkeys(("M", "million", "millions"), 6),
    **dict.fromkeys(("lakh", "lakhs"), 5), **dict.fromkeys(("crore", "crores"), 7), **dict.fromkeys(("千", "천"), 3),
    **dict.fromkeys(("万", "萬", "만"), 4), **dict.fromkeys(("亿", "億", "억"), 8),
}  # fmt: skip
MAGNITUDE = re.compile(
    rf"""(?P<known>[kKM](?![^\W_]) | [ \u00a0]?(?i:thousand|millions?|lakhs?|crores?)(?!{LETTER})
        | [千천万萬만亿億억](?![ \u00a0]?\d))
    | (?P<unsure>[mbB](?![^\W_]) | [ \u00a0]?(?:[kKMB](?![^\W_])
        | (?i:bn|mn|mln|mlrd|mld|mio|mrd|tsd|tys|tis|тыс|млн|млрд|billions?|trillions?|cr|mil|mila|mille)(?!{LETTER})
        | [千천万萬만亿億억]))""",
    re.VERBOSE,
)
"""What multiplies a number: k, K and M where they touch it, some words; others mean one thing here, another there."""
LAKHS = re.compile(r"[ \u00a0]?L(?![^\W_])")
"""Of rupees that is what L means; of anything else, litres."""

RANGE = re.compile(
    rf"(?:[ \u00a0]*[-–—−~〜×][ \u00a0]*| (?:to|bis|à|do|до) )(?:[A-Z]{{3}}[ \u00a0]?)?(?:{SIGN})?[ \u00a0]*\.?\d"
)
TRAILING_MINUS = re.compile(rf"[-−][ \u00a0]?(?:{SIGN}|[A-Z]{{3}})?\s*\Z")
BRACKETED = re.compile(rf"(?:{SIGN}|[A-Z]{{3}})[ \u00a0]?\([ \u00a0]*\Z")
PART_BEFORE = re.compile(r"\d(?:[eE][+\-−]?|/)\Z")
FRACTION = re.compile(r"[ \u00a0]\d{1,2}/\d")
GLUED = re.compile(rf"/\d|:\d|(?![cdkm]?m[23](?![^\W_])){LETTER}{{1,12}}\d|[ \u00a0]\d+/\d")
EXPONENT = re.compile(r"[eE][+\-−]?\d")
SPLIT_PRICE = re.compile(r"[ \u00a0]?\d\d(?![\d.,'٫])")
SPLIT_NUMBER = re.compile(r"[ \u00a0]*[.,:;_·'][.,:;_·' \u00a0]*\d")
SPLIT_BEFORE = re.compile(r"\d[ \u00a0]*[.,:;_·'][.,:;_·' \u00a0]*\Z")
MINOR = re.compile(
    rf"[ \u00a0]?(?:¢|(?i:cents?|cts?|pence|centimes?|centavos?|céntimos?|öre|øre|paise|коп)(?!{LETTER}))"
    rf"|[pc](?!{LETTER})"
)
NO_CENTS = re.compile(r"([.,])[-–—]{1,2}(?![-–—\d])")
PERCENT = re.compile(r"[ \u00a0]?%")

WESTERN = re.compile(r"[1-9]\d{0,2}(?:\D\d{3})+")
INDIAN = re.compile(r"[1-9]\d?(?:,\d{2})+,\d{3}")


@dataclass(frozen=True, slots=True)
class _Found:
    """A number in `text` from `start` to `end`, `before` and `after` which its currency and magnitude stand."""

    text: str
    start: int
    end: int
    before: int
    after: int
    sign: str | None
    code: str | None
    magnitude: re.Match[str] | None

    @property
    def digits(self) -> str:
        return self.text[self.start : self.end]

    @property
    def has_currency(self) -> bool:
        return self.sign is not None or self.code is not None


def number(text: str, locale: str | None) -> str:
    """The first number in `text`, as `-1299.00`: a sign if negative, a point, the decimals as printed.

    Raises: ValueError.
    """
    for found in _all(text):
        return _read(found, locale)[0]
    raise ValueError("there is no number in it")


def price(text: str, locale: str | None) -> tuple[str, str | None]:
    """The one price in `text`: its amount as by `number`, and its currency if the text or the locale tells.

    Numbers with a currency count; if none has one, all do, percentages apart. The same price twice is one.

    Raises: ValueError, also for two different prices.
    """
    candidates = [found for found in _all(text) if not PERCENT.match(found.text, found.end)]
    _refuse_halves(candidates)
    prices = [_read(found, locale) for found in candidates if found.has_currency]
    prices = prices or [_read(found, locale) for found in candidates]
    if not prices:
        raise ValueError("there is no price in it")
    if any(MINOR.match(found.text, found.end) for found in candidates):
        raise ValueError("it is in cents or pence")
    if len({(Decimal(amount), code) for amount, code in prices}) > 1:
        raise ValueError("there are several prices in it")
    return prices[0]


def _refuse_halves(candidates: list[_Found]) -> None:
    """Refuse a number with a currency that is the second half of a range or of a number without one."""
    for found, following in pairwise(candidates):
        if found.magnitude and found.after == following.start:
            raise ValueError("a number follows the magnitude of another")
        if following.has_currency and RANGE.match(found.text, found.after):
            raise ValueError("it is a range")


def _all(text: str) -> Iterator[_Found]:
    text = text[:MAX_CHARS].strip()
    if not (text.isascii() and text.isprintable()):
        text = text.translate(PLAIN)
    floor = 0
    for run in RUN.finditer(text):
        for token in TOKEN.finditer(text, run.start(), run.end()):
            found = _find(text, token.start(), token.end(), floor)
            floor = found.after
            yield found


def _find(text: str, start: int, end: int, floor: int) -> _Found:
    """The number from `start` to `end`, with what belongs to it; what stands before `floor` is another's."""
    magnitude = MAGNITUDE.match(text, end)
    tail = magnitude or NO_CENTS.match(text, end)
    after = tail.end() if tail else end
    inner = start - 1 if start > 1 and text[start - 1] in "-–−+" else start
    before = BEFORE.search(text, max(floor, inner - LONGEST_BEFORE), inner)
    sign, code, first = _currency_before(before) if before else (None, None, inner)
    sign_after, code_after, last = _currency_after(text, after, known=bool(sign or code))
    twice = (sign and sign_after) or (code and code_after)
    if twice and floor > 0 and text[floor:first] in ("\u00a0", " ") and text[inner - 1] not in SPACE:
        raise ValueError("a currency stands between two numbers, and again after them")
    return _Found(
        text,
        start,
        end,
        first,
        last,
        _one(sign, sign_after),
        _one(code, code_after),
        magnitude,
    )


def _one(before: str | None, after: str | None) -> str | None:
    if before and after and plain(before) != plain(after):
        raise ValueError(f"{before} and {after} are two currencies")
    return before or after


def _currency_before(match: re.Match[str]) -> tuple[str | None, str | None, int]:
    """The sign and the code before a number, and where they start."""
    code, sign = match[1], match[2]
    if sign == "$" and match.string[: match.start(2)].strip() in ONE_LETTER:
        raise ValueError("a single letter before $ may name a country or something else")
    if code in CODES:
        return sign, code, match.start(1)
    if (
        sign
        and not sign[0].isalpha()
        and (country := COUNTRY.search(match.string, max(0, match.start(2) - LONGEST_COUNTRY), match.start(2)))
    ):
        return country[0] + sign, None, country.start()
    return sign, None, match.start(2) if sign else match.end()


def _currency_after(text: str, end: int, *, known: bool) -> tuple[str | None, str | None, int]:
    """The sign and the code after a number, and where they end.

    Between two numbers they belong to the one that they touch. If that does not tell, to both: they end at `end`.
    """
    match = AFTER.match(text, end)
    assert match is not None
    sign, code = match[1], match[2] if match[2] in CODES else None
    if not (sign or code):
        return None, None, end
    last = match.end(2) if code else match.end(1)
    following = NEXT.match(text, last)
    if following is None:
        return sign, code, last
    touches, touches_next = text[end] not in SPACE, text[last] not in SPACE
    if known or (touches_next and not touches):
        return None, None, end
    return sign, code, last if touches and not touches_next else end


def _read(found: _Found, locale: str | None) -> tuple[str, str | None]:
    """The number's canonical form, and its currency."""
    _refuse_parts(found)
    whole, decimals = _split(found, locale)
    zeros = _zeros(found.magnitude[0].strip()) if found.magnitude else 0
    decimals = decimals.ljust(zeros, "0")
    amount = (whole + decimals[:zeros]).lstrip("0") or "0"
    amount += f".{decimals[zeros:]}" if decimals[zeros:] else ""
    negative = _is_negative(found) and amount.strip("0.") != ""
    code = currency(found.sign, found.code, locale, decimals="." in amount) if found.has_currency else None
    return f"-{amount}" if negative else amount, code


def _zeros(magnitude: str) -> int:
    return MAGNITUDES[magnitude if magnitude in MAGNITUDES else magnitude.lower()]


def _refuse_parts(found: _Found) -> None:
    """Refuse what is part of something larger."""
    text = found.text
    if found.magnitude and found.magnitude["unsure"]:
        raise ValueError(f"{found.magnitude[0].strip()!r} after a number can mean several things")
    if RANGE.match(text, found.after):
        raise ValueError("it is a range, a date or a code rather than one number")
    if found.has_currency and LAKHS.match(text, found.end):
        raise ValueError("'L' after a price can mean lakhs or litres")
    if TRAILING_MINUS.match(text, found.end) or TRAILING_MINUS.match(text, found.after):
        raise ValueError("a minus stands behind the number")
    before = text[max(0, found.start - LONGEST_BEFORE) : found.start]
    if text.startswith(")", found.after) and BRACKETED.search(before):
        raise ValueError("brackets around the number alone may make it negative")
    if PART_BEFORE.search(before) or FRACTION.match(text, found.after) or EXPONENT.match(text, found.end):
        raise ValueError("it is a part of a fraction or a power")
    if _is_raised(text, found.end) or (not found.has_currency and GLUED.match(text, found.end)):
        raise ValueError(f"{text[found.start : found.end + 8]!r} is not one number")
    if SPLIT_NUMBER.match(text, found.end) or (
        found.before == found.start and SPLIT_BEFORE.search(text, 0, found.start)
    ):
        raise ValueError("two numbers stand side by side")
    alone = found.digits.isdigit()
    if alone and (_precedes_cents(found) or (len(found.digits) == 2 and _follows_a_number(found))):  # noqa: PLR2004
        raise ValueError("two numbers stand side by side")


def _precedes_cents(found: _Found) -> bool:
    """Whether just two digits follow, as in `12 99 €` and `5€50`."""
    sign = AFTER.match(found.text, found.end)
    return any(SPLIT_PRICE.match(found.text, at) for at in (found.end, sign.end(1) if sign and sign[1] else found.end))


def _is_raised(text: str, at: int) -> bool:
    """Whether a fraction or an exponent stands at `at`."""
    return at < len(text) and unicodedata.category(text[at]) == "No"


def _follows_a_number(found: _Found) -> bool:
    return found.start > 1 and found.text[found.start - 1] in " \u00a0" and found.text[found.start - 2].isdigit()


def _split(found: _Found, locale: str | None) -> tuple[str, str]:
    """The digits before the decimal sign, and those after it."""
    digits = _joined(found, locale)
    separators = [char for char in digits if not char.isdigit()]
    if not separators:
        return digits, ""
    whole, _, decimals = digits.rpartition(separators[-1])
    if len(separators) == 1 and separators[0] != "'":
        return _either(found, whole, separators[0], decimals, locale)
    if len(set(separators)) == 1:
        return _grouped(digits), ""
    if separators[-1] == "'":
        raise ValueError(f"{found.digits!r} has its separators mixed")
    return _grouped(whole), decimals


def _joined(found: _Found, locale: str | None) -> str:
    """The digits without spaces, which a plain space may only be where it cannot part two numbers."""
    digits = found.digits
    if " " not in digits:
        return digits.replace("\u00a0", "")
    known = facts(locale)
    spaced = known is not None and known.groups_by_space
    alone = not found.text[: found.start].strip("+-–−(") and not found.text[found.end :].strip(" %)")
    if spaced or alone or found.has_currency or digits[-4] != " ":
        return digits.replace(" ", "").replace("\u00a0", "")
    raise ValueError(f"{digits!r} may be one number or two")


def _either(found: _Found, whole: str, separator: str, decimals: str, locale: str | None) -> tuple[str, str]:
    """Decide what a single full stop or comma is."""
    surely_decimal = len(decimals) != 3 or not WESTERN.fullmatch(f"{whole},{decimals}") or separator == "٫"  # noqa: PLR2004
    if surely_decimal or " " in found.digits or "\u00a0" in found.digits:
        return whole, decimals
    if _is_thousands(found, separator, locale):
        return whole + decimals, ""
    return whole, decimals


def _is_thousands(found: _Found, separator: str, locale: str | None) -> bool:
    no_cents = NO_CENTS.match(found.text, found.end)
    if no_cents and no_cents[1] != separator:
        return True
    code = currency(found.sign, found.code, locale, decimals=False) if found.has_currency else None
    if code and not has_decimals(code):
        return True
    known = facts(locale)
    if known is None:
        raise ValueError(f"{found.digits} is ambiguous: thousands or decimals; a locale would tell")
    return known.decimal != separator


def _grouped(digits: str) -> str:
    """`digits` without their thousands separators, which must be of one kind and in their places."""
    separators = {char for char in digits if not char.isdigit()}
    if separators and (len(separators) > 1 or not (WESTERN.fullmatch(digits) or INDIAN.fullmatch(digits))):
        raise ValueError(f"the separators in {digits!r} are not those of one number")
    return "".join(filter(str.isdigit, digits))


def _is_negative(found: _Found) -> bool:
    text, before = found.text, found.before
    if found.start > 0 and text[found.start - 1] in "-–−":
        return _is_sign(text, found.start - 1, found)
    if text[0] == "(" and not text[1:before].strip() and text[found.after :].strip() == ")":
        return True
    return _minus_before_currency(text, before)


def _is_sign(text: str, at: int, found: _Found) -> bool:
    """Whether the dash that touches the number is a minus; that of `SKU-12` is none."""
    if at > 0 and text[at - 1] in "-–−+":
        raise ValueError("two signs stand before the number")
    return at == 0 or at > found.before or text[at - 1] in " \u00a0(:"


def _minus_before_currency(text: str, before: int) -> bool:
    outer = text[:before].rstrip(" \u00a0")
    if not outer or outer[-1] not in "-–−":
        return False
    touches = len(outer) == before
    if outer[-1] == "−" or touches:
        return len(outer) == 1 or outer[-2] in " \u00a0(:"
    if len(outer) == 1:
        raise ValueError("it starts with a dash that may be a minus or not")
    return False
