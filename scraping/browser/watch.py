"""The watch over a browser's renderers: one that harms its neighbours is killed, by its id.

A renderer belongs to one lane: Chromium shares none between contexts.
"""

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from scraping.browser import processes
from scraping.browser.memory import own_bytes
from scraping.browser.processes import Process, Usage
from scraping.errors import BrowserCrashed, ScrapeError, TooLarge

if TYPE_CHECKING:
    from scraping.browser.launch import Browser

log = logging.getLogger(__name__)

PERIOD_S = 0.5
BEHIND_S = 1.5
"""How late an answer of a busy browser may be before a renderer is taken to flood it with messages."""
BUSY_SHARE = 0.2
"""How much of a core a busy browser uses, on a busy machine; one that is stopped uses none."""
DRAIN_S = 3.0
"""How long what a killed renderer has already sent may keep the browser busy."""
VERDICT_S = 15.0
"""For how long a tab that dies is taken to be the one whose renderer was killed."""

SWOLLEN_SHARE = 0.5
"""Of what a page may use: with so much in a renderer, lanes free what earlier pages have left in theirs."""

WEIGHED_EVERY_S = 10.0
"""How often all of the browser's memory is looked at."""

GIB = 1024 * 1024 * 1024


class Watch:
    """Looks at a browser and its renderers twice a second until the browser is dead.

    It reads /proc, since a browser may be too busy to answer; whether it is, a ping tells while it works. Only the
    page of a killed renderer fails, although what it has already sent may still keep its neighbours waiting.
    """

    def __init__(self, browser: "Browser") -> None:
        self._browser = browser
        self._zygotes = processes.children(browser.process.pid)
        self._killed: set[Process] = set()
        self._verdicts: deque[tuple[float, ScrapeError]] = deque()
        self._ping: _Ping | None = None
        self._cpu_s = 0.0
        self._draining_until = 0.0
        self._weigh_at = 0.0
        self.bloated = False
        """Whether the browser or its driver has grown so large that it is to be replaced."""
        self.swollen = False
        """Whether a renderer, of whichever lane, holds much: for a page that is there, or of many that are gone."""
        self._look()

    def verdict(self) -> ScrapeError | None:
        """Why the renderer of a tab that has just died was killed, if one was; each verdict is given once."""
        while self._verdicts:
            killed_at, verdict = self._verdicts.popleft()
            if time.monotonic() - killed_at < VERDICT_S:
                return verdict
        return None

    @property
    def draining(self) -> bool:
        """Whether a flood has just been ended, of which all may still come late."""
        return time.monotonic() < self._draining_until

    def _look(self) -> None:
        if not self._browser.alive:
            return
        asyncio.get_running_loop().call_later(PERIOD_S, self._look)
        renderers = self._renderers()
        self._look_for_greed(renderers)
        self._look_for_floods(renderers)
        if time.monotonic() >= self._weigh_at:
            self._weigh_at = time.monotonic() + WEIGHED_EVERY_S
            self._weigh()

    def _weigh(self) -> None:
        """Chromium is one of the processes that the driver has started."""
        limits, browser = self._browser.limits, own_bytes(self._browser.process.pid)
        driver = own_bytes(self._browser.driver.pid) - browser
        bloated = browser > limits.browser_max_bytes or driver > limits.driver_max_bytes
        if bloated and not self.bloated:
            log.info("A browser takes %.1f GiB, its driver %.1f: it is replaced.", browser / GIB, driver / GIB)
        self.bloated = bloated

    def _renderers(self) -> list[Usage]:
        pids = (pid for zygote in self._zygotes for pid in processes.forked(zygote.pid))
        usages = (usage for pid in pids if (usage := processes.usage(pid)) and usage.process not in self._killed)
        return [usage for usage in usages if usage.process.mentions("--type=renderer")]

    def _look_for_greed(self, renderers: list[Usage]) -> None:
        limit = self._browser.limits.max_renderer_bytes
        self.swollen = any(renderer.resident_bytes > limit * SWOLLEN_SHARE for renderer in renderers)
        for renderer in renderers:
            if renderer.resident_bytes > limit:
                self._kill(renderer, TooLarge(f"The page used more than {limit / GIB:g} GiB of memory."))

    def _look_for_floods(self, renderers: list[Usage]) -> None:
        """Kill the busiest renderer when the browser, though it works, is late with an answer.

        That is how a page that does nothing but write to its console, or fail, keeps all others waiting.
        """
        browser = processes.usage(self._browser.process.pid)
        if browser is None or self.draining:
            return
        spent_s, self._cpu_s = browser.cpu_s - self._cpu_s, browser.cpu_s
        if self._ping is None or self._ping.answered:
            self._ping = _Ping(self._browser, browser, renderers) if spent_s > PERIOD_S * BUSY_SHARE else None
        elif self._ping.is_late(browser) and (busiest := self._ping.busiest(renderers)):
            self._kill(busiest, BrowserCrashed("The page kept the browser so busy that its tab was closed."))
            self._draining_until = time.monotonic() + DRAIN_S
            self._ping = None

    def _kill(self, renderer: Usage, verdict: ScrapeError) -> None:
        log.warning("Renderer %d is killed: %s", renderer.process.pid, verdict)
        self._killed.add(renderer.process)
        self._verdicts.append((time.monotonic(), verdict))
        renderer.process.kill()


class _Ping:
    """A question that the browser answers at once unless it is busy, and how busy all were when it was asked."""

    def __init__(self, browser: "Browser", usage: Usage, renderers: list[Usage]) -> None:
        self._session = browser.session
        self._answer = asyncio.create_task(self._ask())
        self._asked_at = time.monotonic()
        self._browser_cpu_s = usage.cpu_s
        self._cpu_s = {renderer.process: renderer.cpu_s for renderer in renderers}

    @property
    def answered(self) -> bool:
        """Whether it has been."""
        return self._answer.done()

    async def _ask(self) -> None:
        try:
            await self._session.send("Browser.getVersion")
        except PlaywrightError as exc:
            log.info("The browser does not answer any more: %s", exc)

    def is_late(self, browser: Usage) -> bool:
        """Whether the browser has not answered for long, and has not been idle."""
        waited_s = time.monotonic() - self._asked_at
        return waited_s > BEHIND_S and browser.cpu_s - self._browser_cpu_s > waited_s * BUSY_SHARE

    def busiest(self, renderers: list[Usage]) -> Usage | None:
        """The renderer that has used the processor most meanwhile."""
        return max(renderers, key=lambda each: each.cpu_s - self._cpu_s.get(each.process, 0.0), default=None)
