"""The bell: small messages through Redis that say "look at the database now". Any of them may get lost.

No call here waits longer than a second or raises because Redis is away: whoever would have been woken looks
again by itself, a little later.
"""

import logging
from collections.abc import Sequence
from functools import cache
from uuid import UUID

import dramatiq
import redis
from django.conf import settings
from dramatiq.errors import BrokerConnectionError

from jobs.failpoints import failpoint

logger = logging.getLogger(__name__)

ENDED = "scrpy:ended"
"""Channel: the public id of each job that has ended, for those who wait for it."""
PROGRESS = "scrpy:progress"
"""Channel: the public id of each job of which a page has ended, and which goes on, for those who listen to it."""
CANCELLED = "scrpy:cancelled"
"""Channel: the row id of each job that was cancelled, for workers with pages of it in flight."""
MEMORY = "scrpy:memory"
"""Key: gone when Redis has forgotten what was rung."""
CLOCKS = "scrpy:clock:"
"""Beginning of keys: one for each clock that runs, gone soon after it."""
CLOCK_SEEN_S = 10
QUEUES = ("pages", "webhooks")
TIMEOUT_S = 1.0
AWAY = (redis.RedisError, BrokerConnectionError, OSError, ValueError, AttributeError)
"""What shows that Redis is; the last three when another thread gives up a connection while this one waits for it.

Source: https://github.com/redis/redis-py/issues/2967.
"""


@cache
def client() -> redis.Redis:
    """This process's connections to Redis for publishing."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, decode_responses=True
    )


def ring_runs(tokens: Sequence[UUID]) -> Sequence[UUID]:
    """One message per claimed run; those that Redis did not take. Nothing more is tried after the first."""
    for place, token in enumerate(tokens):
        failpoint("before_ring")
        if not ring("pages", "render_run", str(token)):
            return tokens[place:]
    return ()


def ring_deliveries(delivery_ids: Sequence[int]) -> bool:
    """One message for all of them: they go to one endpoint, one after the other."""
    return ring("webhooks", "deliver_run", list(delivery_ids))


def ring(queue: str, actor: str, argument: str | list[int]) -> bool:
    """Enqueue a message by its actor's name; False if Redis is away. Sends."""
    message = dramatiq.Message[None](queue_name=queue, actor_name=actor, args=(argument,), kwargs={}, options={})
    try:
        dramatiq.get_broker().enqueue(message)
    except AWAY as error:
        logger.warning("Redis is away, the clock will ring again: %s", error)
        return False
    return True


def publish(channel: str, text: str) -> None:
    """Tell all who listen now; nobody, if Redis is away. Sends."""
    try:
        client().publish(channel, text)
    except AWAY as error:
        logger.warning("Redis is away, nobody heard %s: %s", channel, error)


def has_forgotten() -> bool:
    """Whether what was rung is lost: Redis is another one, or was emptied. False while it is away. Sends."""
    try:
        return not client().exists(MEMORY)
    except AWAY:
        return False


def note_memory() -> None:
    """From now on, tell whether Redis forgets. Sends. Raises: RedisError."""
    client().set(MEMORY, "")


def note_clock(name: str) -> None:
    """This clock runs; noted for whoever looks, and nowhere if Redis is away. Sends."""
    try:
        client().set(f"{CLOCKS}{name}", "", ex=CLOCK_SEEN_S)
    except AWAY as error:
        logger.warning("Redis is away, nobody sees this clock: %s", error)


def clocks() -> list[str]:
    """The names of the clocks that run. Sends. Raises: RedisError."""
    return sorted(key.removeprefix(CLOCKS) for key in client().scan_iter(f"{CLOCKS}*", count=1_000))


def unheard() -> dict[str, int]:
    """How many messages of each queue nobody has taken yet. Sends. Raises: RedisError."""
    return {queue: client().llen(f"dramatiq:{queue}") for queue in QUEUES}
