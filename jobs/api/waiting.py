"""Whoever waits for a job: until it has ended, or for its next page. Nobody holds a database connection meanwhile."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context
from functools import wraps
from itertools import chain
from typing import Any

import redis
import redis.asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError, connections
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from jobs.models import Job
from jobs.queue import bell

logger = logging.getLogger(__name__)

MOST_WAITERS, MOST_OF_ACCOUNT = 400, 200
"""In one process; who comes on top is answered at once. Each keeps an idle thread, as every request under ASGI."""
REREAD_S = 2.0
"""How often a job is looked at while nothing is heard of it: Redis may be away."""
RECONNECT_AFTER_S = 1.0
LISTEN_FOR_S = 10.0


class StillLive(HttpResponse):
    """Not an answer yet: ask the view again, `waited` for this job, when it has ended or `wait_s` are over."""

    def __init__(self, job: Job, *, wait_s: int) -> None:
        super().__init__()
        self.public_id, self.account = job.public_id, job.account_id
        self.wait_s = wait_s


def holding(view: Callable[..., HttpResponse]) -> Callable[..., Coroutine[Any, Any, HttpResponse]]:
    """`view`, whose answer waits where it says so. A client that goes away ends the wait."""

    @csrf_exempt
    @wraps(view)
    async def held(request: HttpRequest, **named: str) -> HttpResponse:
        response = await sync_to_async(view)(request, **named)
        if isinstance(response, StillLive):
            await until_ended(response.public_id, account=response.account, wait_s=response.wait_s)
            response = await sync_to_async(view)(request, **named, waited=response.public_id)
        return response

    return held


async def until_ended(public_id: str, *, account: int, wait_s: float) -> None:
    """Return when the job is no longer live, after `wait_s`, or at once where too many wait already."""
    if waiters.full_for(account):
        return
    with suppress(TimeoutError), waiters.bell_of(public_id, bell.ENDED, account=account) as rung:
        async with asyncio.timeout(wait_s):
            while await sync_to_async(is_live)(public_id):
                await until_rung(rung)


async def until_rung(rung: asyncio.Event) -> None:
    """Return when it has rung since it was asked last, or when it is time to look again."""
    with suppress(TimeoutError):
        await asyncio.wait_for(rung.wait(), REREAD_S)
    rung.clear()


def is_live(public_id: str) -> bool:
    """Whether there is still something to wait for; a database that is away is nothing to wait for. One query."""
    try:
        return Job.objects.live().filter(public_id=public_id).exists()
    except DatabaseError:
        return False
    finally:
        connections.close_all()


class Waiters:
    """Who waits in this process, and for which job. While there are any, one task listens to Redis for all."""

    def __init__(self) -> None:
        self.count = 0
        self._of_account: Counter[int] = Counter()
        self._bells: dict[tuple[str, str], set[asyncio.Event]] = {}
        self._listener: asyncio.Task[None] | None = None

    def full_for(self, account: int) -> bool:
        """Whether as many wait as may, in all or of the account."""
        return self.count >= MOST_WAITERS or self._of_account[account] >= MOST_OF_ACCOUNT

    @contextmanager
    def bell_of(self, public_id: str, *channels: str, account: int) -> Iterator[asyncio.Event]:
        """An event that is set when Redis tells of the job on one of the channels."""
        rung = asyncio.Event()
        for channel in channels:
            self._bells.setdefault((channel, public_id), set()).add(rung)
        self.count += 1
        self._of_account[account] += 1
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), context=Context())  # of no one request
        try:
            yield rung
        finally:
            for channel in channels:
                self._leave((channel, public_id), rung)
            self._of_account -= Counter([account])
            self._count_out()

    def _leave(self, place: tuple[str, str], rung: asyncio.Event) -> None:
        self._bells[place].discard(rung)
        if not self._bells[place]:
            del self._bells[place]

    def _count_out(self) -> None:
        self.count -= 1
        if not self.count and self._listener:
            self._listener.cancel()
            self._listener = None

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear()
            except (redis.RedisError, OSError) as error:
                logger.warning("Redis is away, ends of jobs are noticed by looking: %s", error)
                await asyncio.sleep(RECONNECT_AFTER_S)

    async def _hear(self) -> None:
        client = redis.asyncio.Redis.from_url(settings.REDIS_URL, decode_responses=True, health_check_interval=10)
        async with client, client.pubsub() as channel:
            await channel.subscribe(bell.ENDED, bell.PROGRESS)
            while True:
                message = await channel.get_message(timeout=LISTEN_FOR_S)
                if message:
                    self._ring(message)

    def _ring(self, message: dict[str, Any]) -> None:
        """Wake those whom it concerns; all of them when listening has only begun: what came before went unheard."""
        begun = message["type"] == "subscribe"
        place = (message["channel"], message["data"])
        for rung in chain(*self._bells.values()) if begun else self._bells.get(place, ()):
            rung.set()


waiters = Waiters()
