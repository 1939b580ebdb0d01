"""One action's turn: the tab it is done to, where in it to look, and until when."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Locator

from scraping.acting.actions import Action
from scraping.acting.reasons import Undone
from scraping.browser.failures import DocumentGone
from scraping.browser.tab import Lane
from scraping.errors import TooLarge
from scraping.options import FetchOptions
from scraping.rules import Selector

ELEMENT_MS = 10_000
"""How long an element that does not come, or that cannot be used, is waited for at most."""
LEAST_MS = 1
"""To Playwright, 0 is for ever."""


@dataclass(frozen=True)
class Turn:
    """`until` is in the event loop's time; `patience_s` is what there is for an element."""

    lane: Lane
    options: FetchOptions
    index: int
    until: float
    patience_s: float

    @classmethod
    def of(cls, action: Action, index: int, lane: Lane, options: FetchOptions, left_ms: float) -> "Turn":
        """`left_ms` is what the page has."""
        within_ms = min(left_ms, action.timeout_ms or left_ms)
        patience_ms = within_ms if action.timeout_ms else min(within_ms, ELEMENT_MS)
        now = asyncio.get_running_loop().time()
        return cls(lane, options, index, now + within_ms / 1000, patience_ms / 1000)

    @property
    def left_ms(self) -> float:
        """What is left of the turn."""
        return max(LEAST_MS, (self.until - asyncio.get_running_loop().time()) * 1000)

    @property
    def patience_ms(self) -> float:
        """How long an element is waited for from now on."""
        return min(self.left_ms, self.patience_s * 1000)

    def element(self, selector: Selector) -> Locator:
        """The first that matches. The engine is always named: a selector cannot choose another one."""
        engine = "xpath" if selector.kind == "xpath" else "css" if self.options.shadow else "css:light"
        return self.lane.element(f"{engine}={selector.text}")

    async def arrive(self) -> None:
        """Wait for the document that the tab is just being led to, until all of its markup is there."""
        await self.ask("arrive", {"settle": self.lane.limits.settle_ms, "remaining": self.left_ms})

    async def ask(self, method: str, order: Mapping[str, object]) -> Any:
        """What the reader of the tab's document answers, or that of the document it leads to. Raises: Undone."""
        scope = {"shadow": self.options.shadow, "frames": self.options.frames}
        budgets = {"requests": self.lane.limits.max_requests, "html": self.lane.limits.max_html_bytes}
        for _ in range(self.lane.limits.max_documents):
            with suppress(DocumentGone):
                world = await self.lane.enter()
                answer = await self.lane.call(world, method, {**order, "scope": scope, "limits": budgets})
                return _checked(json.loads(answer))
        raise Undone(f"the page led on to another document {self.lane.limits.max_documents} times.")


def _checked(answer: Any) -> Any:
    if "badSelector" in answer:
        raise Undone("the browser cannot use this selector.")
    if "overBudget" in answer:
        raise TooLarge("The page went over its budget while it was acted on.")
    return answer
