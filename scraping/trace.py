"""What is remembered of an attempt at a page, for people: where its time went, where it was led, what it said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from scraping.rules.structured import whole

MOST_REDIRECTS, LONGEST_URL = 20, 2_000
MOST_MESSAGES, LONGEST_MESSAGE = 50, 500


@dataclass(frozen=True, slots=True)
class Redirect:
    """A URL that led on to another one; of what a script had led to before, the status is not known."""

    url: str
    status_code: int | None = None

    def shown(self) -> dict[str, object]:
        return {"url": cut(self.url, LONGEST_URL), "status": self.status_code}


@dataclass(frozen=True, slots=True)
class Message:
    """What a page wrote to its console, or an error (`uncaught`) that none of its scripts caught.

    `kind` is the browser's word: `log`, `warning`, `error` …; `at_ms` counts from when the page was asked for.
    """

    kind: str
    text: str
    at_ms: int

    def shown(self) -> dict[str, object]:
        return {"kind": self.kind, "text": self.text, "atMs": self.at_ms}


@dataclass(frozen=True)
class Trace:
    """`phases` are lengths in milliseconds, in their order; of a page that failed, as many as it came to.

    `start` lasts until the document that was read had been asked for, so redirects are in it; `connect` until there
    was a connection, `firstByte` until the first of its answer, `load` until it had loaded, `wait` until it was ready
    to be read, actions included, and `extract` to the end: fields, pictures, leaving.
    """

    phases: Mapping[str, int] = field(default_factory=dict)
    redirects: tuple[Redirect, ...] = ()
    messages: tuple[Message, ...] = ()

    def shown(self) -> dict[str, object]:
        return {
            "phases": self.phases,
            "redirects": [redirect.shown() for redirect in self.redirects],
            "console": [message.shown() for message in self.messages],
        }


def lengths(ends: Mapping[str, float]) -> dict[str, int]:
    """How long each phase took, of when each ended, the last at the end: what did not happen took no time."""
    last = round(list(ends.values())[-1])
    reached = [0]
    for end in ends.values():
        reached.append(max(reached[-1], min(round(end), last)))
    return {name: after - before for name, (before, after) in zip(ends, pairwise(reached), strict=True)}


def cut(text: str, most: int) -> str:
    """Its beginning, as text that can be stored."""
    return whole(text if len(text) <= most else text[: most - 1] + "…")
