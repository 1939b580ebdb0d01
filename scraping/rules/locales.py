"""What CLDR knows of a locale, as far as it decides what a printed number or date means."""

# ruff: noqa: RUF001  (the signs that sites print look like others)

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.numbers import get_territory_currencies

MAX_TAG_CHARS = 40

LANGUAGES = [
    "en", "en_GB", "de", "de_AT", "fr", "es", "it", "pt", "nl", "da", "sv", "nb", "nn", "fi", "pl", "cs", "sk", "sl",
    "hr", "sr", "sr_Latn", "bs", "ru", "uk", "be", "bg", "ro", "hu", "el", "tr", "lt", "lv", "et", "id", "ms", "ca",
    "gl", "is", "af", "sq", "mk",
]  # fmt: skip
"""Whose names of months and weekdays are known without being asked for by a locale."""


@dataclass(frozen=True)
class Facts:
    """One locale: `decimal` is its decimal sign, `currency` that of its (likeliest) country."""

    locale: Locale
    decimal: str
    groups_by_space: bool
    currency: str | None
    month_first: bool | None
    """Whether 01/02/2024 is 2 January here; None where the year is written first, and so nothing is said."""

    @cached_property
    def months(self) -> dict[str, set[int]]:
        """The months by each of their names here."""
        return _months((self.locale,))


@lru_cache(maxsize=256)
def facts(tag: str | None) -> Facts | None:
    """What is known of the locale `tag` (`de-DE`); None if there is no such locale."""
    if not tag or len(tag) > MAX_TAG_CHARS:
        return None
    try:
        locale = Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None
    signs = locale.number_symbols["latn"]
    return Facts(locale, signs["decimal"], signs["group"].isspace(), _currency(locale), _month_first(locale))


@lru_cache(maxsize=1)
def all_months() -> dict[str, set[int]]:
    """The months by each of their names in `LANGUAGES`; `listopad` is October in one and November in others.

    Reads some 40 files when first called.
    """
    months = _months(Locale.parse(name) for name in LANGUAGES)
    months.setdefault("sept", {9})
    return months


@lru_cache(maxsize=1)
def all_weekdays() -> frozenset[str]:
    """The names of weekdays in `LANGUAGES`."""
    return frozenset(word for name in LANGUAGES for _, word in _names(Locale.parse(name).days))


def folded(word: str) -> str:
    """`word` as the tables of names have it."""
    return word.casefold().strip(" .")


def _months(locales: Iterable[Locale]) -> dict[str, set[int]]:
    months: dict[str, set[int]] = {}
    for locale in locales:
        for number, word in _names(locale.months):
            months.setdefault(word, set()).add(number)
    return months


def _names(forms: object) -> Iterator[tuple[int, str]]:
    """Each number and name in Babel's `forms` (format or stand-alone, wide or abbreviated), without prepositions."""
    assert hasattr(forms, "values")
    for form in forms.values():
        for width in ("wide", "abbreviated"):
            for number, name in form.get(width, {}).items():
                yield number, folded(name).removeprefix("de ").removeprefix("d’")


def _currency(locale: Locale) -> str | None:
    if locale.territory is None:
        locale = Locale.parse(get_global("likely_subtags").get(str(locale), str(locale)))
    currencies = get_territory_currencies(locale.territory) if locale.territory else []
    return currencies[0] if currencies else None


def _month_first(locale: Locale) -> bool | None:
    order = [sign for sign in locale.date_formats["short"].pattern if sign in "dMy"]
    return None if order[0] == "y" else order.index("M") < order.index("d")
