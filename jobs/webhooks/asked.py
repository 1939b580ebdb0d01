"""What a caller asks of a webhook: where to, of which events, with which headers, and what is to be told back."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings

from jobs.options.sending import HEADERS, headers_of, shown_headers
from jobs.reading import Notes, choices_of, joined, read_metadata, refuse_unknown, required, typed
from jobs.sealing import seal, unseal
from scraping.egress import check
from scraping.egress.gate import MAX_URL_CHARS
from scraping.errors import UrlError

EVENTS = ("scrape.completed", "scrape.failed", "job.completed", "job.failed", "job.cancelled", "schedule.run")
OURS = re.compile(
    r"x-scrpy-.*|webhook-.*|content-.*|proxy-.*|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect"
    r"|user-agent|date|via|accept-encoding"
)
"""Headers that are the delivery's or the connection's own."""


read_events = choices_of(*EVENTS)
WEBHOOK: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "format": "url", "maxLength": MAX_URL_CHARS},
        "events": {**read_events.schema, "minItems": 1, "default": list(EVENTS)},
        "headers": HEADERS,
        "metadata": read_metadata.schema,
    },
    "required": ["url"],
    "additionalProperties": False,
}
"""The object, as JSON Schema."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`shown` is the caller's JSON as text, without what is secret of it; `sealed_headers` has that."""

    shown: str | None = None
    sealed_headers: str | None = field(default=None, repr=False)


def read_webhook(value: object, notes: Notes) -> Asked:
    """A URL alone, or an object. Where something was noted it means nothing."""
    if value is None:
        return Asked()
    if not isinstance(value, dict):
        read_endpoint(value, "webhook", notes)
        return Asked(as_text(value))
    return read_fields(value, WEBHOOK["properties"], "webhook", notes)


def read_fields(value: dict[str, Any], fields: Collection[str], within: str, notes: Notes) -> Asked:
    """An object with some of the fields of a webhook."""
    refuse_unknown(value, fields, within, notes)
    url = required(value, "url", str, notes, within=within)
    if url is not None:
        read_endpoint(url, joined(within, "url"), notes)
    events = joined(within, "events")
    if "events" in value:
        read_events(value["events"], events, notes)
    if value.get("events") == []:
        notes.add(events, "required", "Name at least one event, or leave it out for all of them.")
    read_metadata(value.get("metadata", {}), joined(within, "metadata"), notes)
    headers = dict(headers_of(value.get("headers", {}), joined(within, "headers"), notes, refusal=refused))
    shown = {**value, "headers": shown_headers(headers)} if headers else value
    return Asked(as_text(shown), seal(as_text(headers)) if headers else None)


def refused(name: str) -> str | None:
    return "Each delivery sets this header itself; leave it out." if OURS.fullmatch(name) else None


def read_endpoint(value: object, field: str, notes: Notes) -> None:
    """Note what is wrong with an address that deliveries are to go to."""
    url = typed(value, str, field, notes)
    try:
        target = None if url is None else check(url, settings.EGRESS_POLICY)
    except UrlError as error:
        notes.add(field, error.code, str(error))
        return
    if target and target.scheme != "https" and not settings.SCRPY_WEBHOOK_ALLOW_HTTP:
        notes.add(field, "invalid_url", "Webhooks are delivered to https URLs only.")


def as_text(value: object) -> str:
    return orjson.dumps(value).decode()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where deliveries go, which ones, and what each brings along. A plain URL is told everything."""

    url: str
    events: Collection[str] = EVENTS
    metadata: Mapping[str, str] = field(default_factory=dict)


def endpoint_for(event: str, webhook: str | None) -> Endpoint | None:
    """The endpoint that a stored `webhook` names, if it is to hear of `event`."""
    asked = orjson.loads(webhook) if webhook else None
    if asked is None:
        return None
    plain = isinstance(asked, str)
    known = {} if plain else {name: asked[name] for name in ("events", "metadata") if name in asked}
    endpoint = Endpoint(asked if plain else asked["url"], **known)
    return endpoint if event in endpoint.events else None


def opened_headers(sealed: str | None) -> dict[str, str]:
    """Raises: SealBroken."""
    headers: dict[str, str] = orjson.loads(unseal(sealed)) if sealed else {}
    return headers
