"""What a dead process had in hand, freed at once instead of when its leases run out."""

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping

from django.db import DatabaseError, connection

from jobs.queue.leases import expire_worker
from jobs.webhooks.claims import expire_sender

PAUSES_S = (0.0, 0.5, 2.0, 8.0)
"""After the last one the clock does it: the leases have run out by then."""

logger = logging.getLogger(__name__)


FREED: Mapping[str, Callable[[str, int], None]] = {
    "worker": lambda host, pid: expire_worker(host=host, pid=pid),
    "webhooks": lambda host, pid: expire_sender(host=host, pid=pid),
}
"""By the role of who is dead; the other roles hold nothing."""


async def expire_leases(role: str, pid: int) -> None:
    """End the leases of process `pid`. A database that does not answer is asked again."""
    if role not in FREED:
        return
    for pause_s in PAUSES_S:
        await asyncio.sleep(pause_s)
        try:
            await asyncio.to_thread(_expire, role, pid)
        except DatabaseError:
            logger.exception("leases of dead %s %d not expired yet", role, pid)
        else:
            return


def _expire(role: str, pid: int) -> None:
    try:
        FREED[role](socket.gethostname(), pid)
    finally:
        connection.close()
