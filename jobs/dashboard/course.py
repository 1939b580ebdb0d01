"""How the last attempt at a page went: where its time was spent, where it was led, what its console said."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import orjson

from jobs.models import Page
from scraping.trace import MOST_MESSAGES

TITLES = {
    "queue": "Queue",
    "start": "Start and redirects",
    "connect": "Connect",
    "firstByte": "First byte",
    "load": "Load",
    "wait": "Wait",
    "extract": "Extract",
}
"""What phases are called, in their order."""
BAD = ("error", "uncaught", "assert")
QUEUE_SHARE = 3
"""The queue is drawn as long as all else is, divided by this, at most: a page may wait for hours."""


class Phase(NamedTuple):
    """Of a bar: from `x` on, in `width`, as the bar's `length` is counted."""

    name: str
    title: str
    ms: int
    x: int
    width: int


class Said(NamedTuple):
    """A message of the console; `tone` is a class."""

    kind: str
    tone: str
    text: str
    at_ms: int


class Course(NamedTuple):
    phases: list[Phase]
    length: int
    cut: bool
    """Whether the queue took longer than it is drawn."""
    redirects: list[Mapping[str, Any]]
    said: list[Said]
    full: bool
    """Whether the console may have said more."""


def course_of(page: Page) -> Course | None:
    """None if nothing is known. No query, unless the trace is yet to be loaded."""
    if page.trace is None:
        return None
    trace = orjson.loads(page.trace)
    lengths = {"queue": queued_ms(page), **trace["phases"]}
    phases = list(phases_of(lengths))
    return Course(
        phases,
        length=sum(phase.width for phase in phases),
        cut=any(phase.width < phase.ms for phase in phases),
        redirects=trace["redirects"],
        said=[said(message) for message in trace["console"]],
        full=len(trace["console"]) == MOST_MESSAGES,
    )


def queued_ms(page: Page) -> int:
    """How long the attempt had been due when it began."""
    if page.started_at is None:
        return 0
    return max(0, (page.started_at - page.available_at) // timedelta(milliseconds=1))


def phases_of(lengths: Mapping[str, int]) -> Iterator[Phase]:
    x, most_queue = 0, (sum(lengths.values()) - lengths["queue"]) // QUEUE_SHARE
    for name, title in TITLES.items():
        if name in lengths:
            width = min(lengths[name], most_queue) if name == "queue" else lengths[name]
            yield Phase(name, title, lengths[name], x, width)
            x += width


def said(message: Mapping[str, Any]) -> Said:
    kind = message["kind"]
    tone = "failed" if kind in BAD else "partial" if kind == "warning" else "pending"
    return Said(kind, tone, message["text"], message["atMs"])
