"""Starts and stops what makes a Dramatiq worker ours: its row, its browser, its heartbeat, its listener."""

import asyncio
import logging
import os
import socket
from collections.abc import Coroutine
from uuid import UUID

import dramatiq
from django.conf import settings
from django.db import DatabaseError, close_old_connections
from dramatiq.asyncio import get_event_loop_thread

from jobs.models import Worker
from jobs.queue.dispatch import try_dispatch
from jobs.worker.claims import Claims
from jobs.worker.heartbeat import Heartbeat
from jobs.worker.listener import CancelListener
from jobs.worker.runs import Runner
from scraping.browser import BrowserPool, find_chromium

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 10.0
PAGES_PER_CORE = 4
"""How many pages a core renders at once: some are busy, most wait for their site."""


def wanted_pages() -> int:
    """How many pages this process wants at once."""
    return min(settings.SCRPY_LANES, max(1, PAGES_PER_CORE * settings.CORES // settings.SCRPY_WORKER_PROCESSES))


class PageWorker(dramatiq.Middleware):
    """Dramatiq middleware; comes after `AsyncIO`, whose event loop the browser lives on."""

    runner: Runner

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        thread = get_event_loop_thread()
        assert thread
        self._loop = thread.loop
        self._pool = BrowserPool(
            executable=find_chromium(settings.SCRPY_CHROMIUM_PATH),
            lanes=settings.SCRPY_LANES,
            sandbox=settings.SCRPY_SANDBOX,
            allow=settings.SCRPY_EGRESS_ALLOW,
        )
        self._on_loop(self._pool.start())
        self._row = Worker.objects.create(
            host=socket.gethostname(), pid=os.getpid(), lanes=settings.SCRPY_LANES, target=wanted_pages()
        )
        self._claims = Claims(self._loop)
        PageWorker.runner = Runner(worker=self._row.pk, pool=self._pool, claims=self._claims, loop=self._loop)
        self._heartbeat = Heartbeat(worker=self._row.pk, claims=self._claims, loop=self._loop)
        self._listener = CancelListener(self._claims)
        self._heartbeat.start()
        self._listener.start()

    def after_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """There are free lanes now: whoever waited for a worker need not wait for the clock."""
        try_dispatch()

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Ask for no more, and have every thread release its pages in the ordinary way."""
        self._retire_row(self._row.pk)
        self._claims.abort_all()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._listener.stop()
        self._heartbeat.stop()
        self._on_loop(self._pool.close())

    def _on_loop(self, coroutine: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    @staticmethod
    def _retire_row(pk: UUID) -> None:
        try:
            Worker.objects.filter(pk=pk).delete()
        except DatabaseError:
            logger.exception("Could not sign off; the row goes stale by itself")
        finally:
            close_old_connections()
