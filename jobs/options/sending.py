"""What is sent along to the sites, what of their pages is not loaded, and what stays from page to page."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jobs.options.identity import VISIBLE
from jobs.reading import (
    Notes,
    Reader,
    choices_of,
    described,
    joined,
    one_of,
    read_member,
    refuse_unknown,
    switch,
    takes,
    typed,
)
from scraping.acting import Action, Look
from scraping.options import DEFAULT_PROFILE, PICTURES, Block, Cookie, Output

MOST_HEADERS = 50
MOST_HEADER_BYTES = 8 * 1024
MOST_COOKIES = 100
MOST_COOKIE_BYTES = 4_096
"""Of name and value, as browsers have it."""
LONGEST_PATH = 1_024

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
COOKIE_VALUE = re.compile(r'[!#-+\--:<-\[\]-~]*|"[!#-+\--:<-\[\]-~]*"')
"""Source: https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1"""
COOKIE_PATH = re.compile(r"/[ -:<-~]*")

NOT_HERE = {
    "cookie": "Give options.cookies instead.",
    "user-agent": "Give options.userAgent instead.",
    "proxy-authorization": "Give options.proxy instead.",
    "referer": "Browsers take it along to wherever a redirect leads, so it cannot be sent to one origin alone.",
}
"""Headers that cannot be given, and why."""

# fmt: off
THE_BROWSERS = frozenset({
    "accept-encoding", "access-control-request-headers", "access-control-request-method", "connection",
    "content-length", "cookie2", "date", "expect", "host", "http2-settings", "keep-alive", "origin", "set-cookie",
    "te", "trailer", "transfer-encoding", "upgrade", "via",
})
# fmt: on
THE_BROWSERS_PREFIXES = ("proxy-", "sec-")
"""What begins like this, too, is for the browser and the connection to say."""

GIVEN_BY_THE_URL = ("domain", "url", "expires", "maxAge", "expirationDate", "hostOnly")

SESSIONS = {"isolated": False, "job": True}

SEALED = "[sealed]"
"""Shown for what is secret."""


Refusal = Callable[[str], str | None]
"""Why a header of this name, in lower case, cannot be given; None if it can."""


HEADERS = {
    "type": "object",
    "maxProperties": MOST_HEADERS,
    "propertyNames": {"pattern": f"^{TOKEN.pattern}$"},
    "additionalProperties": {"type": "string", "pattern": f"^(?:{VISIBLE.pattern})?$", "maxLength": MOST_HEADER_BYTES},
}


@takes(HEADERS)
def read_headers(value: object, field: str, notes: Notes) -> tuple[tuple[str, str], ...]:
    return headers_of(value, field, notes, refusal=refused_by_browsers)


def headers_of(value: object, field: str, notes: Notes, *, refusal: Refusal) -> tuple[tuple[str, str], ...]:
    """Headers as a caller gives them, but for those that it may not."""
    given = typed(value, dict, field, notes) or {}
    if len(given) > MOST_HEADERS:
        notes.add(field, "too_many", f"At most {MOST_HEADERS} headers; these are {len(given):,}.")
        return ()
    headers = tuple((name, read_header(name, text, field, notes, refusal=refusal)) for name, text in given.items())
    refuse_twice(((name.lower(), joined(field, name)) for name in given), "This header", notes)
    size = sum(len(name) + len(text) for name, text in headers)
    if size > MOST_HEADER_BYTES:
        notes.add(field, "too_long", f"Headers have {MOST_HEADER_BYTES:,} bytes at most in all; these have {size:,}.")
    return headers


def refused_by_browsers(name: str) -> str | None:
    if name in THE_BROWSERS or name.startswith(THE_BROWSERS_PREFIXES):
        return "This header is the browser's own to send; leave it out."
    return NOT_HERE.get(name)


def read_header(name: str, value: object, field: str, notes: Notes, *, refusal: Refusal) -> str:
    """The value of a header. No note quotes it."""
    path = joined(field, name)
    if not TOKEN.fullmatch(name):
        notes.add(path, "invalid_character", "That is no name that a header can have.")
    elif reason := refusal(name.lower()):
        notes.add(path, "invalid_choice", reason)
    text = typed(value, str, path, notes)
    if text and not VISIBLE.fullmatch(text):
        notes.add(path, "invalid_character", "Only printable ASCII can be in it, and no space at either end.")
    return text or ""


def text_of(allowed: re.Pattern[str], longest: int = MOST_COOKIE_BYTES) -> Reader:
    """A string of allowed characters. No note quotes it."""

    @takes({"type": "string", "pattern": f"^(?:{allowed.pattern})$", "maxLength": longest})
    def read(value: object, field: str, notes: Notes) -> str | None:
        text = typed(value, str, field, notes)
        if text is None:
            return None
        if len(text) > longest:
            notes.add(field, "too_long", f"Expected {longest:,} characters at most.")
        elif not allowed.fullmatch(text):
            notes.add(field, "invalid_character", "It has, or lacks, a character that a cookie's may not (RFC 6265).")
        return text

    return read


COOKIE: Mapping[str, Reader] = {
    "name": text_of(TOKEN),
    "value": text_of(COOKIE_VALUE),
    "path": text_of(COOKIE_PATH, LONGEST_PATH),
    "secure": switch,
    "httpOnly": switch,
    "sameSite": one_of("Strict", "Lax", "None"),
}
COOKIE_DEFAULTS = {"path": "/", "secure": False, "httpOnly": False}


@takes(
    {
        "type": "object",
        "properties": described(COOKIE, COOKIE_DEFAULTS),
        "required": ["name", "value"],
        "additionalProperties": False,
    }
)
def read_cookie(value: object, field: str, notes: Notes) -> Cookie | None:
    given = typed(value, dict, field, notes)
    if given is None:
        return None
    refuse_unknown(given, (*COOKIE, *GIVEN_BY_THE_URL), field, notes)
    for name in GIVEN_BY_THE_URL:
        if name in given:
            message = "Cookies go to the host of each URL, for as long as its page is loaded; leave this out."
            notes.add(joined(field, name), "unknown_field", message)
    given = COOKIE_DEFAULTS | given
    read = {name: read_member(given, name, COOKIE[name], field, notes) for name in ("name", "value", *COOKIE_DEFAULTS)}
    cookie = Cookie(
        name=read["name"] or "",
        value=read["value"] or "",
        path=read["path"] or "/",
        secure=read["secure"] or False,
        http_only=read["httpOnly"] or False,
        same_site=COOKIE["sameSite"](given["sameSite"], f"{field}.sameSite", notes) if "sameSite" in given else None,
    )
    refuse_impossible(cookie, field, notes)
    return cookie


@takes({"type": "array", "items": read_cookie.schema, "maxItems": MOST_COOKIES})
def read_cookies(value: object, field: str, notes: Notes) -> tuple[Cookie, ...]:
    given = typed(value, list, field, notes) or []
    if len(given) > MOST_COOKIES:
        notes.add(field, "too_many", f"At most {MOST_COOKIES} cookies; these are {len(given):,}.")
        return ()
    read = [(f"{field}[{index}]", read_cookie(each, f"{field}[{index}]", notes)) for index, each in enumerate(given)]
    refuse_twice((((each.name, each.path), path) for path, each in read if each), "This cookie", notes)
    return tuple(cookie for _, cookie in read if cookie)


def refuse_impossible(cookie: Cookie, field: str, notes: Notes) -> None:
    """What browsers would not take."""
    name = cookie.name.lower()
    if not cookie.secure and (name.startswith(("__host-", "__secure-")) or cookie.same_site == "None"):
        why = "A cookie of this name" if cookie.same_site != "None" else "A cookie with sameSite None"
        notes.add(f"{field}.secure", "invalid_combination", f"{why} has to be secure.")
    if name.startswith("__host-") and cookie.path != "/":
        notes.add(f"{field}.path", "invalid_combination", "A cookie of this name has the path /.")
    if len(cookie.name) + len(cookie.value) > MOST_COOKIE_BYTES:
        notes.add(field, "too_long", f"Name and value have {MOST_COOKIE_BYTES:,} characters at most together.")


def refuse_twice(keys: Iterable[tuple[object, str]], what: str, notes: Notes) -> None:
    seen: set[object] = set()
    for key, path in keys:
        if key in seen:
            notes.add(path, "duplicate_key", f"{what} is given more than once.")
        seen.add(key)


read_kinds = choices_of(*Block)


@takes(read_kinds.schema)
def read_block(value: object, field: str, notes: Notes) -> frozenset[Block]:
    return frozenset(Block(name) for name in read_kinds(value, field, notes))


read_session_name = one_of(*SESSIONS)


@takes(read_session_name.schema)
def read_session(value: object, field: str, notes: Notes) -> bool:
    """Whether pages share one."""
    text = read_session_name(value, field, notes)
    return SESSIONS.get(text or "", False)


def block_for(outputs: frozenset[Output], actions: Iterable[Action]) -> frozenset[Block]:
    """What is blocked where nothing is said of it: images, unless a picture is wanted."""
    pictured = outputs & PICTURES or any(isinstance(action, Look) for action in actions)
    return frozenset() if pictured else DEFAULT_PROFILE.block


def refuse_shared_concurrency(read: Mapping[str, Any], notes: Notes) -> None:
    if read.get("session") and (read.get("concurrency") or 1) > 1:
        message = "Pages that share a session are loaded one after another: leave it out, or give 1."
        notes.add("options.concurrency", "invalid_combination", message)


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return dict.fromkeys(headers, SEALED)


def shown_cookies(cookies: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**cookie, "value": SEALED} for cookie in cookies]


HIDDEN: Mapping[str, Callable[[Any], object]] = {
    "proxy": lambda proxy: {"server": proxy["server"]},
    "headers": shown_headers,
    "cookies": shown_cookies,
}
"""What is shown of options that have something secret."""
