"""Notes where a lane's page is led and what its console says, without asking anything of anyone."""

import time
from collections.abc import Mapping
from typing import Any

from playwright.async_api import CDPSession, ConsoleMessage, Response
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page as BrowserPage

from scraping.trace import (
    LONGEST_MESSAGE,
    LONGEST_URL,
    MOST_MESSAGES,
    MOST_REDIRECTS,
    Message,
    Redirect,
    Trace,
    cut,
    lengths,
)

MOST_CHARS = 1_000_000
"""Of all messages of a page, before they are cut: whoever writes more is not listened to any longer."""
UNCAUGHT = "uncaught"
BLANK = "about:blank"
"""What a lane shows that has left its page."""


class Witness:
    """What the driver tells of a tab by itself, of one page after another.

    The driver hears every message anyway, and passes them on to who listens. A page that floods its console is no
    longer listened to after a few, so that the rest costs nothing more.
    """

    def __init__(self, tab: BrowserPage, cdp: CDPSession, frame_id: str) -> None:
        self._tab = tab
        self._frame_id = frame_id
        self._listens = False
        self.begin()
        cdp.on("Page.frameNavigated", self._on_document)
        cdp.on("Page.loadEventFired", self._on_load)

    def begin(self) -> None:
        """A page is asked for; until its document is there, what is heard is still of the one before."""
        self._began_at, self._began = time.time(), time.monotonic()
        self._answered_ms: float | None = None
        self._loaded_ms: float | None = None
        self._status_code: int | None = None
        self._hops: list[Redirect] = []
        self._documents: list[str] = []
        self._reached = True
        self._hear()

    def answered(self, response: Response | None) -> None:
        """The page's first document is there."""
        self._answered_ms = self._now_ms()
        if response is not None:
            self._status_code = response.status
            self._hops = _led_to(response)

    def trace(self, phases: Mapping[str, int] | None = None) -> Trace:
        """What has been noted; without `phases`, which a page that is read tells best, those that are known here."""
        left = [Redirect(url) for url in self._documents[1:-1]]
        first = [Redirect(url, self._status_code) for url in self._documents[:-1][:1]]
        redirects = [*self._hops, *first, *left][:MOST_REDIRECTS]
        return Trace(self._phases() if phases is None else phases, tuple(redirects), tuple(self._messages))

    def _phases(self) -> dict[str, int]:
        marks = {"firstByte": self._answered_ms, "load": self._loaded_ms}
        known = {name: ms for name, ms in marks.items() if ms is not None}
        under_way = next((name for name in marks if name not in known), "wait")
        return lengths({**known, under_way: self._now_ms()})

    def _now_ms(self) -> float:
        return (time.monotonic() - self._began) * 1000

    def _on_document(self, event: Mapping[str, Any]) -> None:
        frame = event["frame"]
        if frame["id"] != self._frame_id:
            return
        if not self._documents and frame["url"] == BLANK:
            return  # left before, told late
        if not self._documents:
            self._hear()
        if len(self._documents) <= MOST_REDIRECTS:
            self._documents.append(frame.get("unreachableUrl", frame["url"])[: LONGEST_URL + 1])
        self._reached = "unreachableUrl" not in frame

    def _on_load(self, _event: object) -> None:
        if self._documents and self._reached:
            self._loaded_ms = self._now_ms()

    # ------------------------------------------------------------------ the console

    def _hear(self) -> None:
        """From now on, of nothing."""
        self._messages: list[Message] = []
        self._chars = 0
        if not self._listens:
            self._listens = True
            self._tab.on("console", self._on_console)
            self._tab.on("pageerror", self._on_error)

    def _on_console(self, message: ConsoleMessage) -> None:
        self._note(message.type, message.text, at=message.timestamp / 1000)

    def _on_error(self, error: PlaywrightError) -> None:
        self._note(UNCAUGHT, error.message, at=time.time())

    def _note(self, kind: str, text: str, *, at: float) -> None:
        self._chars += len(text)
        if len(self._messages) < MOST_MESSAGES:
            at_ms = max(0, round((at - self._began_at) * 1000))
            self._messages.append(Message(kind, cut(text, LONGEST_MESSAGE), at_ms))
        if self._listens and (len(self._messages) == MOST_MESSAGES or self._chars > MOST_CHARS):
            self._listens = False
            self._tab.remove_listener("console", self._on_console)
            self._tab.remove_listener("pageerror", self._on_error)


def _led_to(response: Response) -> list[Redirect]:
    """The URLs that led to what has answered, the first one first."""
    hops: list[Redirect] = []
    request = response.request.redirected_from
    while request is not None:
        answer = request.existing_response
        hops.insert(0, Redirect(request.url, answer.status if answer else None))
        request = request.redirected_from
    return hops
