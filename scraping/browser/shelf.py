"""Where an offline lane's tab gets its documents from: what is laid there, and never from the network."""

import asyncio
from base64 import b64encode
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from playwright.async_api import CDPSession
from playwright.async_api import Error as PlaywrightError

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; worker-src 'none'; frame-src 'none'; "
    "script-src 'none'; script-src-attr 'none'; webrtc 'block'"
)
"""Keeps a document's scripts from running without telling the parser that there are none: noscript stays text."""


class Shelf:
    """Answers the next navigation of a tab's main frame with what was laid; every other request of it fails.

    What Chromium asks without asking the tab (a preconnection) gets as far as the lane's proxy, which is shut.
    """

    def __init__(self, cdp: CDPSession, frame_id: str) -> None:
        self._cdp = cdp
        self._frame_id = frame_id
        self._laid: tuple[bytes, str] | None = None
        self._answers: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """From now on nothing is asked of the network."""
        self._cdp.on("Fetch.requestPaused", self._on_request)
        await self._cdp.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})

    def lay(self, content: bytes, content_type: str) -> None:
        """Have `content` ready for the next navigation."""
        self._laid = content, content_type

    def _on_request(self, paused: dict[str, Any]) -> None:
        task = asyncio.create_task(self._answer(paused))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    async def _answer(self, paused: dict[str, Any]) -> None:
        wanted = paused["resourceType"] == "Document" and paused["frameId"] == self._frame_id
        laid, self._laid = (self._laid, None) if wanted else (None, self._laid)
        with suppress(PlaywrightError):  # who asked is gone
            if laid is None:
                refusal = {"requestId": paused["requestId"], "errorReason": "Aborted"}
                await self._cdp.send("Fetch.failRequest", refusal)
            else:
                await self._cdp.send("Fetch.fulfillRequest", {"requestId": paused["requestId"], **_answer_of(*laid)})


def _answer_of(content: bytes, content_type: str) -> dict[str, object]:
    fields = {"Content-Type": content_type, "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
    return {
        "responseCode": HTTPStatus.OK,
        "responseHeaders": [{"name": name, "value": value} for name, value in fields.items()],
        "body": b64encode(content).decode(),
    }
