"""Does a page's actions one after another, and keeps what became of each."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from scraping.acting.actions import Action
from scraping.acting.does import do
from scraping.acting.reasons import Undone, explained
from scraping.acting.report import ActionReport, Status
from scraping.acting.turn import Turn
from scraping.browser.failures import DocumentGone
from scraping.browser.tab import Lane
from scraping.capture import Capture
from scraping.errors import ActionFailed, ScrapeError
from scraping.options import FetchOptions

GRACE_S = 0.5
"""What is waited for longer than it asked for itself: it says best why it was in vain."""
ANSWER_S = 0.5
NO_ANSWER = "the page's scripts kept it so busy that it did not answer."
LONGEST_SHOWN = 200


class Performance:
    """The actions of one page. Its reports can be had at any time, also when the page has failed meanwhile."""

    def __init__(self, lane: Lane, options: FetchOptions) -> None:
        self._lane = lane
        self._options = options
        self._done: list[ActionReport] = []
        self._begun_at: float | None = None
        self.captures: list[Capture] = []

    @property
    def reports(self) -> tuple[ActionReport, ...]:
        """Of each action, in order."""
        rest = [ActionReport(action.type, Status.SKIPPED) for action in self._options.actions[len(self._done) :]]
        if rest and self._begun_at is not None:
            reason = "the page failed while it was under way."
            rest[0] = ActionReport(rest[0].type, Status.FAILED, _ms_since(self._begun_at), reason)
        return (*self._done, *rest)

    @contextmanager
    def told_of_failures(self) -> Iterator[None]:
        """Whatever error leaves this carries the reports."""
        try:
            yield
        except ScrapeError as error:
            error.actions = self.reports
            raise

    async def play(self, left_ms: Callable[[], float]) -> None:
        """Do all of them; `left_ms` tells what the page has left. Raises: ActionFailed, ScrapeError."""
        for index, action in enumerate(self._options.actions):
            self._begun_at = time.monotonic()
            reason, found = await self._attempt(action, index, left_ms())
            status = Status.SUCCESS if reason is None else Status.FAILED
            self._done.append(ActionReport(action.type, status, _ms_since(self._begun_at), reason, found))
            self._begun_at = None
            if reason is not None and not action.goes_on:
                raise ActionFailed(f"actions[{index}], {_described(action)}: {reason}")

    async def _attempt(self, action: Action, index: int, left_ms: float) -> tuple[str | None, dict[str, object]]:
        """Why it could not be done, None if it could; and what it found."""
        turn = Turn.of(action, index, self._lane, self._options, left_ms)
        try:
            with explained():
                async with asyncio.timeout_at(turn.until + GRACE_S):
                    return None, self._kept(await do(action, turn))
        except Undone as exc:
            return str(exc) if await self._answers() else NO_ANSWER, {}
        except DocumentGone:
            return "the page went on to another document meanwhile.", {}
        except TimeoutError:
            return "it did not end in its time." if await self._answers() else NO_ANSWER, {}

    async def _answers(self) -> bool:
        """Whether the page does anything at all; one that hangs looks to Playwright as if it were empty."""
        with suppress(TimeoutError, DocumentGone):
            async with asyncio.timeout(ANSWER_S):
                await self._lane.enter()
                return True
        return False

    def _kept(self, found: dict[str, object] | Capture | None) -> dict[str, object]:
        if isinstance(found, Capture):
            self.captures.append(found)
            return {"captured": True}
        return found or {}


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _described(action: Action) -> str:
    """Its type and selector; never what is typed."""
    selector = getattr(action, "selector", None)
    if selector is None:
        return action.type
    shown: str = selector.text if len(selector.text) <= LONGEST_SHOWN else selector.text[:LONGEST_SHOWN] + "…"
    return f"{action.type} {shown}"
