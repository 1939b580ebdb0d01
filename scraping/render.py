"""One URL in one lane: go there, wait for the page, read the fields."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from http import HTTPStatus
from typing import cast

from scraping.browser.failures import DocumentGone
from scraping.browser.tab import Lane, LoadState
from scraping.egress import gate
from scraping.egress.gate import Target
from scraping.errors import (
    BlockedAddress,
    BrowserCrashed,
    ConnectionFailed,
    HttpError,
    InvalidSelector,
    NavigationTimeout,
    RateLimited,
    ScrapeError,
    TooLarge,
    UnsupportedContent,
)
from scraping.limits import Limits
from scraping.rules import Rules

ERROR_PAGE = "chrome-error:"
NO_PAGE = "about:"
UNREADABLE_TYPES = ("image/", "video/", "audio/", "application/pdf")

MIB = 1024 * 1024
WAITING_SHARE = 0.9
"""How much of a page's remaining time `auto` may wait; the rest is for reading what is there."""


class WaitUntil(StrEnum):
    """When a page counts as ready; `auto` is when every field was found and the page has come to rest."""

    AUTO = "auto"
    COMMIT = "commit"
    DOMCONTENTLOADED = "domcontentloaded"
    LOAD = "load"
    NETWORKIDLE = "networkidle"


@dataclass(frozen=True)
class FetchOptions:
    """How one page is fetched."""

    timeout_ms: int = 30_000
    wait_until: WaitUntil = WaitUntil.AUTO


@dataclass
class Outcome:
    """What became of a page that was scraped.

    `cut` names the fields that were over a size budget, `blocked_requests` counts what the page asked of addresses that
    must not be reached, and `received_bytes` what was received for it, heads and encryption included.
    """

    data: dict[str, object]
    status_code: int | None
    final_url: str
    duration_ms: int
    blocked_requests: int = 0
    received_bytes: int = 0
    cut: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class _Reading:
    """What one document said: for each rule its value, and whether that was cut."""

    url: str
    status: int
    content_type: str
    values: list[tuple[object, bool]]


async def scrape(lane: Lane, target: Target, rules: Rules, options: FetchOptions) -> Outcome:
    """Fetch `target` in `lane` and read the fields that `rules` name; the lane is wiped afterwards.

    If the page did not end by itself (its time was up, or the caller was cancelled), the lane is closed before this
    returns: nothing less is sure to end its scripts and requests.

    Raises: ScrapeError. Bounded by `options.timeout_ms` and the clean-up's own budget.
    """
    started_at = time.monotonic()
    deadline = asyncio.get_running_loop().time() + options.timeout_ms / 1000
    try:
        async with _closing_unfinished(lane), asyncio.timeout_at(deadline):
            reading = await _visit(lane, target, rules, options.wait_until, deadline)
    except TimeoutError as exc:
        raise NavigationTimeout(f"{target.host} was not ready within {options.timeout_ms:,} ms.") from exc
    except BrowserCrashed as exc:
        raise lane.cause_of(exc) from exc
    finally:
        await lane.wipe()
    return Outcome(
        data={rule.name: value for rule, (value, _) in zip(rules, reading.values, strict=True)},
        status_code=reading.status,
        final_url=reading.url,
        duration_ms=round((time.monotonic() - started_at) * 1000),
        blocked_requests=lane.traffic.blocked_requests,
        received_bytes=lane.traffic.received_bytes,
        cut=frozenset(rule.name for rule, (_, cut) in zip(rules, reading.values, strict=True) if cut),
    )


@asynccontextmanager
async def _closing_unfinished(lane: Lane) -> AsyncIterator[None]:
    try:
        yield
    except (NavigationTimeout, TooLarge, TimeoutError, asyncio.CancelledError):
        await lane.close()
        raise


async def _visit(lane: Lane, target: Target, rules: Rules, wait_until: WaitUntil, deadline: float) -> _Reading:
    """Navigate, and read the first document that stays until it is ready."""
    response = await lane.goto(target)
    if response is not None:
        _check_status(response.status, response.url, target, retry_after=response.headers.get("retry-after"))
    for _ in range(lane.limits.max_documents):
        with suppress(DocumentGone):
            reading = await lane.unless_lost(_read(lane, rules, wait_until, deadline))
            _check_document(reading, lane, target)
            return reading
    raise NavigationTimeout(f"{target.host} led on to another document {lane.limits.max_documents} times.")


async def _read(lane: Lane, rules: Rules, wait_until: WaitUntil, deadline: float) -> _Reading:
    """Wait for the tab's present document and read it, both in one call. Raises: DocumentGone."""
    limits = lane.limits
    order: dict[str, object] = {"rules": rules.described, "limits": _size_limits(limits), "wait": None}
    if wait_until is WaitUntil.AUTO:
        order["wait"] = _waits(limits, deadline)
        world = await lane.enter()
        async with _network_watched(lane, world):
            return _parsed(await lane.call(world, "read", order), rules, limits)
    await lane.wait_for(cast(LoadState, wait_until.value))
    return _parsed(await lane.call(await lane.enter(), "read", order), rules, limits)


def _size_limits(limits: Limits) -> dict[str, int]:
    return {
        "value": limits.max_value_bytes,
        "data": limits.max_data_bytes,
        "items": limits.max_list_items,
        "html": limits.max_html_bytes,
        "requests": limits.max_requests,
    }


def _waits(limits: Limits, deadline: float) -> dict[str, float]:
    """How long `auto` waits for what, in milliseconds."""
    remaining_s = deadline - asyncio.get_running_loop().time()
    return {
        "quiet": limits.quiet_ms,
        "restless": limits.restless_ms,
        "late": limits.late_ms,
        "settle": limits.settle_ms,
        "remaining": remaining_s * 1000 * WAITING_SHARE,
    }


@asynccontextmanager
async def _network_watched(lane: Lane, world: int) -> AsyncIterator[None]:
    """Tell the reader in `world` when the network has gone idle, which a page's own script cannot see."""
    watch = asyncio.create_task(_note_network_idle(lane, world))
    try:
        yield
    finally:
        watch.cancel()


async def _note_network_idle(lane: Lane, world: int) -> None:
    with suppress(DocumentGone, ScrapeError):
        await lane.wait_for("networkidle")
        await lane.call(world, "noteNetworkIdle")


def _parsed(answer: str, rules: Rules, limits: Limits) -> _Reading:
    """The reader's answer. Raises: TooLarge; InvalidSelector, naming the field that the browser refused."""
    found = json.loads(answer)
    if "overBudget" in found:
        raise TooLarge(_overrun(found["overBudget"], limits))
    if "badSelector" in found:
        name = rules[found["badSelector"]].name
        raise InvalidSelector(f"selectors.{name}: the browser cannot use this selector.", field=f"selectors.{name}")
    values = [(value, cut) for value, cut in found["values"]]
    return _Reading(found["url"], found["status"], found["contentType"], values)


def _overrun(budget: str, limits: Limits) -> str:
    if budget == "requests":
        return f"The page made more than {limits.max_requests:,} requests."
    return f"The page's HTML is larger than {limits.max_html_bytes / MIB:g} MiB."


def _check_document(reading: _Reading, lane: Lane, target: Target) -> None:
    """Refuse a document that is not the page that was asked for. Raises: ScrapeError."""
    if reading.url.startswith(ERROR_PAGE):
        raise ConnectionFailed(f"{target.host} led on to an address that could not be loaded.")
    if gate.leads_inside(reading.url, lane.policy):
        raise BlockedAddress(f"{target.host} led on to an address that must not be fetched.")
    if reading.url.startswith(NO_PAGE):
        raise UnsupportedContent(f"{target.host} led on to {reading.url}, where nothing is.")
    _check_status(reading.status, reading.url, target)
    if reading.content_type.startswith(UNREADABLE_TYPES):
        raise UnsupportedContent(
            f"{target.host} answered with {reading.content_type}, which has no fields to read.",
            status_code=reading.status,
            final_url=reading.url,
        )


def _check_status(status: int, url: str, target: Target, *, retry_after: str | None = None) -> None:
    retry_after_s = _seconds(retry_after)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        message = f"{target.host} answered 429: it wants fewer requests."
        raise RateLimited(message, status_code=status, final_url=url, retry_after_s=retry_after_s)
    if status >= HTTPStatus.BAD_REQUEST:
        message = f"{target.host} answered {status}."
        raise HttpError(message, status_code=status, final_url=url, retry_after_s=retry_after_s)


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After header, a number of seconds or a date, as seconds from now."""
    if retry_after is None:
        return None
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (until.astimezone(UTC) - datetime.now(UTC)).total_seconds())
