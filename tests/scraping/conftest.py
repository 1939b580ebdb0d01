"""A site, an event loop in a thread, and a browser pool, kept for the whole run: no database, no queue."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

import pytest

from scraping import rules
from scraping.browser import BrowserPool, find_chromium
from scraping.egress import Policy, gate
from scraping.options import DEFAULT_PROFILE, FetchOptions, Profile, WaitUntil
from scraping.render import Outcome, scrape
from tests.site import Site

T = TypeVar("T")

PATIENCE_S = 60
"""What a test that has already failed may take to say so."""


class Loop:
    """An event loop in a thread, as a worker process has one."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="browser", daemon=True)
        self._thread.start()

    def start(self, work: Awaitable[T]) -> "Future[T]":
        """Begin `work`; the future can be waited for and cancelled from here."""

        async def run() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self._loop)

    def run(self, work: Awaitable[T]) -> T:
        """Do `work`."""
        return self.start(work).result(PATIENCE_S)

    def stop(self) -> None:
        """End loop and thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture(scope="session")
def running_site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def site(running_site: Site) -> Iterator[Site]:
    running_site.forget()
    yield running_site
    running_site.release()


@pytest.fixture(scope="session")
def shared_pool(loop: Loop, running_site: Site) -> Iterator[BrowserPool]:
    policy = Policy(allow=frozenset({running_site.pair, running_site.tls_pair}))
    pool = BrowserPool(executable=find_chromium(), lanes=4, policy=policy)
    yield pool
    loop.run(pool.close())


@pytest.fixture
def pool(shared_pool: BrowserPool) -> Iterator[BrowserPool]:
    """The pool of the run; a test that harms its browser makes its own."""
    yield shared_pool
    assert shared_pool.lent == 0


@pytest.fixture
def make_pool(loop: Loop, site: Site) -> Iterator[Callable[..., BrowserPool]]:
    pools = []

    def make(**overrides: Any) -> BrowserPool:
        policy = Policy(allow=frozenset({site.pair, site.tls_pair}))
        pool = BrowserPool(**{"executable": find_chromium(), "lanes": 2, "policy": policy, **overrides})
        pools.append(pool)
        return pool

    yield make
    for pool in pools:
        loop.run(pool.close())


@pytest.fixture
def visit(loop: Loop, pool: BrowserPool, site: Site) -> Callable[..., Outcome]:
    """Scrape a path of the site, or a whole URL, in a lane of its own owner."""
    return lambda path, selectors=None, **options: loop.run(visiting(pool, site, path, selectors, **options))


async def visiting(
    pool: BrowserPool,
    site: Site,
    path: str,
    selectors: Mapping[str, object] | None = None,
    *,
    owner: str = "alice",
    wait_until: str = "auto",
    timeout_ms: int = 20_000,
    profile: Profile = DEFAULT_PROFILE,
    **fetch: Any,
) -> Outcome:
    """Borrow, scrape, give back; `fetch` is more of FetchOptions."""
    url = path if path.startswith("http") else site.url(path)
    target = gate.check(url, pool.policy)
    options = FetchOptions(timeout_ms=timeout_ms, wait_until=WaitUntil(wait_until), **fetch)
    lane = await pool.borrow(owner, target.host_key, profile=profile)
    try:
        wanted = {"title": "h1"} if selectors is None else selectors
        return await scrape(lane, target, rules.parse(wanted, required=False), options)
    finally:
        await pool.give_back(lane)
