"""The pool that lends lanes, at most so many: a browser, and a second one for images, each relaunched if need be."""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path

from playwright.async_api import Error as PlaywrightError

from scraping.browser.launch import Browser, Sandbox, launch
from scraping.browser.room import Room
from scraping.browser.tab import Lane
from scraping.egress.dial import Dialler, Lookup, system_lookup
from scraping.egress.policy import DEFAULT_POLICY, Policy
from scraping.egress.proxy import LOOKUPS_AT_ONCE
from scraping.egress.upstream import Upstream
from scraping.errors import BrowserCrashed, ScrapeError
from scraping.limits import DEFAULT_LIMITS, Limits
from scraping.options import DEFAULT_PROFILE, Block, Profile

log = logging.getLogger(__name__)

OPEN_ATTEMPTS = 2


class BrowserPool:
    """Lends lanes of Chromium to owners, who never share one.

    Whether images are loaded is up to the whole browser: lanes that want them open in one of their own, which is
    launched when it is first needed. Belongs to the event loop it is first used on. A worn browser is replaced while
    it still has lanes out: new lanes open in its successor, and it is closed with its last lane.
    """

    def __init__(
        self,
        *,
        executable: Path,
        lanes: int,
        sandbox: Sandbox = "auto",
        limits: Limits = DEFAULT_LIMITS,
        policy: Policy = DEFAULT_POLICY,
        lookup: Lookup = system_lookup,
    ) -> None:
        """`lookup` finds the addresses of the hosts that pages name; Chromium itself resolves nothing."""
        self.executable = executable
        self.lanes = lanes
        self.sandbox: Sandbox = sandbox
        self.limits = limits
        self.policy = policy
        self._dialler = Dialler(policy, lookup=lookup, threads=lanes * LOOKUPS_AT_ONCE)
        self._room = Room(lanes)
        self._launching = asyncio.Lock()
        self._browsers: dict[bool, Browser] = {}  # by whether they load images
        self._retired: set[Browser] = set()
        self._idle: list[Lane] = []  # least recently used first
        self._lent: set[Lane] = set()
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def lent(self) -> int:
        """How many lanes are out."""
        return len(self._lent)

    @property
    def browsers(self) -> int:
        """How many browsers are open, those that give no lanes any more included."""
        return len(self._browsers) + len(self._retired)

    @property
    def browser(self) -> Browser | None:
        """The present browser without images, None while there is none."""
        browser = self._browsers.get(False)
        return browser if browser and browser.alive else None

    @property
    def browser_pid(self) -> int | None:
        """The process id of its Chromium."""
        return self.browser.process.pid if self.browser else None

    @property
    def driver_pid(self) -> int | None:
        """The process id of its Playwright driver."""
        return self.browser.driver.pid if self.browser else None

    def lend_at_once(self, lanes: int) -> None:
        """How many to lend from now on, of all there may be; those that are out stay out."""
        self._room.resize(min(lanes, self.lanes))

    async def start(self) -> None:
        """Launch the browser without images now rather than at the first loan. Raises: BrowserCrashed."""
        await self._current(images=False)

    async def close(self) -> None:
        """Close everything, in bounded time; no process and no directory is left. Never raises."""
        self._closed = True
        async with self._launching:
            browsers = [*self._browsers.values(), *self._retired]
            self._browsers.clear()
            self._retired.clear()
            self._idle.clear()
        await asyncio.gather(*(browser.close() for browser in browsers))
        await asyncio.gather(*self._tasks)
        self._dialler.close()

    # ------------------------------------------------------------------ lending

    async def borrow(
        self,
        owner: str,
        host: str | None = None,
        *,
        upstream: Upstream | None = None,
        profile: Profile = DEFAULT_PROFILE,
    ) -> Lane:
        """Lend a lane, a warm one of this owner (and host, a `Target.host_key`) or a fresh one; wait while all are out.

        Its pages are fetched through `upstream`, if there is one, and as `profile` says.

        Raises: BrowserCrashed when no browser can be had.
        """
        await self._room.enter()
        finding = asyncio.create_task(self._find(owner, host, upstream, profile))
        try:
            return await asyncio.shield(finding)
        except asyncio.CancelledError:
            # A context that is just being opened cannot be taken back: let it be opened, then keep it.
            self._spawn(self._take_unwanted(finding))
            raise

    async def _find(self, owner: str, host: str | None, upstream: Upstream | None, profile: Profile) -> Lane:
        try:
            lane = await self._warm(owner, host, upstream, profile) or await self._fresh(owner, upstream, profile)
        except BaseException:
            self._room.leave()
            raise
        self._lent.add(lane)
        return lane

    async def _take_unwanted(self, finding: asyncio.Task[Lane]) -> None:
        with suppress(BrowserCrashed):
            await self.give_back(await finding)

    async def give_back(self, lane: Lane) -> None:
        """Take a lane back, wiped, to be kept for its owner; or close it. Never raises, bounded in time."""
        if lane not in self._lent:
            return
        self._lent.discard(lane)
        work = self._spawn(self._take_back(lane))
        await asyncio.shield(work)

    async def _take_back(self, lane: Lane) -> None:
        try:
            await lane.wipe()
            if self._keeps(lane):
                self._idle.append(lane)
                lane.rest(partial(self._retire_spare, lane))
            else:
                await self._retire(lane)
        finally:
            self._room.leave()

    def _retire_spare(self, lane: Lane) -> None:
        if lane in self._idle:
            self._idle.remove(lane)
            self._spawn(self._retire(lane))

    def _keeps(self, lane: Lane) -> bool:
        """Whether an idle lane is worth keeping, or lending again."""
        return lane.usable and lane.browser in self._browsers.values() and not lane.browser.worn and not self._closed

    async def _warm(self, owner: str, host: str | None, upstream: Upstream | None, profile: Profile) -> Lane | None:
        """An idle lane of `owner`: one that knows `host` before others, the most recently used before older ones."""
        wanted = (owner, upstream, profile)
        while own := [lane for lane in reversed(self._idle) if (lane.owner, lane.upstream, lane.profile) == wanted]:
            lane = min(own, key=lambda lane: lane.host != host)
            self._idle.remove(lane)
            await lane.wake(host)
            if self._keeps(lane):
                return lane
            await self._retire(lane)
        return None

    async def _fresh(self, owner: str, upstream: Upstream | None, profile: Profile) -> Lane:
        """A new lane, for which those idle ones make room that were used least recently."""
        while len(self._lent) + len(self._idle) >= self._room.places and self._idle:
            await self._retire(self._idle.pop(0))
        for attempt in range(1, OPEN_ATTEMPTS + 1):
            browser = await self._current(images=wants_images(profile))
            try:
                async with asyncio.timeout(self.limits.lane_open_timeout_ms / 1000):
                    return await Lane.open(browser, owner, dialler=self._dialler, upstream=upstream, profile=profile)
            except (PlaywrightError, ScrapeError, TimeoutError) as exc:
                log.warning("No lane could be opened in process %d (attempt %d): %s", browser.process.pid, attempt, exc)
                browser.kill()
        raise BrowserCrashed("The browser opened no tab; it has been restarted.")

    # ------------------------------------------------------------------ browsers

    async def _current(self, *, images: bool) -> Browser:
        """The browser that new lanes open in, launched or replaced if need be."""
        async with self._launching:
            if self._closed:
                raise BrowserCrashed("The browser pool is closed.")
            browser = self._browsers.get(images)
            if browser is not None and (browser.worn or not browser.alive):
                self._replace(browser)
            if images not in self._browsers:
                browser = await launch(self.executable, sandbox=self.sandbox, limits=self.limits, images=images)
                self._browsers[images] = browser
                browser.handle.on("disconnected", self._reap)
            return self._browsers[images]

    def _reap(self, _handle: object) -> None:
        """Close what is left of a browser that has died: its driver, or the other way round, and its directories."""
        for browser in [each for each in self._browsers.values() if not each.alive]:
            self._replace(browser)

    def _replace(self, browser: Browser) -> None:
        """Give `browser` no new lanes; close it when those that are out have come back, or now if it is dead."""
        del self._browsers[browser.images]
        self._retired.add(browser)
        idle, self._idle = self._idle, [lane for lane in self._idle if lane.browser is not browser]
        for lane in idle:
            if lane.browser is browser:
                self._spawn(self._retire(lane))
        if not (browser.alive and browser.lanes):
            self._spawn(self._close_browser(browser))

    async def _retire(self, lane: Lane) -> None:
        await lane.close()
        if lane.browser in self._retired and not lane.browser.lanes:
            await self._close_browser(lane.browser)

    async def _close_browser(self, browser: Browser) -> None:
        if browser in self._retired:
            self._retired.discard(browser)
            await browser.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def wants_images(profile: Profile) -> bool:
    """Whether a lane needs a browser that loads them."""
    return Block.IMAGE not in profile.block and not profile.offline
