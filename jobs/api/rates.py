"""How often may be asked: under one key, for one account, and from an address that sends wrong keys.

Counted in Redis, of a request once, and before the database is asked anything. While Redis is away nothing is counted
and nobody is refused: an answer is worth more than a limit.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from math import ceil
from typing import TypeVar

import redis
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from limits import RateLimitItem
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter

from jobs.addresses import client_address
from jobs.api.errors import ApiError
from jobs.api.metrics import UNCOUNTED
from jobs.queue import bell

logger = logging.getLogger(__name__)

T = TypeVar("T")

REST_S, QUIET_S = 5.0, 60.0
"""How long Redis is left alone once it did not answer, and how long nothing more is said of it."""
MOST_KNOWN = 10_000
NEIGHBOURS = 64
"""Bits of an IPv6 address that one client cannot change."""

known: dict[str, int] = {}
"""Whose the keys are that were used lately, by hash: so a refusal asks nothing of the database, and who has shown a
good key is not taken for one that guesses."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands after a request: `more_in_s` tells when there will be more than `remaining`."""

    allowed: bool
    limit: RateLimitItem
    remaining: int
    more_in_s: int


def count(request: HttpRequest, key: str) -> None:
    """Count a request under `key`, whether that is a good one or not. Raises: ApiError if it is one too many."""
    if hasattr(request, "standing"):
        return  # an answer that was held back is asked for again
    name = name_of(key)
    if name not in known:
        refuse_guessing(address_of(request))
    charge(request, settings.SCRPY_RATE_LIMIT, "key", name)
    if name in known:
        charge(request, settings.SCRPY_ACCOUNT_RATE_LIMIT, "account", str(known[name]))


def count_good(request: HttpRequest, key: str, *, account: int) -> None:
    """The key that was counted is the account's, which may not have been known. Raises: ApiError."""
    name = name_of(key)
    if name not in known:
        if len(known) >= MOST_KNOWN:
            known.clear()
        known[name] = account
        charge(request, settings.SCRPY_ACCOUNT_RATE_LIMIT, "account", str(account))


def count_wrong(request: HttpRequest, key: str) -> None:
    """The key that was counted is nobody's, or not any more."""
    known.pop(name_of(key), None)
    request.standing = None  # type: ignore[attr-defined]
    if limit := settings.SCRPY_WRONG_KEY_LIMIT:
        windows(bell.client()).take(limit, "address", address_of(request))


def tell(request: HttpRequest, response: HttpResponseBase) -> None:
    """Say in the answer's headers how often may still be asked."""
    standing: Standing | None = getattr(request, "standing", None)
    if standing:
        response["RateLimit-Limit"] = str(standing.limit.amount)
        response["RateLimit-Remaining"] = str(standing.remaining)
        response["RateLimit-Reset"] = str(standing.more_in_s)


def charge(request: HttpRequest, limit: RateLimitItem | None, *whose: str) -> None:
    """One request more of a key's or an account's; the answer tells of the one that refuses, or has less left."""
    standing = windows(bell.client()).take(limit, *whose) if limit else None
    if standing is None:
        return
    before: Standing | None = getattr(request, "standing", None)
    if before is None or not standing.allowed or standing.remaining < before.remaining:
        request.standing = standing  # type: ignore[attr-defined]
    if not standing.allowed:
        raise too_often(standing, f"This {'API key' if whose[0] == 'key' else 'account'} may ask")


def refuse_guessing(address: str) -> None:
    """Raises: ApiError if too many wrong keys came from there."""
    limit = settings.SCRPY_WRONG_KEY_LIMIT
    standing = windows(bell.client()).look(limit, "address", address) if limit else None
    if standing and not standing.allowed:
        raise too_often(standing, "Too many wrong API keys came from your address, which may send")


def too_often(standing: Standing, who_may: str) -> ApiError:
    limit, again_in_s = standing.limit, max(1, standing.more_in_s)
    message = f"{who_may} {limit.amount:,} times a {limit.GRANULARITY.name}; try again in {again_in_s} s."
    return ApiError("rate_limited", message, headers={"Retry-After": str(again_in_s)})


def name_of(key: str) -> str:
    """What a key is called here. Its secret is part of it: to use a key's requests up, one must have it."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def address_of(request: HttpRequest) -> str:
    """The network that a request comes from: what of the client's address its owner cannot change."""
    text = client_address(request)
    if text is None:
        return "unknown"
    address = ip_address(text)
    return str(ip_network((address.packed, NEIGHBOURS if address.version == 6 else 32), strict=False))  # noqa: PLR2004


class Windows:
    """Moving windows, in Redis, of what was counted. None stands for what Redis was not there to say."""

    def __init__(self, client: redis.Redis) -> None:
        storage = RedisStorage("redis://", connection_pool=client.connection_pool, key_prefix="scrpy:rates")
        self._limiter = MovingWindowRateLimiter(storage)
        self._rests_until = self._quiet_until = 0.0

    def take(self, limit: RateLimitItem, *whose: str) -> Standing | None:
        """Count one more, if there is room for it: atomic, however many do so at once."""
        allowed = self._asked(lambda: self._limiter.hit(limit, *whose))
        standing = None if allowed is None else self.look(limit, *whose)
        if standing is None or allowed:
            return standing and Standing(True, limit, standing.remaining, standing.more_in_s)
        return Standing(False, limit, 0, standing.more_in_s)

    def look(self, limit: RateLimitItem, *whose: str) -> Standing | None:
        """Count nothing."""
        stats = self._asked(lambda: self._limiter.get_window_stats(limit, *whose))
        if stats is None:
            return None
        more_in_s = max(0, ceil(stats.reset_time - time.time()))
        return Standing(stats.remaining > 0, limit, stats.remaining, more_in_s)

    def _asked(self, ask: Callable[[], T]) -> T | None:
        now = time.monotonic()
        if now >= self._rests_until:
            try:
                return ask()
            except bell.AWAY as error:
                self._rest(error, now)
        UNCOUNTED.inc()
        return None

    def _rest(self, error: Exception, now: float) -> None:
        """Who asks after this one need not wait until Redis fails to answer him, too."""
        self._rests_until = time.monotonic() + REST_S
        if now >= self._quiet_until:
            self._quiet_until = now + QUIET_S
            logger.warning("Redis is away, requests are not counted and nobody is refused: %s", error)


@lru_cache(maxsize=1)
def windows(client: redis.Redis) -> Windows:
    return Windows(client)
