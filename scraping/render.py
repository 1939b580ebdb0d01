"""One URL in one lane: go there, wait for the page, read the fields."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, cast

from scraping.acting import ActionReport, Performance
from scraping.browser.failures import DocumentGone
from scraping.browser.tab import Lane, LoadState
from scraping.capture import Capture, documents, pictures, wholes_for
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
    WaitTimeout,
)
from scraping.limits import MIB, Limits
from scraping.options import Awaited, FetchOptions, Output, WaitUntil
from scraping.retry_after import retry_after_s
from scraping.rules import Extraction, Page, Report, Rules, evaluate
from scraping.rules.structured import read_jsonld
from scraping.trace import Trace, lengths

ERROR_PAGE = "chrome-error:"
NO_PAGE = "about:"
UNREADABLE_TYPES = ("image/", "video/", "audio/", "application/pdf")

WAITING_SHARE = 0.9
"""How much of a page's remaining time `auto` may wait; the rest is for reading what is there."""


WAITED_FOR = "options.waitFor.selector"
LONGEST_SHOWN = 200
WATCHED_EVERY_S = 0.4
"""How often a page that is waited for is told that time goes on; the reader believes a little more without it."""
IDLE_NOT_BEFORE_S = 0.4
"""The network of a document is idle once nothing has been asked for half a second: most are read before that."""


@dataclass
class Outcome:
    """What became of a page that was scraped.

    `reports` tells of each field why it is what it is. `blocked_requests` counts what the page asked of addresses that
    must not be reached, and `received_bytes` what was received for it, heads and encryption included.
    """

    data: dict[str, object]
    status_code: int | None
    final_url: str
    duration_ms: int
    blocked_requests: int = 0
    received_bytes: int = 0
    reports: dict[str, Report] = field(default_factory=dict)
    captures: tuple[Capture, ...] = ()
    actions: tuple[ActionReport, ...] = ()
    trace: Trace | None = None

    @property
    def explained(self) -> dict[str, object]:
        """The reports as results show them."""
        return {path: report.shown() for path, report in self.reports.items()}

    @property
    def cut(self) -> frozenset[str]:
        """What was over a size budget: fields by path, and captures, such as `outputs.fullPageScreenshot`."""
        fields = {path for path, report in self.reports.items() if report.cut}
        return frozenset(fields | {f"outputs.{capture.output}" for capture in self.captures if capture.cut})


@dataclass(frozen=True)
class _Reading:
    """What one document said, as the reader put it."""

    url: str
    status: int
    content_type: str
    base_url: str
    readings: list[dict[str, Any]]
    jsonld: list[str]
    jsonld_cut: bool
    wholes: dict[str, Any]
    world: int
    """The document's isolated world, which is there as long as the document."""
    ends_ms: Mapping[str, float]
    """When each phase ended, and last when it was read, from its navigation on."""
    read_at: float


async def scrape(
    lane: Lane, target: Target, rules: Rules, options: FetchOptions, *, navigated: Callable[[], object] = lambda: None
) -> Outcome:
    """Fetch `target` in `lane` and read the fields that `rules` name; the lane is wiped afterwards.

    If the page did not end by itself (its time was up, or the caller was cancelled), the lane is closed before this
    returns: nothing less is sure to end its scripts and requests. `navigated` is called once the site has answered.

    Raises: ScrapeError. Bounded by `options.timeout_ms` and the clean-up's own budget.
    """
    started_at = time.monotonic()
    deadline = asyncio.get_running_loop().time() + options.timeout_ms / 1000
    acts = Performance(lane, options)
    with acts.told_of_failures(), _traced(lane):
        try:
            async with _closing_unfinished(lane), asyncio.timeout_at(deadline):
                reading, taken = await _visit(
                    lane, target, rules, options, deadline=deadline, acts=acts, navigated=navigated
                )
        except TimeoutError as exc:
            raise NavigationTimeout(f"{target.host} was not ready within {options.timeout_ms:,} ms.") from exc
        except BrowserCrashed as exc:
            raise lane.cause_of(exc) from exc
        finally:
            await lane.wipe()
        extraction, made = await asyncio.to_thread(_worked_out, reading, rules, options, lane.limits)
    duration_ms = round((time.monotonic() - started_at) * 1000)
    return Outcome(
        data=extraction.data,
        status_code=reading.status,
        final_url=reading.url,
        duration_ms=duration_ms,
        blocked_requests=lane.traffic.blocked_requests,
        received_bytes=lane.traffic.received_bytes,
        reports=extraction.reports,
        captures=(*made, *acts.captures, *taken),
        actions=acts.reports,
        trace=lane.trace(_phases(reading, started_at=started_at, duration_ms=duration_ms)),
    )


def _phases(reading: _Reading, *, started_at: float, duration_ms: int) -> dict[str, int]:
    """Those of all that was done for the page, of which its document knows a part."""
    *phases, read = reading.ends_ms
    before_ms = (reading.read_at - started_at) * 1000 - reading.ends_ms[read]
    return lengths({**{name: before_ms + reading.ends_ms[name] for name in phases}, "extract": duration_ms})


@contextmanager
def _traced(lane: Lane) -> Iterator[None]:
    """Whatever error leaves this carries what is known of the attempt."""
    try:
        yield
    except ScrapeError as error:
        error.trace = lane.trace()
        raise


@asynccontextmanager
async def _closing_unfinished(lane: Lane) -> AsyncIterator[None]:
    try:
        yield
    except (NavigationTimeout, TooLarge, TimeoutError, asyncio.CancelledError):
        await lane.close()
        raise


def _worked_out(
    reading: _Reading, rules: Rules, options: FetchOptions, limits: Limits
) -> tuple[Extraction, list[Capture]]:
    """The values, and the documents. Not for the event loop: it may take a while."""
    jsonld = read_jsonld(reading.jsonld)
    page = Page(
        reading.base_url,
        options.locale,
        max_value_bytes=limits.max_value_bytes,
        max_html_bytes=limits.max_markup_bytes,
        jsonld=jsonld,
        jsonld_cut=reading.jsonld_cut,
        max_data_bytes=limits.max_data_bytes,
    )
    made = documents(reading.wholes, content_type=reading.content_type, jsonld=jsonld, options=options)
    return evaluate(rules, reading.readings, page), made


async def _visit(
    lane: Lane,
    target: Target,
    rules: Rules,
    options: FetchOptions,
    *,
    deadline: float,
    acts: Performance,
    navigated: Callable[[], object],
) -> tuple[_Reading, list[Capture]]:
    """Navigate, act, and read what there is then.

    Where there are actions, they begin once the document and what is waited for are there: whatever else the page is
    to be waited for comes after them.
    """
    response = await lane.goto(target, options.sent)
    navigated()
    if response is not None:
        retry_after = response.headers.get("retry-after")
        _check_status(response.status, response.url, target, options, retry_after=retry_after)
    times = _Times.beginning(options, deadline)
    if options.actions:
        opening = replace(options, wait_until=WaitUntil.DOMCONTENTLOADED, outputs=frozenset(), keep_html=False)
        await _settled(lane, target, Rules(()), opening, times)
        await lane.unless_lost(acts.play(lambda: times.ready_ms))
        options = replace(options, actions=(), awaited=None, pause_ms=0)
    return await _settled(lane, target, rules, options, times)


async def _settled(
    lane: Lane, target: Target, rules: Rules, options: FetchOptions, times: "_Times"
) -> tuple[_Reading, list[Capture]]:
    """Read the first document that stays until it is ready, and take its pictures."""
    for _ in range(lane.limits.max_documents):
        with suppress(DocumentGone):
            reading = await lane.unless_lost(_read(lane, rules, options, times))
            _check_document(reading, lane, target, options)
            taking = pictures(lane, options, world=reading.world, deadline=times.deadline)
            return reading, await lane.unless_lost(taking)
    raise NavigationTimeout(f"{target.host} led on to another document {lane.limits.max_documents} times.")


@dataclass(frozen=True)
class _Times:
    """Until when what is waited for, in the event loop's time: however many documents it takes."""

    deadline: float
    awaited_by: float

    @classmethod
    def beginning(cls, options: FetchOptions, deadline: float) -> "_Times":
        own_ms = options.awaited.timeout_ms if options.awaited else None
        if own_ms is None:
            return cls(deadline, deadline)
        return cls(deadline, asyncio.get_running_loop().time() + own_ms / 1000)

    @property
    def ready_ms(self) -> float:
        """How long the present document may be waited for; some time is left for reading, or for the next one."""
        return (self.deadline - asyncio.get_running_loop().time()) * WAITING_SHARE * 1000

    @property
    def awaited_ms(self) -> float:
        """How long what was asked for may be waited for in it."""
        return min(self.ready_ms, (self.awaited_by - asyncio.get_running_loop().time()) * 1000)


async def _read(lane: Lane, rules: Rules, options: FetchOptions, times: _Times) -> _Reading:
    """Wait for the tab's present document and read it, both in one call. Raises: DocumentGone."""
    order: dict[str, object] = {
        "rules": rules.described,
        "jsonld": rules.wants_jsonld or Output.METADATA in options.outputs,
        "wholes": wholes_for(options),
        "limits": _size_limits(lane.limits),
        "scope": {"shadow": options.shadow, "frames": options.frames},
        "explain": options.explain,
        "awaited": _awaits(options.awaited, times) if options.awaited else None,
        "wait": _waits(lane, options, times) if options.wait_until is WaitUntil.AUTO else None,
        "pause": options.pause_ms,
        "kept": lane.profile.offline,
        "last": not options.actions,
    }
    if options.wait_until is not WaitUntil.AUTO:
        await lane.wait_for(cast(LoadState, options.wait_until.value))
    world = await lane.enter()
    async with nullcontext() if order["wait"] is None else _watched(lane, world):
        answer = await lane.call(world, "read", order)
    return _parsed(answer, rules, options, lane.limits, world=world)


def _size_limits(limits: Limits) -> dict[str, int]:
    return {
        "value": limits.max_value_bytes,
        "markup": limits.max_markup_bytes,
        "data": limits.max_data_bytes,
        "html": limits.max_html_bytes,
        "requests": limits.max_requests,
    }


def _waits(lane: Lane, options: FetchOptions, times: _Times) -> dict[str, float]:
    """How long `auto` waits for what, in milliseconds. Without scripts, nothing comes late.

    Where all of the page is wanted, matched rules do not tell that it is there: the network has to be idle, too.
    """
    limits = lane.limits
    return {
        "quiet": limits.quiet_ms,
        "restless": limits.restless_ms,
        "late": limits.late_ms if lane.profile.javascript else 0,
        "settle": limits.settle_ms,
        "remaining": times.ready_ms,
        "whole": bool(options.outputs),
    }


def _awaits(awaited: Awaited, times: _Times) -> dict[str, object]:
    selector = [awaited.selector.kind, awaited.selector.text]
    return {"selector": selector, "state": awaited.state, "remaining": times.awaited_ms}


@asynccontextmanager
async def _watched(lane: Lane, world: int) -> AsyncIterator[None]:
    """Tell the reader in `world` what cannot be seen from within a page."""
    notes = [asyncio.create_task(note(lane, world)) for note in (_note_network_idle, _note_watched)]
    try:
        yield
    finally:
        for note in notes:
            note.cancel()


async def _note_network_idle(lane: Lane, world: int) -> None:
    with suppress(DocumentGone, ScrapeError):
        await asyncio.sleep(IDLE_NOT_BEFORE_S)  # to wait for it costs a message for whatever else is reached meanwhile
        await lane.wait_for("networkidle")
        await lane.call(world, "noteNetworkIdle")


async def _note_watched(lane: Lane, world: int) -> None:
    """Again and again, that we, the driver and the browser are all at work."""
    with suppress(DocumentGone, ScrapeError):
        while True:
            await asyncio.sleep(WATCHED_EVERY_S)
            await lane.call(world, "noteWatched")


def _parsed(answer: str, rules: Rules, options: FetchOptions, limits: Limits, *, world: int) -> _Reading:
    """The reader's answer. Raises: TooLarge, WaitTimeout; InvalidSelector, naming what the browser refused."""
    found = json.loads(answer)
    if "overBudget" in found:
        raise TooLarge(_overrun(found["overBudget"], limits))
    if "notCome" in found:
        raise WaitTimeout(_waited_in_vain(options.awaited))
    if "badSelector" in found:
        path = WAITED_FOR if found["badSelector"] is None else rules.path_of(found["badSelector"])
        raise InvalidSelector(f"{path}: the browser cannot use this selector.", field=path)
    return _Reading(
        found["url"],
        found["status"],
        found["contentType"],
        found["baseUrl"],
        found["readings"],
        found["jsonld"],
        found["jsonldCut"],
        found["wholes"],
        world,
        found["ends"],
        time.monotonic(),
    )


def _waited_in_vain(awaited: Awaited | None) -> str:
    assert awaited is not None
    selector = awaited.selector.text
    shown = selector if len(selector) <= LONGEST_SHOWN else selector[:LONGEST_SHOWN] + "…"
    within = "while it had time" if awaited.timeout_ms is None else f"within {awaited.timeout_ms:,} ms"
    return f"{shown} was not {awaited.state} {within}."


def _overrun(budget: str, limits: Limits) -> str:
    if budget == "requests":
        return f"The page made more than {limits.max_requests:,} requests."
    return f"The page's HTML is larger than {limits.max_html_bytes / MIB:g} MiB."


def _check_document(reading: _Reading, lane: Lane, target: Target, options: FetchOptions) -> None:
    """Refuse a document that is not the page that was asked for. Raises: ScrapeError."""
    if reading.url.startswith(ERROR_PAGE):
        raise ConnectionFailed(f"{target.host} led on to an address that could not be loaded.")
    if not lane.profile.offline and gate.leads_inside(reading.url, lane.policy):
        raise BlockedAddress(f"{target.host} led on to an address that must not be fetched.")
    if reading.url.startswith(NO_PAGE):
        raise UnsupportedContent(f"{target.host} led on to {reading.url}, where nothing is.")
    _check_status(reading.status, reading.url, target, options)
    if reading.content_type.startswith(UNREADABLE_TYPES):
        raise UnsupportedContent(
            f"{target.host} answered with {reading.content_type}, which has no fields to read.",
            status_code=reading.status,
            final_url=reading.url,
        )


def _check_status(
    status: int, url: str, target: Target, options: FetchOptions, *, retry_after: str | None = None
) -> None:
    if status in options.accept_status:
        return
    if status < HTTPStatus.CONTINUE:
        raise ConnectionFailed(f"{target.host} sent an answer that is not HTTP.")
    asked_s = retry_after_s(retry_after)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        message = f"{target.host} answered 429: it wants fewer requests."
        raise RateLimited(message, status_code=status, final_url=url, retry_after_s=asked_s)
    if status >= HTTPStatus.BAD_REQUEST:
        message = f"{target.host} answered {status}."
        raise HttpError(message, status_code=status, final_url=url, retry_after_s=asked_s)
