"""What the browser is to sites."""

import re
from collections.abc import Mapping, Set
from functools import cache
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError

from jobs.names import did_you_mean
from jobs.reading import Notes, read_member, real, refuse_unknown, typed, whole
from scraping.options import DEVICES, Place, Viewport

LOCALE = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)
"""Language, script, country."""
LONGEST_USER_AGENT = 512
VISIBLE = re.compile(r"[!-~](?:[ -~]*[!-~])?")

PROFILE: Mapping[str, str] = {
    "userAgent": "user_agent",
    "viewport": "viewport",
    "device": "device",
    "locale": "locale",
    "timezone": "timezone",
    "geolocation": "geolocation",
    "colorScheme": "color_scheme",
    "javascript": "javascript",
}
"""Options that make the profile, by their names there."""


def read_locale(value: object, field: str, notes: Notes) -> str | None:
    text = typed(value, str, field, notes)
    if text is None:
        return None
    parts = LOCALE.fullmatch(text)
    try:
        Locale.parse(text if parts else "", sep="-")
    except (ValueError, UnknownLocaleError):
        notes.add(field, "invalid_choice", "Expected a language and perhaps a country, such as de or en-GB.")
        return None
    language, script, country = parts.groups(default="") if parts else ("", "", "")
    return "-".join(filter(None, (language.lower(), script.title(), country.upper())))


def read_user_agent(value: object, field: str, notes: Notes) -> str | None:
    text = typed(value, str, field, notes)
    if text is None:
        return None
    if not 1 <= len(text) <= LONGEST_USER_AGENT:
        code = "too_long" if text else "required"
        notes.add(field, code, f"Expected 1 to {LONGEST_USER_AGENT} characters.")
    elif not VISIBLE.fullmatch(text):
        notes.add(field, "invalid_character", "Only printable ASCII can be in it, and no space at either end.")
    return text


def read_viewport(value: object, field: str, notes: Notes) -> Viewport | None:
    given = typed(value, dict, field, notes)
    if given is None:
        return None
    refuse_unknown(given, ("width", "height"), field, notes)
    width, height = (read_member(given, name, whole(16, 4_096), field, notes) for name in ("width", "height"))
    return Viewport(width, height)


def read_device(value: object, field: str, notes: Notes) -> str | None:
    name = typed(value, str, field, notes)
    if name is not None and name not in DEVICES:
        hint = did_you_mean(name, DEVICES)
        notes.add(field, "invalid_choice", f"That is none of Playwright's devices with a Chromium.{hint}")
    return name


def read_timezone(value: object, field: str, notes: Notes) -> str | None:
    name = typed(value, str, field, notes)
    if name is not None and name not in timezones():
        hint = did_you_mean(name, timezones())
        notes.add(field, "invalid_choice", f"Expected a time zone of IANA's, such as Europe/Berlin.{hint}")
    return name


@cache
def timezones() -> Set[str]:
    """Read once: it goes through hundreds of files."""
    return available_timezones()


def read_geolocation(value: object, field: str, notes: Notes) -> Place | None:
    given = typed(value, dict, field, notes)
    if given is None:
        return None
    refuse_unknown(given, ("latitude", "longitude", "accuracy"), field, notes)
    return Place(
        read_member(given, "latitude", real(-90, 90), field, notes),
        read_member(given, "longitude", real(-180, 180), field, notes),
        read_member({"accuracy": 0, **given}, "accuracy", real(0, 1_000_000), field, notes),
    )
