"""What the browser is to sites."""

import re
from collections.abc import Mapping, Set
from functools import cache
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError

from jobs.names import did_you_mean
from jobs.reading import Notes, read_member, real, refuse_unknown, takes, typed, whole
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


@takes({"type": "string", "format": "locale", "examples": ["de", "en-GB"]})
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


@takes({"type": "string", "minLength": 1, "maxLength": LONGEST_USER_AGENT, "pattern": f"^{VISIBLE.pattern}$"})
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


read_pixels = whole(16, 4_096)


@takes(
    {
        "type": "object",
        "properties": {"width": read_pixels.schema, "height": read_pixels.schema},
        "required": ["width", "height"],
        "additionalProperties": False,
    }
)
def read_viewport(value: object, field: str, notes: Notes) -> Viewport | None:
    given = typed(value, dict, field, notes)
    if given is None:
        return None
    refuse_unknown(given, ("width", "height"), field, notes)
    width, height = (read_member(given, name, read_pixels, field, notes) for name in ("width", "height"))
    return Viewport(width, height)


@takes({"type": "string", "enum": sorted(DEVICES)})
def read_device(value: object, field: str, notes: Notes) -> str | None:
    name = typed(value, str, field, notes)
    if name is not None and name not in DEVICES:
        hint = did_you_mean(name, DEVICES)
        notes.add(field, "invalid_choice", f"That is none of Playwright's devices with a Chromium.{hint}")
    return name


@takes({"type": "string", "format": "timezone", "examples": ["Europe/Berlin"]})
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


read_latitude, read_longitude, read_accuracy = real(-90, 90), real(-180, 180), real(0, 1_000_000)


@takes(
    {
        "type": "object",
        "properties": {
            "latitude": read_latitude.schema,
            "longitude": read_longitude.schema,
            "accuracy": {**read_accuracy.schema, "default": 0},
        },
        "required": ["latitude", "longitude"],
        "additionalProperties": False,
    }
)
def read_geolocation(value: object, field: str, notes: Notes) -> Place | None:
    given = typed(value, dict, field, notes)
    if given is None:
        return None
    refuse_unknown(given, ("latitude", "longitude", "accuracy"), field, notes)
    return Place(
        read_member(given, "latitude", read_latitude, field, notes),
        read_member(given, "longitude", read_longitude, field, notes),
        read_member({"accuracy": 0, **given}, "accuracy", read_accuracy, field, notes),
    )
