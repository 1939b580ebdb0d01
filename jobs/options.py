"""The options of a job: one schema, read in one way wherever they are given."""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any
from zoneinfo import available_timezones

import orjson
from babel import Locale, UnknownLocaleError
from django.conf import settings

from jobs.models import Job
from jobs.names import did_you_mean
from jobs.reading import Notes, Reader, joined, one_of, refuse_unknown, required, switch, typed, whole
from scraping.egress.gate import CONTROL
from scraping.egress.upstream import Upstream, check_proxy
from scraping.errors import UrlError
from scraping.options import DEVICES, Awaited, FetchOptions, Place, Profile, State, Viewport, WaitUntil
from scraping.rules import Selector, parse_selector

PROXY_FIELDS = ("server", "username", "password")
MOST_CREDENTIAL_BYTES = 255
"""What SOCKS5 can carry."""
TIMEOUT_MS = 30_000
MOST_WAIT_MS = 60_000
LOCALE = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)
"""Language, script, country."""
LONGEST_USER_AGENT = 512
VISIBLE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
MOST_STATUSES = 200
"""All there are."""

# fmt: off
LATER = frozenset((
    "headers", "cookies", "block", "actions", "outputs", "session", "hostDelay",
    "respectRobots", "maxAge", "priority", "deadline",
))
# fmt: on
"""Options of the contract that this build does not have yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a job's pages are fetched and read, and how the queue goes about them."""

    fetch: FetchOptions
    profile: Profile
    max_attempts: int
    host_concurrency: int
    concurrency: int | None
    deduplicate: bool
    proxy: Upstream | None


def read_options(value: object, notes: Notes) -> Options:
    """The options in `value`, each as given or its default. Where something was noted they mean nothing."""
    given = typed(value, dict, "options", notes) or {}
    refuse_unknown(given, {*READERS, *LATER}, "options", notes)
    for name in LATER & given.keys():
        notes.add(f"options.{name}", "unsupported_option", "This build does not have that option yet.")
    read = {name: READERS[name](given[name], f"options.{name}", notes) for name in READERS.keys() & given.keys()}
    refuse_long_waits(read, notes)
    return Options(
        fetch=FetchOptions(
            timeout_ms=read.get("timeout", TIMEOUT_MS),
            wait_until=read.get("waitUntil", WaitUntil.AUTO),
            awaited=wait if isinstance(wait := read.get("waitFor"), Awaited) else None,
            pause_ms=wait if isinstance(wait, int) else 0,
            accept_status=read.get("acceptStatus", frozenset()),
            locale=read.get("locale"),
            explain=read.get("explain", False),
            shadow=read.get("shadowRoots", False),
            frames=read.get("frames", False),
        ),
        profile=Profile(**{PROFILE[name]: value for name, value in read.items() if name in PROFILE}),
        max_attempts=1 + (read.get("retries", 2) or 0),
        host_concurrency=read.get("hostConcurrency", 8),
        concurrency=read.get("concurrency"),
        deduplicate=read.get("deduplicate", False),
        proxy=read.get("proxy"),
    )


def options_of(job: Job) -> Options:
    """The options of a job that has been made, its proxy aside, of which only the server is kept in the open."""
    return _stored(job.options)


@lru_cache(maxsize=64)
def _stored(text: str) -> Options:
    return read_options({name: value for name, value in orjson.loads(text).items() if name != "proxy"}, _Checked())


class _Checked:
    """Takes no notes: what is stored was read without any."""

    def add(self, field: str, code: str, message: str) -> None:
        raise AssertionError(f"{field}, which was checked before it was stored, is {code}: {message}")


def without_credentials(options: dict[str, Any]) -> dict[str, Any]:
    """What of valid options may be stored in the open and shown."""
    return {**options, "proxy": {"server": options["proxy"]["server"]}} if "proxy" in options else options


# ---------------------------------------------------------------------- one by one


def read_wait_until(value: object, field: str, notes: Notes) -> WaitUntil | None:
    text = one_of(*(each for each in WaitUntil if each is not WaitUntil.AUTO))(value, field, notes)
    return WaitUntil(text) if text in set(WaitUntil) else None


read_status = whole(400, 599)


def read_statuses(value: object, field: str, notes: Notes) -> frozenset[int]:
    given = typed(value, list, field, notes) or []
    if len(given) > MOST_STATUSES:
        notes.add(field, "too_many", f"There are {MOST_STATUSES} of them, 400 to 599; these are {len(given):,}.")
        return frozenset()
    return frozenset(read_status(status, f"{field}[{index}]", notes) for index, status in enumerate(given))


def read_wait_for(value: object, field: str, notes: Notes) -> int | Awaited | None:
    if isinstance(value, dict):
        return read_awaited(value, field, notes)
    if type(value) is int:
        wait: int | None = whole(0, MOST_WAIT_MS)(value, field, notes)
        return wait
    notes.add(field, "invalid_type", "Expected a number of milliseconds, or an object with a selector.")
    return None


def read_awaited(given: dict[str, Any], field: str, notes: Notes) -> Awaited | None:
    refuse_unknown(given, ("selector", "state", "timeout"), field, notes)
    selector = read_member(given, "selector", read_selector, field, notes)
    state = read_member({"state": State.VISIBLE.value, **given}, "state", one_of(*State), field, notes)
    timeout_ms = whole(1, 120_000)(given["timeout"], f"{field}.timeout", notes) if "timeout" in given else None
    return Awaited(selector, State(state), timeout_ms) if selector and state in set(State) else None


def read_selector(value: object, field: str, notes: Notes) -> Selector | None:
    text = typed(value, str, field, notes)
    try:
        return None if text is None else parse_selector(text)
    except ValueError as error:
        notes.add(field, "invalid_selector", str(error))
        return None


def refuse_long_waits(read: Mapping[str, Any], notes: Notes) -> None:
    """What waits for longer than a page may take never comes to its end."""
    wait, timeout = read.get("waitFor"), read.get("timeout", TIMEOUT_MS) or TIMEOUT_MS
    if isinstance(wait, int) and wait >= timeout:
        message = f"A page has {timeout:,} ms in all (options.timeout): wait for less."
        notes.add("options.waitFor", "invalid_combination", message)
    if isinstance(wait, Awaited) and (wait.timeout_ms or 0) > timeout:
        message = f"A page has {timeout:,} ms in all (options.timeout): wait for no more than that."
        notes.add("options.waitFor.timeout", "invalid_combination", message)


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


def read_member(given: Mapping[str, Any], name: str, read: Reader, within: str, notes: Notes) -> Any:
    """What is read of a member that must be there."""
    path = joined(within, name)
    if name in given:
        return read(given[name], path, notes)
    notes.add(path, "required", "This field is required.")
    return None


def real(least: float, most: float) -> Reader:
    """A number from `least` to `most`."""

    def read(value: object, field: str, notes: Notes) -> float | None:
        number = value if type(value) is int else typed(value, float, field, notes)
        if number is not None and not least <= number <= most:
            notes.add(field, "out_of_range", f"Expected a number from {least:,} to {most:,}.")
        return number

    return read


def read_proxy(value: object, field: str, notes: Notes) -> Upstream | None:
    given = typed(value, dict, field, notes)
    if given is None:
        return None
    refuse_unknown(given, PROXY_FIELDS, field, notes)
    server = read_server(given, field, notes)
    username, password = (read_credential(given, name, field, notes) for name in ("username", "password"))
    if "password" in given and "username" not in given:
        notes.add(f"{field}.username", "required", "A password needs a user name.")
    if server and server.scheme != "socks5" and ":" in (username or ""):
        notes.add(f"{field}.username", "invalid_character", "A colon cannot be in a user name for HTTP.")
    return server and replace(server, username=username, password=password)


def read_server(given: Mapping[str, Any], field: str, notes: Notes) -> Upstream | None:
    server = required(given, "server", str, notes, within=field)
    try:
        return None if server is None else check_proxy(server, settings.EGRESS_POLICY)
    except UrlError as error:
        notes.add(f"{field}.server", error.code, str(error))
        return None


def read_credential(given: Mapping[str, Any], name: str, field: str, notes: Notes) -> str | None:
    """A user name or password, None if it is not given. No note quotes it."""
    path = f"{field}.{name}"
    text = typed(given[name], str, path, notes) if name in given else None
    if text is None:
        return None
    if found := CONTROL.search(text):
        notes.add(path, "invalid_character", f"U+{ord(found[0]):04X} cannot be part of it.")
    elif not 1 <= len(text.encode()) <= MOST_CREDENTIAL_BYTES:
        code = "too_long" if text else "required"
        notes.add(path, code, f"Expected 1 to {MOST_CREDENTIAL_BYTES} bytes in UTF-8.")
    return text


READERS: Mapping[str, Reader] = {
    "timeout": whole(1_000, 120_000),
    "retries": whole(0, 10),
    "waitUntil": read_wait_until,
    "hostConcurrency": whole(1, 100),
    "concurrency": whole(1, 1_000),
    "deduplicate": switch,
    "proxy": read_proxy,
    "waitFor": read_wait_for,
    "acceptStatus": read_statuses,
    "userAgent": read_user_agent,
    "viewport": read_viewport,
    "device": read_device,
    "locale": read_locale,
    "timezone": read_timezone,
    "geolocation": read_geolocation,
    "colorScheme": one_of("light", "dark"),
    "javascript": switch,
    "explain": switch,
    "shadowRoots": switch,
    "frames": switch,
}
"""What reads an option."""

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
