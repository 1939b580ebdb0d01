"""Keeps a worker's leases while its event loop lives; a stuck loop must lose them.

The loop stamps the time; a plain thread renews only while the stamp is fresh, and ends a process whose loop is
stuck for good, so that its supervisor starts another.
"""

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from django.db import DatabaseError, close_old_connections
from django.db.models.functions import Now

from jobs.models import Worker
from jobs.queue.leases import renew
from jobs.worker.claims import Claims

logger = logging.getLogger(__name__)

INTERVAL_S, LOOK_EVERY_S = 5.0, 1.0
STAMP_EVERY_S = 1.0
STUCK_AFTER_S, HOPELESS_AFTER_S = 10.0, 60.0


class Condition(Protocol):
    """What the worker's row tells of its process."""

    def look(self) -> bool:
        """Whether it is to be told at once; asked every second or so."""

    def measure(self) -> Mapping[str, int]:
        """Columns of the row."""


class Heartbeat(threading.Thread):
    """Renews the leases of `claims` every few seconds, and aborts those that were lost meanwhile."""

    def __init__(self, *, worker: UUID, claims: Claims, loop: asyncio.AbstractEventLoop, condition: Condition) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._condition = condition
        self._worker = worker
        self._claims = claims
        self._stamp = time.monotonic()
        self._stopped = threading.Event()
        self._stamping = asyncio.run_coroutine_threadsafe(self._stamp_for_ever(), loop)

    async def _stamp_for_ever(self) -> None:
        while True:
            self._stamp = time.monotonic()
            await asyncio.sleep(STAMP_EVERY_S)

    def run(self) -> None:
        beat_at = time.monotonic() + INTERVAL_S
        while not self._stopped.wait(min(LOOK_EVERY_S, INTERVAL_S)):
            if not self._condition.look() and time.monotonic() < beat_at:
                continue
            beat_at = time.monotonic() + INTERVAL_S
            stuck_s = time.monotonic() - self._stamp
            if stuck_s > HOPELESS_AFTER_S:
                logger.critical("The event loop has been stuck for %.0f s: ending this worker", stuck_s)
                os.kill(os.getpid(), signal.SIGKILL)
            elif stuck_s > STUCK_AFTER_S:
                logger.error("The event loop has been stuck for %.0f s: its leases run out", stuck_s)
            else:
                self._beat()

    def _beat(self) -> None:
        close_old_connections()
        try:
            Worker.objects.filter(pk=self._worker).update(last_seen_at=Now(), **self._condition.measure())
            held = {claim.token: claim for claim in self._claims.held()}
            standing = renew(held.keys(), worker=self._worker)
        except DatabaseError:
            logger.exception("Could not renew the leases")
            return
        finally:
            close_old_connections()
        for token in held.keys() - standing:
            held[token].abort()

    def stop(self) -> None:
        self._stopped.set()
        self._stamping.cancel()
        self.join()
