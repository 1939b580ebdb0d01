"""What makes a process a page worker: an event loop with the browser, a row, a heartbeat, a listener."""

import asyncio
import logging
import os
import socket
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TypeVar
from uuid import UUID

import psutil
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from dramatiq.asyncio import EventLoopThread

from jobs.failpoints import failpoint
from jobs.models import Worker
from jobs.worker.appetite import Appetite, usual_pages
from jobs.worker.claims import Claims
from jobs.worker.heartbeat import Heartbeat
from jobs.worker.listener import CancelListener
from jobs.worker.runs import Runner
from scraping.browser import BrowserPool, find_chromium
from scraping.browser.memory import memory_limit, own_bytes
from scraping.limits import DEFAULT_LIMITS

logger = logging.getLogger(__name__)

T = TypeVar("T")
LOOP_STARTS_WITHIN_S = 5.0
GIVES_WAY = 5
"""By how much, as nice(1) counts."""


class PageWorker:
    """This process at work on pages."""

    current: "PageWorker"

    def __init__(self, runner: Runner, claims: Claims, row: UUID) -> None:
        self.runner = runner
        self._claims = claims
        self._row = row

    def hand_back(self) -> None:
        """Sign off, and have every thread release its pages in the ordinary way."""
        failpoint("term_received")
        try:
            Worker.objects.filter(pk=self._row).delete()
        except DatabaseError:
            logger.exception("Could not sign off; the row goes stale by itself")
        finally:
            close_old_connections()
        self._claims.abort_all()


@contextmanager
def page_worker() -> Iterator[PageWorker]:
    """Make this process a page worker, `PageWorker.current`; at the end its browser is closed.

    Raises: ChromiumMissing, or a ScrapeError if Chromium does not start.
    """
    with ExitStack() as running:
        loop = running.enter_context(event_loop())
        pool = running.enter_context(browser_pool(loop))
        claims = Claims(loop)
        condition = Condition(pool, claims, loop)
        row = Worker.objects.create(
            host=socket.gethostname(), pid=os.getpid(), lanes=settings.SCRPY_LANES, target=condition.target
        )
        heartbeat = Heartbeat(worker=row.pk, claims=claims, loop=loop, condition=condition)
        listener = CancelListener(claims)
        for thread in (heartbeat, listener):
            thread.start()
            running.callback(thread.stop)
        runner = Runner(worker=row.pk, pool=pool, claims=claims, loop=loop)
        PageWorker.current = PageWorker(runner, claims, row.pk)
        yield PageWorker.current


class Condition:
    """What this process takes and wants, as its row tells it."""

    def __init__(self, pool: BrowserPool, claims: Claims, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pool = pool
        self._claims = claims
        self._own_bytes, self._most_bytes = 0, memory_share()
        self._appetite = Appetite(usual=usual_pages(), most=settings.SCRPY_LANES)
        psutil.cpu_percent()  # from now on
        self._lend_at_once(self.target)

    @property
    def target(self) -> int:
        return self._appetite.pages

    def _lend_at_once(self, lanes: int) -> None:
        self._loop.call_soon_threadsafe(self._pool.lend_at_once, lanes)

    def look(self) -> bool:
        """Whether it wants another number of pages now."""
        before = self.target
        self._lend_at_once(
            self._appetite.look(
                busy=len(self._claims.held()),
                processors=psutil.cpu_percent() / 100,
                memory=max(self._own_bytes / self._most_bytes, psutil.virtual_memory().percent / 100),
            )
        )
        return self.target != before

    def measure(self) -> dict[str, int]:
        """Columns of the row; what it took before if a process that is looked at ends just then."""
        with suppress(OSError):
            self._own_bytes = own_bytes(os.getpid())
        return {"browsers": self._pool.browsers, "memory_bytes": self._own_bytes, "target": self.target}


def memory_share() -> int:
    """How much this process and its browsers may take, in bytes."""
    return memory_limit() // settings.SCRPY_WORKER_PROCESSES


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs in a thread of its own, which gives way to others, as do the browsers started from it.

    So what a page costs is never at the cost of the API, the clock, or the recording of results.
    """
    thread = EventLoopThread(logging.getLogger("dramatiq.loop"))
    thread.start(timeout=LOOP_STARTS_WITHIN_S)
    thread.loop.call_soon_threadsafe(os.nice, GIVES_WAY)
    try:
        yield thread.loop
    finally:
        thread.stop()  # type: ignore[no-untyped-call]


@contextmanager
def browser_pool(loop: asyncio.AbstractEventLoop) -> Iterator[BrowserPool]:
    """A browser that has started, on `loop`; closed at the end, within its own limits."""
    pool = BrowserPool(
        executable=find_chromium(settings.SCRPY_CHROMIUM_PATH),
        lanes=settings.SCRPY_LANES,
        sandbox=settings.SCRPY_SANDBOX,
        policy=settings.EGRESS_POLICY,
        limits=DEFAULT_LIMITS.within(memory_share()),
    )
    wait_for(pool.start(), loop)
    try:
        yield pool
    finally:
        wait_for(pool.close(), loop)


def wait_for(coroutine: Coroutine[None, None, T], loop: asyncio.AbstractEventLoop) -> T:
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()
