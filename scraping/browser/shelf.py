"""Where an offline lane's tab gets its documents from: what is laid there, and never from the network."""

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

from scraping.egress.gate import Target

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; worker-src 'none'; frame-src 'none'; "
    "script-src 'none'; script-src-attr 'none'; webrtc 'block'"
)
"""Keeps a document's scripts from running without telling the parser that there are none: noscript stays text."""


class Shelf:
    """Stands where `Sending` does: a navigation gets what was laid for it, once, and every other request fails.

    What Chromium asks without asking the tab (a preconnection) gets as far as the lane's proxy, which is shut.
    """

    restless = False

    def __init__(self, cdp: CDPSession, frame_id: str) -> None:
        self._cdp = cdp
        self._frame_id = frame_id
        self._laid: tuple[bytes, str] | None = None
        self._url = ""
        self._answers: set[asyncio.Task[None]] = set()
        cdp.on("Fetch.requestPaused", self._on_paused)

    async def begin(self, target: Target, _headers: Iterable[tuple[str, str]]) -> None:
        """Have what is laid be found at `target`; there is nobody to send anything to."""
        self._url = target.canonical.partition("#")[0]
        await self._cdp.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})

    def lay(self, content: bytes, content_type: str) -> None:
        """Have `content` ready for the next navigation."""
        self._laid = content, content_type

    def _on_paused(self, paused: dict[str, Any]) -> None:
        task = asyncio.create_task(self._answer(paused))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, paused: dict[str, Any]) -> None:
        identity = {"requestId": paused["requestId"]}
        laid = self._taken() if self._is_for(paused) else None
        with suppress(PlaywrightError):  # who asked is gone
            if laid is None:
                await self._cdp.send("Fetch.failRequest", {**identity, "errorReason": "Aborted"})
            else:
                await self._cdp.send("Fetch.fulfillRequest", {**identity, **_answer_of(*laid)})

    def _is_for(self, paused: Mapping[str, Any]) -> bool:
        """Not the navigation of a frame, nor one that the page before begins just now."""
        asked = (paused["resourceType"], paused["frameId"], paused["request"]["url"])
        return asked == ("Document", self._frame_id, self._url)

    def _taken(self) -> tuple[bytes, str] | None:
        laid, self._laid = self._laid, None
        return laid


def _answer_of(content: bytes, content_type: str) -> dict[str, object]:
    fields = {"Content-Type": content_type, "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
    return {
        "responseCode": HTTPStatus.OK,
        "responseHeaders": [{"name": name, "value": value} for name, value in fields.items()],
        "body": b64encode(content).decode(),
    }
