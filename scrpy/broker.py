"""Dramatiq's broker: Redis as a bell, nothing more.

No middleware: retries, delays, limits and results are the database's business, and a worker's start and end are
plain code that may fail loudly (`jobs.worker`), where Dramatiq would log an error and go on without a browser.
"""

import dramatiq
import redis
from django.conf import settings
from dramatiq.brokers.redis import RedisBroker

TIMEOUT_S = 1.0
MAINTENANCE_PER_MILLION = 50_000
"""Messages that a dead worker held come back by maintenance, a random few commands in a million."""


class Bell(RedisBroker):
    """Redis without delay queues, which every worker would poll as well: delays live in the database."""

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)


def install() -> None:
    """Make this process's broker. Connects on first use."""
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        health_check_interval=30,
    )
    dramatiq.set_broker(
        Bell(  # type: ignore[no-untyped-call]
            client=client, middleware=[], namespace="scrpy", maintenance_chance=MAINTENANCE_PER_MILLION
        )
    )
