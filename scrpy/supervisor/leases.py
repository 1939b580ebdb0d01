"""A dead worker's pages, freed at once instead of when their leases run out."""

import asyncio
import logging
import socket

from django.db import DatabaseError, connection

from jobs.queue.leases import expire_worker

PAUSES_S = (0.0, 0.5, 2.0, 8.0)
"""After the last one the clock does it: the leases have run out by then."""

logger = logging.getLogger(__name__)


async def expire_leases(pid: int) -> None:
    """End the leases of worker process `pid`. A database that does not answer is asked again."""
    for pause_s in PAUSES_S:
        await asyncio.sleep(pause_s)
        try:
            await asyncio.to_thread(_expire, pid)
        except DatabaseError:
            logger.exception("leases of dead worker %d not expired yet", pid)
        else:
            return


def _expire(pid: int) -> None:
    try:
        expire_worker(host=socket.gethostname(), pid=pid)
    finally:
        connection.close()
