"""Dramatiq's broker: Redis as a bell, nothing more.

No middleware: retries, delays, limits and results are the database's business, and a worker's start and end are
plain code that may fail loudly (`jobs.worker`), where Dramatiq would log an error and go on without a browser.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dramatiq
import redis
from django.conf import settings
from dramatiq import Message
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed

TIMEOUT_S = 1.0
MAINTENANCE_PER_MILLION = 50_000
"""Messages that a dead worker held come back by maintenance, a random few commands in a million."""


LOOK_EVERY_S, LOOK_WHEN_FULL_S = 1.0, 0.05
"""How long a consumer waits to be woken, and how long while it has all that it may have."""


class WokenConsumer(_RedisConsumer):
    """Looks into Redis when it is woken, and now and then by itself: Dramatiq's own looks ten times a second.

    It listens from before its first look on, so that no message comes unheard between a look and the wait.
    """

    def __init__(self, broker: "Bell", queue_name: str, prefetch: int, _timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, 0)  # type: ignore[no-untyped-call]
        self._calls = broker.client.pubsub(ignore_subscribe_messages=True)
        with closed_if_away():
            self._calls.subscribe(calls_for(queue_name))

    def __next__(self) -> MessageProxy | None:
        message: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        if message is None:
            self._wait()
        return message

    def _wait(self) -> None:
        full = self.outstanding_message_count >= self.prefetch
        with closed_if_away():
            called = self._calls.get_message(timeout=LOOK_WHEN_FULL_S if full else LOOK_EVERY_S)
            while called:
                called = self._calls.get_message()

    def close(self) -> None:
        self._calls.close()


@contextmanager
def closed_if_away() -> Iterator[None]:
    """Raises: ConnectionClosed, after which Dramatiq makes another consumer."""
    try:
        yield
    except redis.RedisError as error:
        raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]


def calls_for(queue_name: str) -> str:
    """The channel that wakes who works on a queue."""
    return f"scrpy:calls:{queue_name}"


class Bell(RedisBroker):
    """Redis without delay queues, which every worker would poll as well: delays live in the database."""

    @property
    def consumer_class(self) -> type[WokenConsumer]:
        return WokenConsumer

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        enqueued = super().enqueue(message, delay=delay)
        self.client.publish(calls_for(message.queue_name), "")
        return enqueued

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
