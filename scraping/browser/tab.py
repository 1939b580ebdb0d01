"""A lane: one context and its tab, kept from page to page and wiped in between."""

import asyncio
import itertools
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from ada_url import URL
from playwright.async_api import BrowserContext, CDPSession, Frame, Keyboard, Locator, Request, Response
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page as BrowserPage

from scraping.browser.failures import NO_PROXY, UNREACHED, DocumentGone, Interrupted, network_failure, translated
from scraping.browser.launch import PROXY_EVERYTHING, Browser
from scraping.browser.sending import Sending, cookies_for
from scraping.browser.shelf import Shelf
from scraping.browser.witness import BLANK, Witness
from scraping.egress.dial import Dialler
from scraping.egress.gate import SCHEMES, Target
from scraping.egress.policy import Policy
from scraping.egress.proxy import LaneProxy
from scraping.egress.upstream import Upstream
from scraping.errors import BlockedAddress, BrowserCrashed, ConnectionFailed, InternalError, ScrapeError
from scraping.limits import Limits
from scraping.options import NOTHING_SENT, Block, Profile, Sent
from scraping.trace import Trace

log = logging.getLogger(__name__)

READER = (Path(__file__).parent / "reader.js").read_text(encoding="utf-8")
T = TypeVar("T")

WORLD = "scrpy"

NAVIGATION_TRIES = 2
"""The document before may begin a navigation just as ours is under way; once it has been left it cannot."""

WIPED_STORAGE = "local_storage,indexeddb,cache_storage,file_systems,storage_buckets,websql,service_workers"

LoadState = Literal["commit", "domcontentloaded", "load", "networkidle"]


class Lane:
    """A context and its tab, lent to one page at a time.

    `usable` turns False for good when the lane can no longer be trusted to be healthy or clean; it is then closed,
    not kept. A page that is done is wiped but not left (leaving costs 1.4 times the CPU) unless the next one is of
    another host: until the next page commits its scripts still run, so a page can leave traces for the next one of the
    same owner on the same site, and spend its budgets.
    """

    ids = itertools.count(1)

    def __init__(
        self,
        browser: Browser,
        context: BrowserContext,
        tab: BrowserPage,
        cdp: CDPSession,
        *,
        owner: str,
        policy: Policy,
        proxy: LaneProxy,
        upstream: Upstream | None,
        profile: Profile,
    ) -> None:
        self.id = next(self.ids)
        self.browser = browser
        self.owner = owner
        self.policy = policy
        self.upstream = upstream
        self.profile = profile
        self.host: str | None = None
        self.pages = 0
        self._opened_at = time.monotonic()
        self._context = context
        self._tab = tab
        self._cdp = cdp
        self._proxy = proxy
        self._failure: ScrapeError | None = None
        self.traffic = proxy.begin(self._on_overrun)
        self._frame_id = ""
        self._world: int | None = None  # of the present document, once it has been entered
        self._origins: set[str] = set()
        self._visited: set[str] = set()
        self._lost: asyncio.Future[ScrapeError] | None = None
        self._dirty = False
        self._broken = False
        self._flooded = False
        self._closing: asyncio.Task[None] | None = None
        self._rest: asyncio.TimerHandle | None = None
        self._on_spare: Callable[[], object] = lambda: None
        self._task: asyncio.Task[None] | None = None
        self._sending: Sending | Shelf
        self._witness: Witness | None = None
        self.cookies: Sequence[Mapping[str, Any]] = ()
        """Those of all hosts after the last page that was left in order, if the profile keeps the session."""

    @classmethod
    async def open(
        cls, browser: Browser, owner: str, *, dialler: Dialler, upstream: Upstream | None, profile: Profile
    ) -> "Lane":
        """Open a fresh context and tab, whose only way out is a proxy of their own. Raises: BrowserCrashed."""
        without_ads = Block.ADS in profile.block
        proxy = LaneProxy(dialler, browser.limits, upstream, sealed=profile.offline, without_ads=without_ads)
        proxy_url = await proxy.open()
        try:
            with translated("Chromium"):
                context = await browser.handle.new_context(
                    proxy={"server": proxy_url, "bypass": PROXY_EVERYTHING},
                    service_workers="block",
                    accept_downloads=False,
                    **_emulation(profile, browser.playwright.devices),
                )
                tab = await context.new_page()
                cdp = await context.new_cdp_session(tab)
                lane = cls(
                    browser,
                    context,
                    tab,
                    cdp,
                    owner=owner,
                    policy=dialler.policy,
                    proxy=proxy,
                    upstream=upstream,
                    profile=profile,
                )
                await lane._prepare()
        except BaseException:
            proxy.close()
            raise
        browser.lanes.add(lane)
        return lane

    async def _prepare(self) -> None:
        self._tab.on("crash", self._on_crash)
        self._tab.on("framenavigated", self._on_navigated)
        self._tab.on("requestfailed", self._on_request_failed)
        tree = await self._cdp.send("Page.getFrameTree")
        self._frame_id = tree["frameTree"]["frame"]["id"]
        if self.profile.offline:
            self._sending = Shelf(self._cdp, self._frame_id)
        else:
            self._sending = self._new_sending()
            self._witness = Witness(self._tab, self._cdp, self._frame_id)
        await self._cdp.send("Page.enable")
        await self._cdp.send("Page.addScriptToEvaluateOnNewDocument", {"source": READER, "worldName": WORLD})

    def _new_sending(self) -> Sending:
        return Sending(self._cdp, self.profile.block, most=self.limits.max_requests, on_flood=self._on_flood)

    def _on_flood(self) -> None:
        self._flooded = True
        self.traffic.exceed(f"The page made more than {self.limits.max_requests:,} requests.")

    def _on_crash(self, _tab: BrowserPage) -> None:
        self._broken = True
        self._lose(BrowserCrashed("The browser's tab died while it had the page."))

    def _on_navigated(self, frame: Frame) -> None:
        if frame.parent_frame is None:
            self._world = None
        if _has_origin(frame):
            origin = URL(frame.url).origin
            self._origins.add(origin)
            if frame.parent_frame is None:
                self._visited.add(origin)

    def _on_request_failed(self, request: Request) -> None:
        """Note the loss of the tab's own document: one that broke off, or one that a script led to in vain."""
        error = (request.failure or "").removeprefix("net::")
        if request.is_navigation_request() and request.frame.parent_frame is None and error != "ERR_ABORTED":
            self._failure = self._reason(error, URL(request.url))
            self._lose(self._failure)

    def _reason(self, error: str, url: URL) -> ScrapeError:
        """Why `url` could not be had: what the proxy knows, where all that Chromium knows is that it got nothing."""
        if error == NO_PROXY:
            self._broken = True
            return BrowserCrashed("The browser lost its connection to the lane's proxy.")
        host_key = f"{url.hostname}:{url.port or SCHEMES.get(url.protocol)}"
        known = self.traffic.failure(host_key) if error in UNREACHED else None
        if isinstance(known, BlockedAddress) and host_key != self.host:
            return BlockedAddress("The page led on to an address that must not be fetched.")
        return known or network_failure(error, url.hostname)

    def _on_overrun(self, overrun: ScrapeError) -> None:
        self._broken = True
        self._lose(overrun)

    def _lose(self, failure: ScrapeError) -> None:
        if self._lost is not None and not self._lost.done():
            self._lost.set_result(failure)

    @property
    def limits(self) -> Limits:
        """The budgets of whatever is done in it."""
        return self.browser.limits

    @property
    def usable(self) -> bool:
        """Whether another page may be fetched in it."""
        age_s = time.monotonic() - self._opened_at
        worn = self.pages >= self.limits.lane_max_pages or age_s >= self.limits.lane_max_age_s
        return not (self._broken or self._closing or worn) and self.browser.alive

    def cause_of(self, crash: BrowserCrashed) -> ScrapeError:
        """Why the page was lost: what its renderer was killed for, or a crash, perhaps because of another lane."""
        if self.browser.alive and (verdict := self.browser.watch.verdict()):
            return verdict
        return BrowserCrashed(str(crash), bystander=self.browser.killed and self._closing is None)

    # ------------------------------------------------------------------ one page

    async def goto(self, target: Target, sent: Sent = NOTHING_SENT) -> Response | None:
        """Navigate, until the answer's document replaces the one before. Raises: ScrapeError."""
        self.host, self._dirty = target.host_key, True
        self._visited.clear()
        self.traffic = self._proxy.begin(self._on_overrun)
        self.pages += 1
        self.browser.pages += 1
        await self._begin_sending(target, sent)
        if _differs_in_fragment(self._tab.url, target.canonical):
            with suppress(Interrupted):
                await self._leave()
        for _ in range(NAVIGATION_TRIES):
            try:
                return await self._commit(target)
            except Interrupted:
                with suppress(Interrupted):
                    await self._leave()
        raise ConnectionFailed(f"{target.host} sent an answer that the browser could not read.")

    async def _begin_sending(self, target: Target, sent: Sent) -> None:
        with translated(target.host):
            await self._sending.begin(target, sent.headers)
            if cookies := cookies_for(target, sent.cookies, held=self.cookies):
                await self._cdp.send("Network.setCookies", {"cookies": cookies})

    async def _commit(self, target: Target) -> Response | None:
        self._failure = None
        if self._witness:
            self._witness.begin()
        try:
            with translated(target.host):
                response = await self._tab.goto(target.canonical, wait_until="commit", timeout=0)
        except ScrapeError as exc:
            raise self.traffic.overrun or self._failure or exc from exc
        if self._witness:
            self._witness.answered(response)
        return response

    def trace(self, phases: Mapping[str, int] | None = None) -> Trace | None:
        """What was noted of the attempt at its page, with `phases` as the page itself told them.

        None if the lane is offline: nothing was asked of a site.
        """
        return self._witness.trace(phases) if self._witness else None

    def lay(self, content: bytes, content_type: str) -> None:
        """Have `content` be what the next navigation of an offline lane leads to."""
        assert isinstance(self._sending, Shelf), "the lane is not offline"
        self._sending.lay(content, content_type)

    async def unless_lost(self, work: Coroutine[None, None, T]) -> T:
        """Await `work`, unless the tab or the connection that brings its document fails first. Raises: ScrapeError.

        Neither ends a call into the document by itself: it would wait for its deadline.
        """
        self._lost = asyncio.get_running_loop().create_future()
        if self.traffic.overrun:
            self._lose(self.traffic.overrun)
        task = asyncio.ensure_future(work)
        either: set[asyncio.Future[Any]] = {task, self._lost}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise self._lost.result()
            return task.result()
        finally:
            task.cancel()

    async def wait_for(self, state: LoadState) -> None:
        """Wait until the tab's present document has reached `state`. Raises: DocumentGone, ScrapeError."""
        with translated("The page"):
            if state != "commit":
                await self._tab.wait_for_load_state(state, timeout=0)

    async def enter(self) -> int:
        """The isolated world of the tab's present document, with the reader in it. Raises: DocumentGone."""
        with translated("The page"):
            made = await self._cdp.send("Page.createIsolatedWorld", {"frameId": self._frame_id, "worldName": WORLD})
        self._world = int(made["executionContextId"])
        return self._world

    async def call(self, world: int, method: str, argument: Mapping[str, object] | None = None) -> str:
        """Call a method of the reader in `world`. Raises: DocumentGone, ScrapeError."""
        call = {
            "functionDeclaration": "(method, argument) => globalThis.scrpy?.[method](argument)",
            "executionContextId": world,
            "arguments": [{"value": method}, {"value": argument}],
            "awaitPromise": True,
            "returnByValue": True,
        }
        with translated("The page"):
            answer = await self._cdp.send("Runtime.callFunctionOn", call)
        if "exceptionDetails" in answer:
            log.error("The reader failed: %s", answer["exceptionDetails"])
            raise InternalError("The page could not be read, for a reason of ours.")
        return str(answer["result"].get("value", ""))

    async def command(self, method: str, parameters: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Send a command of the DevTools protocol to the tab. Raises: DocumentGone, ScrapeError."""
        with translated("The page"):
            answer: dict[str, Any] = await self._cdp.send(method, dict(parameters or {}))
            return answer

    def element(self, selector: str) -> Locator:
        """The first element of the tab's document that a selector of Playwright's, its engine named, matches."""
        return self._tab.locator(selector).first

    async def evaluate(self, expression: str, *, within_ms: float) -> dict[str, Any]:
        """Run a script as the page's own, stopped when its time is up. Raises: Playwright's errors."""
        call = {"expression": expression, "timeout": within_ms, "awaitPromise": True, "returnByValue": True}
        answer: dict[str, Any] = await self._cdp.send("Runtime.evaluate", {**call, "userGesture": True})
        return answer

    @property
    def keyboard(self) -> Keyboard:
        """The tab's."""
        return self._tab.keyboard

    # ------------------------------------------------------------------ between pages

    async def wipe(self) -> None:
        """Take away what the page left behind, or give the lane up. Never raises, bounded in time.

        Where the profile keeps the session it stays, and its cookies are noted.
        """
        if self._dirty and self.usable:
            await self._or_give_up(self._note_cookies() if self.profile.keeps_session else self._wipe())
            if self.browser.watch.swollen and self.usable:
                await self._or_give_up(self._free())
        if self._sending.restless and self.usable and self._tab.url != BLANK:
            await self._or_give_up(self._leave())

    async def _free(self) -> None:
        """Free what earlier pages have left in memory; else it would count as the next one's, and end it."""
        await self._cdp.send("HeapProfiler.collectGarbage")

    async def _note_cookies(self) -> None:
        self.cookies = await self._context.cookies()
        self._origins.clear()
        self._dirty = False

    async def give_cookies(self, cookies: Sequence[Mapping[str, Any]]) -> None:
        """Go on with the session that another lane of the job had: `cookies` as they were there, and no others.

        Raises: BrowserCrashed.
        """
        if cookies == self.cookies:
            return
        await self._or_give_up(self._take_cookies(cookies))
        if not self.usable:
            raise BrowserCrashed("The browser did not take the cookies of the job's session.")

    async def _take_cookies(self, cookies: Sequence[Mapping[str, Any]]) -> None:
        """One by one: of what sites set, Chromium may refuse some when it is given again."""
        await self._context.clear_cookies()
        for cookie in cookies:
            with suppress(PlaywrightError):
                await self._context.add_cookies([cast(Any, cookie)])
        self.cookies = cookies

    async def _wipe(self) -> None:
        if len(self._visited) > 1:
            # The session storage of a site that the tab has left cannot be reached any more.
            self._broken = True
            return
        await asyncio.gather(
            self._cdp.send("Network.clearBrowserCookies"),
            self._wipe_history(),
            self._wipe_documents(),
            *(self._wipe_origin(origin) for origin in self._origins),
        )
        # What is still there may yet write: its storage is wiped once more with the next page.
        self._origins = {URL(frame.url).origin for frame in self._tab.frames if _has_origin(frame)}
        self._dirty = False

    async def _wipe_history(self) -> None:
        with suppress(PlaywrightError):  # a tab that shows an error page has none
            await self._cdp.send("Page.resetNavigationHistory")

    async def _wipe_documents(self) -> None:
        """Clear window.name and session storage, which belong to the tab and its frames."""
        try:
            await self.call(self._world or await self.enter(), "wipe")
        except DocumentGone:  # we have not heard yet that the page went on
            await self.call(await self.enter(), "wipe")
        await asyncio.gather(*(_wipe_frame(frame) for frame in self._tab.frames[1:] if _has_origin(frame)))

    async def _wipe_origin(self, origin: str) -> None:
        await self._cdp.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": WIPED_STORAGE})

    def rest(self, on_spare: Callable[[], object]) -> None:
        """Keep the last page for a moment, in case another one follows, then leave it: its scripts must not run on.

        `on_spare` is called when none has followed for long.
        """
        self._on_spare = on_spare
        self._rest = asyncio.get_running_loop().call_later(self.limits.idle_ms / 1000, self._start_emptying)

    def _start_emptying(self) -> None:
        self._task = asyncio.create_task(self._empty() if self.usable else self.close())

    async def wake(self, host: str | None) -> None:
        """End the rest, for a page of `host`; a lane that is just being emptied is waited for.

        A page of another host is left first: what it goes on doing would be charged to the next one's budgets.
        """
        self._end_rest()
        emptying = self._task is not None and not self._task.done()
        if host != self.host and self._tab.url != BLANK and not emptying:
            self._start_emptying()
        if self._task is not None:
            await asyncio.wait({self._task})
            self._end_rest()

    def _end_rest(self) -> None:
        if self._rest is not None:
            self._rest.cancel()

    async def _empty(self) -> None:
        self._dirty = True
        await self._or_give_up(self._leave())
        await self.wipe()
        if not self.usable:
            await self.close()
        self._rest = asyncio.get_running_loop().call_later(self.limits.spare_ms / 1000, self._on_spare)

    async def _leave(self) -> None:
        with translated("The page"):
            await self._tab.goto(BLANK, wait_until="commit", timeout=0)

    async def _or_give_up(self, work: Awaitable[None]) -> None:
        """Do `work` within the clean-up budget; if it fails, the lane is not usable any more."""
        try:
            async with asyncio.timeout(self.limits.cleanup_timeout_ms / 1000):
                await work
        except (PlaywrightError, ScrapeError, DocumentGone, Interrupted, TimeoutError) as exc:
            log.info("Lane %d is given up: %s", self.id, exc)
            self._broken = True

    # ------------------------------------------------------------------ the end

    async def close(self) -> None:
        """Close tab and context; what does not close in time is killed with its browser. Never raises.

        The work goes on if the caller is cancelled meanwhile, and a second call waits for the first.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    def cut_off(self) -> None:
        """End all connections, and take no more."""
        self._proxy.close()

    async def _close(self) -> None:
        """First politely, then by crashing the tab alone, whose page may keep all busy, then with the browser."""
        self._end_rest()
        self.cut_off()
        closing = _unheard(self._context.close())
        try:
            if self._flooded or not await self._ends(closing):
                crashing = _unheard(self._cdp.send("Page.crash"))
                if not await self._ends(closing):
                    log.warning("Lane %d did not close: process %d is killed.", self.id, self.browser.process.pid)
                    self.browser.kill()
                crashing.cancel()
        finally:
            self.browser.lanes.discard(self)

    async def _ends(self, work: asyncio.Future[Any]) -> bool:
        """Whether `work` ends within the clean-up budget; how does not matter: what is closed already fails.

        While the browser is busy with what a killed renderer has left behind, the budget is given again.
        """
        limit_s = self.limits.cleanup_timeout_ms / 1000
        done, _ = await asyncio.wait({work}, timeout=limit_s)
        while not done and self.browser.watch.draining:
            done, _ = await asyncio.wait({work}, timeout=limit_s)
        return bool(done)


def _emulation(profile: Profile, devices: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The profile as Playwright's options of a context."""
    place = profile.geolocation
    size = profile.viewport and {"width": profile.viewport.width, "height": profile.viewport.height}
    given = {
        "user_agent": profile.user_agent,
        "viewport": size,
        "screen": size,
        "locale": profile.locale,
        "timezone_id": profile.timezone,
        "geolocation": place
        and {"latitude": place.latitude, "longitude": place.longitude, "accuracy": place.accuracy_m},
        "color_scheme": profile.color_scheme,
    }
    return {
        **(devices[profile.device] if profile.device else {}),
        **{name: value for name, value in given.items() if value is not None},
        "java_script_enabled": profile.javascript,
        "permissions": ["geolocation"] if place else [],  # all others are denied, rather than asked for
    }


def _unheard(work: Coroutine[Any, Any, object]) -> asyncio.Future[object]:
    """Have `work` done, whatever becomes of it."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task


def _differs_in_fragment(before: str, after: str) -> bool:
    """Whether going from `before` to `after` would only scroll the document that is there."""
    return "#" in after and before.partition("#")[0] == after.partition("#")[0]


def _has_origin(frame: Frame) -> bool:
    return frame.url.startswith(("http:", "https:"))


async def _wipe_frame(frame: Frame) -> None:
    with suppress(PlaywrightError):  # it is gone, or has no storage
        await frame.evaluate("() => { window.name = ''; sessionStorage.clear(); }")
