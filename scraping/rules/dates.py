"""Dates as sites print them, read without guessing: the whole text is one date, perhaps with a time.

Our own grammar, because the libraries for it fill in what is missing and try orders until one fits. What is not
known for certain is refused: relative dates, two-digit years, years outside 1583 to 2199 (other calendars are printed
with years of their own), named time zones that are not in RFC 2822, and 01/02/2024 unless the locale tells.
"""

# ruff: noqa: RUF001  (the signs that sites print look like others)

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from scraping.rules.locales import all_months, all_weekdays, facts, folded
from scraping.rules.numbers import MAX_CHARS, PLAIN

FIRST_YEAR, LAST_YEAR = 1583, 2199

WORD = r"[^\W\d_]+"
CLOCK = re.compile(
    r"""(?:[T ]|,[ ]?|[ ](?:at|um|à|om|alle|kl|klo|o|в|-|–|a[ ]las|às)\.?[ ])[ ]?
    (?P<hour>\d{1,2})(?:[:h](?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?|(?=[ ]?[ap]\.?m))
    (?:[ ]?(?P<half>[ap])\.?m\b\.?)?(?:[ ]Uhr)?
    (?:[ ]?(?P<zone>Z|[A-Z]{2,3})(?![A-Za-z]))?[ ]?(?P<offset>[+\-−]\d{1,2}(?::?\d{2})?)?
    (?:[ ]?\([A-Za-z ]{1,60}\))?""",
    re.VERBOSE | re.IGNORECASE,
)
ZONES = {
    **dict.fromkeys(("Z", "UTC", "GMT", "UT"), "Z"),
    "EST": "-05:00", "EDT": "-04:00", "CST": "-06:00", "CDT": "-05:00",
    "MST": "-07:00", "MDT": "-06:00", "PST": "-08:00", "PDT": "-07:00",
}  # fmt: skip
"""The names of RFC 2822, which fixes what they mean."""

DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|°)?"
YEAR = r"(?P<year>\d{4})"
YEAR_WORD = r"(?:[ ]?(?:г|р|года|року|год)\b\.?)?"
OF = r"(?:(?:de[ ]|del[ ]|of[ ]|d['’]|the[ ])?)"

YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<mark>[-/.])[ ]?(?P<month>\d{1,2})(?P=mark)[ ]?(?P<day>\d{1,2})(?!\d)")
BASIC = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?=T|\Z)")
BASIC_CLOCK = re.compile(r"T(\d{2})(\d{2})(\d{2})?")
EAST_ASIAN = re.compile(
    r"(?P<year>\d{4}) ?[年년] ?(?P<month>\d{1,2}) ?[月월] ?(?P<day>\d{1,2}) ?[日일号]"
    r"(?: ?\([月火水木金土日월화수목금토일]\))?"
)
YEAR_LAST = re.compile(r"(?P<first>\d{1,2})(?P<mark>[-/.])[ ]?(?P<second>\d{1,2})(?P=mark)[ ]?(?P<year>\d{4})(?!\d)")
DAY_MONTH = re.compile(
    rf"{DAY}[.]?[ ]?[-/]?{OF}(?P<name>{WORD})[.]?,?[ ]?[-/]?{OF}{YEAR}(?!\d){YEAR_WORD}", re.IGNORECASE
)
MONTH_DAY = re.compile(rf"(?P<name>{WORD})[.]?[ ]{OF}{DAY}(?:,[ ]?|[ ]){YEAR}(?!\d)", re.IGNORECASE)
YEAR_MONTH_DAY = re.compile(rf"{YEAR}[.]?[ -]?(?P<name>{WORD})[.]?[ -]{DAY}(?!\d)[.]?", re.IGNORECASE)
ASCTIME = re.compile(rf"(?P<name>{WORD}) (?P<day>\d{{1,2}}) (?P<clock>\d\d:\d\d:\d\d) {YEAR}")

WEEKDAY = re.compile(rf"({WORD}(?:-{WORD})?)[.]?,?[ ](?=\S)")
UNIX_SECONDS, UNIX_MILLISECONDS = 10, 13


def read(text: str, locale: str | None) -> str:
    """The date in `text` as ISO 8601: `2024-01-15`, or with its time and, if one is printed, its zone.

    `locale` settles 01/02/2024 and names that are another month in another language; dots mean day first.

    Raises: ValueError.
    """
    text = " ".join(text.strip()[:MAX_CHARS].translate(PLAIN).replace("\u00a0", " ").split()).rstrip(".,")
    if text.isdigit() and len(text) in (UNIX_SECONDS, UNIX_MILLISECONDS):
        return unix(int(text))
    found = _read(text, locale) or _read(_without_weekday(text), locale)
    if found is None:
        raise ValueError("it is not a date that can be read without guessing")
    return found


def unix(number: int) -> str:
    """The moment that is `number` seconds (ten digits) or milliseconds (thirteen) after 1970, in UTC."""
    if len(str(number)) not in (UNIX_SECONDS, UNIX_MILLISECONDS) or number < 0:
        raise ValueError("a Unix time has ten digits, or thirteen in milliseconds")
    seconds, milliseconds = divmod(number, 1_000) if number >= 10**UNIX_SECONDS else (number, 0)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}{f'.{milliseconds:03}' if milliseconds else ''}Z"


def _without_weekday(text: str) -> str:
    match = WEEKDAY.match(text)
    return text[match.end() :] if match and folded(match[1]) in all_weekdays() else ""


def _read(text: str, locale: str | None) -> str | None:
    """The date of the first form that `text` has from its start to its end; None if it has none."""
    for form, day_of in FORMS:
        match = form.match(text)
        if match is None:
            continue
        clock = _clock(_rest(match))
        if clock is not None and (day := day_of(match, locale)) is not None:
            return f"{_checked(day)}{clock}"
    return None


def _rest(match: re.Match[str]) -> str:
    """What follows the date in the form that CLOCK reads."""
    rest = match.string[match.end() :]
    if match.re is ASCTIME:
        return f" {match['clock']}{rest}"
    return (
        BASIC_CLOCK.sub(lambda basic: f"T{basic[1]}:{basic[2]}:{basic[3] or '00'}", rest) if match.re is BASIC else rest
    )


def _clock(rest: str) -> str | None:
    """The time in `rest` as it follows a date in ISO 8601; None if `rest` is not just a time."""
    if not rest:
        return ""
    match = CLOCK.fullmatch(rest)
    if match is None:
        return None
    hour, minute, second = int(match["hour"]), int(match["minute"] or 0), int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:  # noqa: PLR2004
            raise ValueError(f"{hour} is no hour of a clock with am and pm")
        hour = hour % 12 + (12 if match["half"] in "pP" else 0)
    moment = time(hour, minute, second)
    fraction = f".{match['fraction']}" if match["fraction"] else ""
    return f"T{moment:%H:%M:%S}{fraction}{_zone(match['zone'], match['offset'])}"


def _zone(name: str | None, offset: str | None) -> str:
    if name and name.upper() not in ZONES:
        raise ValueError(f"the time zone {name} has more than one meaning")
    zone = ZONES[name.upper()] if name else ""
    if offset is None:
        return zone
    if zone not in ("", "Z"):
        raise ValueError(f"{name} and {offset} are two time zones")
    hours, minutes = _offset(offset[1:].replace(":", ""))
    if hours > 14 or minutes > 59:  # noqa: PLR2004
        raise ValueError(f"{offset} is no offset that a time zone has")
    return f"{'+' if offset[0] == '+' else '-'}{hours:02}:{minutes:02}" if hours or minutes else "Z"


def _offset(digits: str) -> tuple[int, int]:
    """Hours and minutes of `2`, `02`, `230` or `0230`."""
    return (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))  # noqa: PLR2004


def _checked(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"the year {day.year} may be of another calendar")
    return day


def _numbered(match: re.Match[str], _: str | None) -> date:
    return date(int(match["year"]), int(match["month"]), int(match["day"]))


def _year_last(match: re.Match[str], locale: str | None) -> date:
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    if match["mark"] == "." or first > 12 or first == second:  # noqa: PLR2004
        return date(year, second, first)
    if second > 12:  # noqa: PLR2004
        return date(year, first, second)
    known = facts(locale)
    if known is None or known.month_first is None:
        raise ValueError(f"{match[0]} is ambiguous: day or month first; a locale would tell")
    return date(year, first, second) if known.month_first else date(year, second, first)


def _named(match: re.Match[str], locale: str | None) -> date | None:
    months = _months(folded(match["name"]), locale)
    if not months:
        return None
    if len(months) > 1:
        raise ValueError(f"{match['name']} is another month in another language; a locale would tell")
    (month,) = months
    return date(int(match["year"]), month, int(match["day"]))


def _months(name: str, locale: str | None) -> set[int]:
    known = facts(locale)
    return (known and known.months.get(name)) or all_months().get(name, set())


FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str | None], date | None]], ...] = (
    (YEAR_FIRST, _numbered),
    (YEAR_LAST, _year_last),
    (DAY_MONTH, _named),
    (MONTH_DAY, _named),
    (EAST_ASIAN, _numbered),
    (BASIC, _numbered),
    (YEAR_MONTH_DAY, _named),
    (ASCTIME, _named),
)
