"""One Chromium with its driver: launched, known by its process ids, and gone without a trace when closed."""

import asyncio
import logging
import os
import re
import shutil
import socket
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from playwright.async_api import Browser as PlaywrightBrowser
from playwright.async_api import CDPSession, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from scraping.browser import processes
from scraping.browser.processes import Process
from scraping.browser.watch import Watch
from scraping.egress.policy import LISTENERS
from scraping.errors import BrowserCrashed
from scraping.limits import Limits

if TYPE_CHECKING:
    from scraping.browser.tab import Lane

log = logging.getLogger(__name__)

Sandbox = Literal["auto", "on", "off"]

PROXY_EVERYTHING = "<-loopback>"
"""Chromium goes round a proxy to reach loopback, unless this is among what goes round it."""

KEPT_ENVIRONMENT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "FONTCONFIG_FILE",
)
"""What Chromium gets of the environment: neither the operator's proxies nor scrpy's secrets."""

DRIVER = "run-driver"
DEATH_POLL_S = 0.01
PROFILE = "user-data-dir"

ARGUMENTS = (
    "--block-new-web-contents",  # window.open and target=_blank open nothing, and fetch nothing
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    # Names are for the lanes' proxies to resolve. ~NOTFOUND would itself be asked for, by multicast DNS.
    f"--host-resolver-rules=MAP * 255.255.255.255 , EXCLUDE {LISTENERS}",
    "--no-pings",
    "--disable-domain-reliability",
    "--disable-crash-reporter",
    "--enable-logging=stderr",  # or the next is not heard
    "--log-level=2",  # what pages write to their consoles would go to the driver, too
)

NO_IMAGES = "--blink-settings=imagesEnabled=false"

UNWANTED_ARGUMENTS = ("--disable-ipc-flooding-protection",)
"""Of Playwright's own: without the protection, a page that floods the history starves all others and the driver."""


@dataclass(eq=False)
class Browser:
    """A running Chromium, its driver, and the lanes opened in it."""

    handle: PlaywrightBrowser
    playwright: Playwright
    process: Process
    driver: Process
    directories: tuple[Path, ...]
    limits: Limits
    dead_end: socket.socket
    session: CDPSession
    images: bool

    def __post_init__(self) -> None:
        self.lanes: set[Lane] = set()
        self.pages = 0
        self.killed = False
        self.launched_at = time.monotonic()
        self.watch = Watch(self)

    @property
    def alive(self) -> bool:
        """Whether it can be asked for anything; a stopped one still looks alive."""
        return not self.killed and self.handle.is_connected() and self.process.alive and self.driver.alive

    @property
    def worn(self) -> bool:
        """Whether it has served long enough, or grown so large, that it is to be replaced."""
        age_s = time.monotonic() - self.launched_at
        old = self.pages >= self.limits.browser_max_pages or age_s >= self.limits.browser_max_age_s
        return old or self.watch.bloated

    def kill(self) -> None:
        """Kill Chromium at once; whatever waits for it fails."""
        self.killed = True
        self.process.kill_group()

    async def close(self) -> None:
        """Close it, politely at first; afterwards neither process nor directory is left. Never raises."""
        for lane in self.lanes:
            lane.cut_off()
        limit_s = self.limits.cleanup_timeout_ms / 1000
        with suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(limit_s):
                await self.handle.close()
        self.kill()
        with suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(limit_s):
                await self.playwright.stop()
        self.driver.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._death()
        self.dead_end.close()
        await asyncio.to_thread(_remove, self.directories)

    async def _death(self) -> None:
        while self.process.alive or self.driver.alive:  # noqa: ASYNC110  (nothing tells us when another's child ends)
            await asyncio.sleep(DEATH_POLL_S)


async def launch(executable: Path, *, sandbox: Sandbox, limits: Limits, images: bool = False) -> Browser:
    """Start Chromium under a driver of its own. Whether it loads images is the same for all of its lanes.

    `sandbox="auto"` means on where the system allows it: not for root, and not where Chromium says it cannot.

    Raises: BrowserCrashed, saying why it did not start.
    """
    wanted = sandbox == "on" or (sandbox == "auto" and os.geteuid() != 0)
    try:
        return await _launch(executable, sandboxed=wanted, limits=limits, images=images)
    except PlaywrightError as exc:
        if sandbox != "auto" or not wanted or "sandbox" not in exc.message:
            raise BrowserCrashed(f"Chromium ({executable}) did not start: {_reason(exc)}") from exc
    log.warning("Chromium's sandbox is not available to this user; running without it.")
    return await launch(executable, sandbox="off", limits=limits, images=images)


async def _launch(executable: Path, *, sandboxed: bool, limits: Limits, images: bool) -> Browser:
    others = _drivers()
    scratch = Path(tempfile.mkdtemp(prefix="scrpy-b-"))
    dead_end = _dead_end()
    try:
        async with asyncio.timeout(limits.launch_timeout_ms / 1000):
            playwright = await async_playwright().start()
            try:
                return await _start(
                    playwright, executable, scratch, dead_end, sandboxed=sandboxed, limits=limits, images=images
                )
            except PlaywrightError:
                await playwright.stop()  # which removes the profile of a Chromium that did not start
                raise
    except BaseException as exc:
        dead_end.close()
        _abandon(_drivers() - others, scratch)
        if isinstance(exc, TimeoutError):
            raise BrowserCrashed(f"Chromium did not start within {limits.launch_timeout_ms:,} ms.") from exc
        raise


def _drivers() -> set[Process]:
    return processes.children(os.getpid(), DRIVER)


def _abandon(drivers: set[Process], scratch: Path) -> None:
    """Kill drivers that are of no use, and what they have started, and remove what was theirs."""
    directories = [scratch]
    for driver in drivers:
        for browser in processes.children(driver.pid):
            if profile := browser.argument(PROFILE):
                directories.append(Path(profile))
            browser.kill_group()
        driver.kill()
    _remove(tuple(directories))


async def _start(
    playwright: Playwright,
    executable: Path,
    scratch: Path,
    dead_end: socket.socket,
    *,
    sandboxed: bool,
    limits: Limits,
    images: bool,
) -> Browser:
    handle = await playwright.chromium.launch(
        executable_path=executable,
        chromium_sandbox=sandboxed,
        args=ARGUMENTS if images else (*ARGUMENTS, NO_IMAGES),
        env={"TMPDIR": str(scratch), **{name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}},
        proxy={"server": "http://{}:{}".format(*dead_end.getsockname()), "bypass": PROXY_EVERYTHING},
        ignore_default_args=UNWANTED_ARGUMENTS,
        downloads_path=scratch,
        artifacts_dir=scratch,
        handle_sigint=False,
        handle_sigterm=False,
        handle_sighup=False,
        timeout=limits.launch_timeout_ms,
    )
    session = await handle.new_browser_cdp_session()
    process = await _root_process(session)
    profile = process.argument(PROFILE)
    directories = (scratch, Path(profile)) if profile else (scratch,)
    return Browser(handle, playwright, process, _driver_of(process), directories, limits, dead_end, session, images)


def _dead_end() -> socket.socket:
    """A port at which nobody listens, nor can while it is held: the proxy of whatever belongs to no lane."""
    held = socket.socket()
    held.bind((LISTENERS, 0))
    return held


async def _root_process(session: CDPSession) -> Process:
    """Chromium's own root process: a distribution's launcher script may stand between it and the driver."""
    info = await session.send("SystemInfo.getProcessInfo")
    pid = next(entry["id"] for entry in info["processInfo"] if entry["type"] == "browser")
    process = Process.find(pid)
    if process is None:
        raise BrowserCrashed("Chromium ended while it was starting.")
    return process


def _driver_of(process: Process) -> Process:
    """The driver above `process`: the nearest ancestor that is a child of this very process."""
    ancestor = process.parent()
    while ancestor is not None:
        above = ancestor.parent()
        if above is not None and above.pid == os.getpid():
            return ancestor
        ancestor = above
    raise BrowserCrashed("The browser's driver ended while Chromium was starting.")


def _reason(exc: PlaywrightError) -> str:
    """What Chromium itself said before it gave up, from the log that Playwright's message holds."""
    said: list[str] = re.findall(r"\[err\] (.+)", exc.message) or ["it gave no reason."]
    return next((line for line in said if "FATAL" in line), said[-1])


def _remove(directories: tuple[Path, ...]) -> None:
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)
