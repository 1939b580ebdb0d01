"""Lanes with their proxies against the same lanes without, over a site on this machine.

A turn is CPU-bound, the site's share included; what each side's own processes use for a page is told beside it.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from os import times
from unittest import mock

from scraping import rules
from scraping.browser import BrowserPool, find_chromium, launch, tab
from scraping.egress import Policy, check
from scraping.egress.policy import LISTENERS
from scraping.limits import DEFAULT_LIMITS
from scraping.options import FetchOptions
from scraping.render import scrape
from scrpy.demo.catalogue import PRODUCTS, product
from tests.bench.figures import Size, report
from tests.bench.site import HOST, SUM, key_hash, running_site
from tests.bench.usage import cpu_s

LIMITS = replace(DEFAULT_LIMITS, browser_max_pages=1_000_000, browser_max_age_s=1_000_000)

Page = tuple[str, Mapping[str, object]]
"""A path, and what has to be found there."""


@dataclass(frozen=True)
class Kind:
    """A kind of page."""

    name: str
    selectors: Mapping[str, object]
    page: Callable[[int], Page]


KINDS = (
    Kind(
        "static, 11 requests",
        {"title": "h1", "sum": "output"},
        lambda number: (f"/static/{number}", {"title": f"Page {number}", "sum": SUM}),
    ),
    Kind(
        "shop, rendered by script",
        {"title": "h1", "price": ".price"},
        lambda number: (f"/products/{number}", {"title": product(number).title, "price": product(number).price}),
    ),
)


@dataclass(frozen=True)
class Turn:
    pages_per_s: float
    cpu_ms_per_page: float


def run(size: Size) -> None:
    asyncio.run(measure(size))


async def measure(size: Size) -> None:
    with trusting():
        for tls in (True, False):
            with running_site(tls=tls) as origin:
                for kind in KINDS:
                    turns = await take_turns(origin, kind, size)
                    tell(f"egress over {'TLS' if tls else 'http'}, {kind.name}", turns)


@contextmanager
def trusting() -> Iterator[None]:
    """Chromium takes the site's certificate, and may go there without a proxy."""
    resolving = f"EXCLUDE {LISTENERS}"
    arguments = [argument.replace(resolving, f"{resolving} , EXCLUDE {HOST}") for argument in launch.ARGUMENTS]
    arguments.append(f"--ignore-certificate-errors-spki-list={key_hash()}")
    with mock.patch.object(launch, "ARGUMENTS", arguments):
        yield


@contextmanager
def direct() -> Iterator[None]:
    """Lanes that are opened now go round their proxy."""
    with mock.patch.object(tab, "PROXY_EVERYTHING", f"{launch.PROXY_EVERYTHING},{HOST}"):
        yield


async def take_turns(origin: str, kind: Kind, size: Size) -> list[tuple[Turn, Turn]]:
    """Of lanes with a proxy and of lanes without; who begins changes, and the first of each only warm both up."""
    policy = Policy(allow=frozenset({origin.partition("://")[2]}))
    pools = [BrowserPool(executable=find_chromium(), lanes=size.lanes, limits=LIMITS, policy=policy) for _ in range(2)]
    turns: list[tuple[Turn, Turn]] = []
    try:
        for number in range(size.turns + 1):
            taken = {}
            for proxied in (True, False) if number % 2 else (False, True):
                with nullcontext() if proxied else direct():
                    taken[proxied] = await take_turn(pools[proxied], origin, kind, size, proxied=proxied)
            turns.append((taken[True], taken[False]))
    finally:
        await asyncio.gather(*(pool.close() for pool in pools))
    return turns[1:]


async def take_turn(pool: BrowserPool, origin: str, kind: Kind, size: Size, *, proxied: bool) -> Turn:
    await pool.start()
    waiting = iter(range(1, size.pages + 1))
    before_s, began = used_cpu_s(pool), time.monotonic()
    await asyncio.gather(*(visit(pool, origin, kind, waiting, proxied=proxied) for _ in range(size.lanes)))
    took_s = time.monotonic() - began
    return Turn(size.pages / took_s, (used_cpu_s(pool) - before_s) * 1000 / size.pages)


async def visit(pool: BrowserPool, origin: str, kind: Kind, waiting: Iterator[int], *, proxied: bool) -> None:
    """One page after the other in one lane, as the pages of one run are."""
    wanted = rules.parse(kind.selectors)
    lane = await pool.borrow("bench")
    for number in waiting:
        path, expected = kind.page((number - 1) % PRODUCTS + 1)
        outcome = await scrape(lane, check(origin + path, pool.policy), wanted, FetchOptions())
        assert outcome.data == expected, outcome
        assert (outcome.received_bytes > 0) is proxied
        if not lane.usable:
            await pool.give_back(lane)
            lane = await pool.borrow("bench")
    await pool.give_back(lane)


def used_cpu_s(pool: BrowserPool) -> float:
    """What this process, the pool's driver and its Chromium have used, those of their children that ended included."""
    assert pool.driver_pid
    own = times()
    return own.user + own.system + cpu_s(pool.driver_pid)


def tell(title: str, turns: Sequence[tuple[Turn, Turn]]) -> None:
    report(
        f"{title}, {len(turns)} turns",
        {
            "without proxy, pages/s": [theirs.pages_per_s for _, theirs in turns],
            "with proxy, pages/s": [ours.pages_per_s for ours, _ in turns],
            "with / without, pages/s": [ours.pages_per_s / theirs.pages_per_s for ours, theirs in turns],
            "without proxy, CPU ms/page": [theirs.cpu_ms_per_page for _, theirs in turns],
            "with proxy, CPU ms/page": [ours.cpu_ms_per_page for ours, _ in turns],
            "with / without, CPU per page": [ours.cpu_ms_per_page / theirs.cpu_ms_per_page for ours, theirs in turns],
        },
    )
