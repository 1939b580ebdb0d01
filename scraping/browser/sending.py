"""What a lane sends besides what its page asks for: headers and cookies; and what it does not: blocked kinds."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

from scraping.egress.gate import Target
from scraping.options import Block, Cookie

KINDS: Mapping[Block, frozenset[str]] = {
    Block.FONT: frozenset({"Font"}),
    Block.MEDIA: frozenset({"Media"}),
    Block.STYLESHEET: frozenset({"Stylesheet"}),
    Block.SCRIPT: frozenset({"Script"}),
    Block.XHR: frozenset({"XHR", "Fetch", "EventSource"}),
}
"""Chromium's names for what is blocked one request at a time. Images are the browser's, advertisers the proxy's."""

RESTLESS_SHARE = 0.2


class Sending:
    """Pauses a tab's requests where it must, and lets each go on, with headers or without, or fail.

    Not Playwright's `route`, which switches the HTTP cache off. What is asked by a frame of another site, or by a
    worker, is not paused: it gets no headers, and is not blocked by its kind. Requests are counted from a page's
    document on: until then it is the page before that asks.
    """

    def __init__(self, cdp: CDPSession, block: Iterable[Block], *, most: int, on_flood: Callable[[], None]) -> None:
        """`on_flood` is called when a page asks more than `most` times; the tab is then to be closed."""
        self._cdp = cdp
        self._blocked = frozenset(kind for each in block for kind in KINDS.get(each, ()))
        self._most = most
        self._on_flood = on_flood
        self._headers: Mapping[str, tuple[str, str]] = {}
        self._origin = ""
        self._patterns: list[dict[str, str]] = []
        self._listens = False
        self._answers: set[asyncio.Task[None]] = set()
        self._asked = 0
        self._arrived = False

    @property
    def restless(self) -> bool:
        """Whether the present page asks so often that it had better be left before the next one is asked for."""
        return self._asked > self._most * RESTLESS_SHARE

    async def begin(self, target: Target, headers: Iterable[tuple[str, str]]) -> None:
        """From now on, send `headers` to the origin of `target`, and block what is to be blocked."""
        self._headers = {name.lower(): (name, value) for name, value in headers}
        self._origin = f"{target.origin}/"
        self._asked, self._arrived = 0, False
        kinds = [{"resourceType": kind} for kind in sorted(self._blocked)]
        patterns = [{"urlPattern": "*"}] if self._headers else kinds
        if patterns != self._patterns:
            await self._pause(patterns)

    async def _pause(self, patterns: list[dict[str, str]]) -> None:
        if not self._listens:
            self._cdp.on("Fetch.requestPaused", self._on_paused)
            self._cdp.on("Page.frameNavigated", self._on_navigated)
            self._listens = True
        await self._cdp.send(*(("Fetch.enable", {"patterns": patterns}) if patterns else ("Fetch.disable",)))
        self._patterns = patterns

    def _on_navigated(self, navigated: Mapping[str, Any]) -> None:
        if not self._arrived and "parentId" not in navigated["frame"]:
            self._asked, self._arrived = 0, True

    def _on_paused(self, paused: dict[str, Any]) -> None:
        self._asked += 1
        if self._asked > self._most and not self._is_document_to_come(paused):
            if self._arrived and self._asked == self._most + 1:
                self._on_flood()
            return  # the tab, or the page before, is on its way out, and so many answers would keep all others waiting
        task = asyncio.create_task(self._answer(paused))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _is_document_to_come(self, paused: Mapping[str, Any]) -> bool:
        """Perhaps a frame's of the page before."""
        return not self._arrived and paused["resourceType"] == "Document"

    async def _answer(self, paused: dict[str, Any]) -> None:
        """One of the two, whatever it is: a request that is not answered keeps its page waiting."""
        identity = {"requestId": paused["requestId"]}
        with suppress(PlaywrightError):  # who asked is gone
            if paused["resourceType"] not in self._blocked:
                with suppress(PlaywrightError):
                    await self._cdp.send("Fetch.continueRequest", {**identity, **self._changed(paused)})
                    return
            await self._cdp.send("Fetch.failRequest", {**identity, "errorReason": "BlockedByClient"})

    def _changed(self, paused: Mapping[str, Any]) -> dict[str, object]:
        """With what is sent along, at its origin; anywhere else without, even if a redirect has led there.

        This Chromium goes on with the headers that a redirected request had at first; others have carried ours along.
        """
        shown: Mapping[str, str] = paused["request"]["headers"]
        if paused["request"]["url"].startswith(self._origin):
            own = ((name, value) for name, value in shown.items() if name.lower() not in self._headers)
            return _fields(*own, *self._headers.values())
        if "redirectedRequestId" not in paused:
            return {}
        return _fields(*((name, value) for name, value in shown.items() if not self._is_ours(name, value)))

    def _is_ours(self, name: str, value: str) -> bool:
        return name.lower() in self._headers and self._headers[name.lower()][1] == value


def _fields(*headers: tuple[str, str]) -> dict[str, object]:
    return {"headers": [{"name": name, "value": value} for name, value in headers]}


def cookies_for(
    target: Target, cookies: Iterable[Cookie], held: Iterable[Mapping[str, Any]]
) -> list[dict[str, object]]:
    """`cookies` as Chromium takes them, of the host of `target` alone, but for what it holds from earlier pages."""
    there = {each["name"] for each in held if each["domain"].removeprefix(".") == target.host}
    return [_cookie_of(target, cookie) for cookie in cookies if cookie.name not in there]


def _cookie_of(target: Target, cookie: Cookie) -> dict[str, object]:
    """One that names no domain is its host's alone. A secure one can only be of a secure address."""
    scheme = "https" if cookie.secure else target.scheme
    taken: dict[str, object] = {
        "name": cookie.name,
        "value": cookie.value,
        "url": f"{scheme}://{target.host}/",
        "path": cookie.path,
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    }
    return taken | ({"sameSite": cookie.same_site} if cookie.same_site else {})
