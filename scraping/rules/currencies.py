"""How currencies are printed beside an amount."""

# ruff: noqa: RUF001  (the signs that sites print look like others)

import re
from functools import lru_cache

from babel.core import get_global
from babel.numbers import get_currency_precision

from scraping.rules.locales import facts

LETTER = r"[^\W\d_]"
UNSPACED = "円元원"
"""Signs from scripts that put no space between words."""

SIGNS = {
    "$US": "USD", "$CA": "CAD", "$AU": "AUD", "$NZ": "NZD", "$HK": "HKD", "yen": "JPY",
    "€": "EUR", "euro": "EUR", "euros": "EUR", "Euro": "EUR", "US$": "USD", "U$S": "USD", "A$": "AUD", "AU$": "AUD",
    "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "SG$": "SGD", "NT$": "TWD", "R$": "BRL",
    "MX$": "MXN", "AR$": "ARS", "円": "JPY", "元": "CNY", "₹": "INR", "₽": "RUB", "₴": "UAH", "грн": "UAH",
    "₺": "TRY", "TL": "TRY", "₩": "KRW", "원": "KRW", "zł": "PLN", "Zł": "PLN", "ZŁ": "PLN", "Kč": "CZK", "Ft": "HUF",
    "₪": "ILS", "₫": "VND", "đ": "VND", "₱": "PHP", "฿": "THB", "₦": "NGN", "GH₵": "GHS", "₸": "KZT", "₾": "GEL",
    "RD$": "DOP", "J$": "JMD", "TT$": "TTD", "N$": "NAD", "BZ$": "BZD", "EC$": "XCD", "FJ$": "FJD", "COL$": "COP",
    "UY$": "UYU", "$U": "UYU", "Bds$": "BBD", "Mex$": "MXN", "CN¥": "CNY", "JP¥": "JPY", "RMB": "CNY", "E£": "EGP",
    "£E": "EGP",
    "₼": "AZN", "₲": "PYG", "₡": "CRC", "֏": "AMD", "₮": "MNT", "₭": "LAK", "៛": "KHR", "৳": "BDT", "د.إ": "AED",
    "ر.س": "SAR", "د.ك": "KWD", "ج.م": "EGP", "RM": "MYR", "Rp": "IDR", "лв": "BGN", "SFr": "CHF",
}  # fmt: skip
"""Signs that mean one currency."""

SHARED = {
    "$": "USD AUD ARS BBD BMD BND BSD BZD CAD CLP COP CUP DOP FJD GYD HKD JMD KYD LRD MXN NAD NZD SBD SGD SRD TTD TWD "
    "UYU XCD",
    "dollar": "USD CAD AUD NZD SGD HKD",
    "dollars": "USD CAD AUD NZD SGD HKD",
    "¥": "JPY CNY",
    "£": "GBP EGP FKP GIP LBP SHP SSP SYP",
    "kr": "? SEK NOK DKK ISK",
    "Kr": "? SEK NOK DKK ISK",
    "KR": "? SEK NOK DKK ISK",
    "Rs": "? INR PKR LKR NPR MUR SCR",
    "lei": "? RON MDL",
    "руб": "RUB BYN",
}
"""Signs of several currencies: the first is meant unless the locale's own is among the rest; ? is none."""

CODES = frozenset(
    code for used in get_global("territory_currencies").values() for code, _, end, tender in used if tender and not end
)
"""ISO 4217 codes of currencies that are legal tender today."""


def _alternative(sign: str) -> str:
    written = re.escape(sign)
    if len(sign) > len("A$") and "$" in sign:
        written = written.replace(r"\$", r"[ \u00a0]?\$" if sign[-1] == "$" else r"\$[ \u00a0]?")
    start = rf"(?<!{LETTER})" if sign[0].isalpha() and sign not in UNSPACED else ""
    end = rf"\.?(?!{LETTER})" if sign[-1].isalpha() and sign not in UNSPACED else ""
    return start + written + end


SIGN = "(?:" + "|".join(_alternative(sign) for sign in sorted(SIGNS | SHARED, key=len, reverse=True)) + ")"
"""Matches each sign; those made of letters only as words, with the full stop that may end them."""
COUNTRY = re.compile(rf"(?<!{LETTER})[A-Z]{{1,3}}\Z")
"""What stands before a sign and makes another currency of it: the dollar in `Z$` is not that of the United States."""


def currency(sign: str | None, code: str | None, locale: str | None, *, decimals: bool) -> str | None:
    """The currency that a printed `sign` and ISO `code` mean together; `decimals`: the amount has some.

    Raises: ValueError if they contradict each other.
    """
    sign = plain(sign) if sign else None
    if code is None:
        return SIGNS.get(sign or "") or (_shared(sign, locale, decimals=decimals) if sign in SHARED else None)
    allowed = SHARED.get(sign, "").split() if sign in SHARED else [SIGNS.get(sign or "", code)]
    if code not in allowed:
        raise ValueError(f"{sign} and {code} are two currencies")
    return code


def plain(sign: str) -> str:
    """A printed sign as the tables have it: `US $` is `US$`, `kr.` is `kr`."""
    return sign.rstrip(".").replace(" ", "").replace("\u00a0", "")


@lru_cache(maxsize=512)
def has_decimals(code: str) -> bool:
    """Whether amounts of the currency are ever printed with decimals; those of JPY are not."""
    return get_currency_precision(code) > 0


def _shared(sign: str, locale: str | None, *, decimals: bool) -> str | None:
    default, *others = SHARED[sign].split()
    known = facts(locale)
    if known and known.currency in (default, *others):
        return known.currency
    if default == "?" or (decimals and not has_decimals(default)):
        return None
    return default
