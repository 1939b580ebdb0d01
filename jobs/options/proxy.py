"""A proxy of the caller's."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings

from jobs.reading import Notes, refuse_unknown, required, takes, typed
from scraping.egress.gate import CONTROL
from scraping.egress.upstream import Upstream, check_proxy
from scraping.errors import UrlError

PROXY_FIELDS = ("server", "username", "password")
MOST_CREDENTIAL_BYTES = 255
"""What SOCKS5 can carry."""


CREDENTIAL = {"type": "string", "minLength": 1, "maxLength": MOST_CREDENTIAL_BYTES}


@takes(
    {
        "type": "object",
        "properties": {
            "server": {"type": "string", "format": "proxy", "examples": ["http://proxy.example.com:3128"]},
            "username": CREDENTIAL,
            "password": CREDENTIAL,
        },
        "required": ["server"],
        "dependentRequired": {"password": ["username"]},
        "additionalProperties": False,
    }
)
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
