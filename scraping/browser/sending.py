"""What a lane sends besides what its page asks for: headers and cookies; and what it does not: blocked kinds."""

import asyncio
from collections.abc import Iterable, Mapping
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


class Sending:
    """Pauses a tab's requests where it must, and lets each go on, with headers or without, or fail.

    Not Playwright's `route`, which switches the HTTP cache off. What is asked by a frame of another site, or by a
    worker, is not paused: it gets no headers, and is not blocked by its kind.
    """

    def __init__(self, cdp: CDPSession, block: Iterable[Block]) -> None:
        self._cdp = cdp
        self._blocked = frozenset(kind for each in block for kind in KINDS.get(each, ()))
        self._headers: Mapping[str, tuple[str, str]] = {}
        self._origin = ""
        self._paused_now: list[dict[str, str]] = []
        self._answers: set[asyncio.Task[None]] = set()
        cdp.on("Fetch.requestPaused", self._on_paused)

    async def begin(self, target: Target, headers: Iterable[tuple[str, str]]) -> None:
        """From now on, send `headers` to the origin of `target`, and block what is to be blocked."""
        self._headers = {name.lower(): (name, value) for name, value in headers}
        self._origin = f"{target.origin}/"
        kinds = [{"resourceType": kind} for kind in sorted(self._blocked)]
        paused = [{"urlPattern": "*"}] if self._headers else kinds
        if paused != self._paused_now:
            await self._cdp.send("Fetch.enable", {"patterns": paused})
            self._paused_now = paused

    def _on_paused(self, paused: dict[str, Any]) -> None:
        task = asyncio.create_task(self._answer(paused))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

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
