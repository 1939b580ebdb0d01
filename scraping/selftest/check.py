"""The check itself: canaries, a browser launched as workers launch it, every vector tried, the touches counted."""

import asyncio
import socket
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from playwright.async_api import Error as PlaywrightError

from scraping import rules
from scraping.browser import BrowserPool, Lane
from scraping.browser.launch import Sandbox
from scraping.egress import Policy, gate
from scraping.egress.dial import system_lookup
from scraping.egress.gate import Target
from scraping.egress.policy import LISTENERS, PORTS
from scraping.errors import ScrapeError
from scraping.limits import DEFAULT_LIMITS
from scraping.options import FetchOptions, WaitUntil
from scraping.render import scrape
from scraping.selftest import netlog
from scraping.selftest.canaries import Canary, Kind, everywhere, inside_addresses, place
from scraping.selftest.netlog import Sight
from scraping.selftest.site import HOST, Site, Visit
from scraping.selftest.vectors import Aim, Vector, vectors

LANES = 4
FRAMES = 8
TRIES = 3
PATIENCE_S = 20
LINGER_S = 0.3
"""How long a page is left alone when it has tried all: browsers begin some things only when a page has come to rest."""

NAMES = "inside.example"
"""Names below it look public, and lead inside by the check's own resolver."""

READY = rules.parse({"title": "title"})
LIMITS = replace(DEFAULT_LIMITS, cleanup_timeout_ms=15_000)
"""A Chromium that is killed leaves half a log."""
OPTIONS = FetchOptions(timeout_ms=PATIENCE_S * 1000, wait_until=WaitUntil.LOAD)


@dataclass
class Row:
    """One vector, its canary, and what became of it."""

    vector: Vector
    canary: Canary
    visits: list[Visit]
    seen: Counter[Kind] = field(default_factory=Counter)
    """What Chromium's log shows of it."""

    @property
    def tried(self) -> str:
        return ", ".join(dict.fromkeys(aim.host for visit in self.visits for aim in visit.aims))

    @property
    def touches(self) -> Counter[Kind]:
        """What the canary or the log has seen; most of it both have."""
        return self.canary.touches | self.seen

    @property
    def unsupported(self) -> str | None:
        return next((visit.unsupported for visit in self.visits if visit.unsupported), None)

    @property
    def idle(self) -> bool:
        """Whether it should have been tried and was not."""
        return not (self.unsupported or all(visit.ran for visit in self.visits))


@dataclass
class Report:
    """What the check has found; `strays` is what Chromium did by itself that belongs to no vector."""

    rows: list[Row]
    strays: list[Sight]

    @property
    def touches(self) -> Counter[Kind]:
        return sum((row.touches for row in self.rows), Counter(sight.kind for sight in self.strays))

    @property
    def ran(self) -> int:
        """How many vectors were really tried."""
        return sum(not (row.unsupported or row.idle) for row in self.rows)

    @property
    def passed(self) -> bool:
        """Nothing was touched, and everything that this Chromium can do was tried."""
        return not self.touches and self.ran > 0 and not any(row.idle for row in self.rows)


async def check_egress(executable: Path, *, sandbox: Sandbox = "auto") -> Report:
    """Try every vector in a browser launched as workers launch it.

    Raises: CannotCheck, or a ScrapeError if the browser failed.
    """
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scrpy-egress-check-")))
        site = Site(scratch)
        await site.start()
        stack.callback(site.close)
        rows = list(_rows(site))
        for row in rows:
            stack.callback(row.canary.close)
            row.canary.listen()
        await _prove(rows)
        script = netlog.launcher(scratch, executable, trusted=site.fingerprint)
        pool = BrowserPool(
            executable=script,
            lanes=LANES,
            sandbox=sandbox,
            limits=LIMITS,
            policy=_policy(site, rows),
            lookup=Resolver(),
        )
        try:
            await _try_all(pool, site, [visit for row in rows for visit in row.visits])
        finally:
            await pool.close()
        return Report(rows, _strays(netlog.read(scratch), rows))


# ---------------------------------------------------------------------- before


def _rows(site: Site) -> Iterator[Row]:
    addresses = inside_addresses()
    for number, vector in enumerate(vectors(socket.gethostname())):
        special = bool(vector.names)
        canary = place(addresses[1:] if special else everywhere())
        name = f"v{number}.{NAMES}"
        if vector.spelling:
            hosts = [vector.spelling]
        elif vector.names:
            hosts = [f"{kind}.{name}" for kind in vector.names]
        else:
            hosts = [*map(_literal, addresses), name]
        aims = tuple(Aim(host, canary.port, site.origin) for host in hosts)
        turns = (aims[number % len(aims)], aims[-1])  # a page that leaves tries one; in turn, they try all
        groups = [(aim,) for aim in dict.fromkeys(turns)] if vector.leaves else [aims]
        yield Row(vector, canary, [Visit(vector, group) for group in groups])


def _literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address


async def _prove(rows: Sequence[Row]) -> None:
    """Touch every canary where Chromium could: one that sleeps would make any attack look like a failure."""
    addresses = inside_addresses()
    await asyncio.gather(*(row.canary.prove(addresses[1:] if row.vector.names else addresses) for row in rows))


def _policy(site: Site, rows: Sequence[Row]) -> Policy:
    """The canaries' ports are open, so that it is their addresses that are judged."""
    dead = {f"{HOST}:{row.canary.port}" for row in rows if row.vector.names}
    return Policy(allow=site.pairs | dead, ports=PORTS | {row.canary.port for row in rows})


class Resolver:
    """Answers for the names below `NAMES`; asks the system for others.

    `several.` has an address that may be reached (and where nobody is) and one that may not be; `changing.` has the
    one at first and the other from then on.
    """

    def __init__(self) -> None:
        self._asked: set[str] = set()
        self._inside = inside_addresses()[1]

    def __call__(self, host: str) -> Sequence[str]:
        if not host.endswith(f".{NAMES}"):
            return system_lookup(host)
        if host.startswith("several"):
            return [HOST, self._inside]
        if host.startswith("changing") and host in self._asked:
            return [self._inside]
        self._asked.add(host)
        return [HOST]


# ---------------------------------------------------------------------- one visit


async def _try_all(pool: BrowserPool, site: Site, visits: Sequence[Visit]) -> None:
    """Many in frames of one page at first; then alone, what did not run because another one harmed it."""
    framed = [visit for visit in visits if visit.vector.framed]
    groups = [tuple(framed[at : at + FRAMES]) for at in range(0, len(framed), FRAMES)]
    groups += [(visit,) for visit in visits if not visit.vector.framed]
    for _ in range(TRIES):
        await asyncio.gather(*(_try(pool, site, group) for group in groups))
        groups = [(visit,) for visit in visits if not (visit.ran or visit.unsupported)]


async def _try(pool: BrowserPool, site: Site, group: tuple[Visit, ...]) -> None:
    """Have visits made, and their page left alone for a moment; how it ends does not matter, only who was touched."""
    lane = await pool.borrow("egress check")
    try:
        async with asyncio.timeout(PATIENCE_S):
            with suppress(ScrapeError, PlaywrightError):
                await ATTEMPTS[group[0].vector.by](lane, site, group)
            for visit in group:
                if visit.served and not visit.vector.silent:
                    await visit.over.wait()
            await asyncio.sleep(LINGER_S)
    except TimeoutError:
        pass  # what has not said anything did not run
    finally:
        await pool.give_back(lane)


async def _scrape(lane: Lane, site: Site, group: tuple[Visit, ...]) -> None:
    """As a worker does."""
    await scrape(lane, gate.check(site.add(group), lane.policy), READY, OPTIONS)


async def _go_past_the_gate(lane: Lane, _site: Site, group: tuple[Visit, ...]) -> None:
    """As a worker would that forgot to check a page's address."""
    [visit] = group
    visit.hear("ran")
    for aim in visit.aims:
        for scheme in gate.SCHEMES:
            url = aim.fill(f"{scheme}//$pair/")
            with suppress(ScrapeError):
                await lane.goto(Target(url, url, scheme, aim.host, aim.port, url.rstrip("/")))


async def _load_by_the_browser(lane: Lane, _site: Site, group: tuple[Visit, ...]) -> None:
    """As developer tools fetch source maps: the browser asks, not the page."""
    [visit] = group
    visit.hear("ran")
    for aim in visit.aims:
        options = {"disableCache": True, "includeCredentials": False}
        order = {"frameId": lane._frame_id, "url": aim.fill("$http/"), "options": options}
        await lane._cdp.send("Network.loadNetworkResource", order)


async def _go_without_a_lane(lane: Lane, _site: Site, group: tuple[Visit, ...]) -> None:
    """In a tab that belongs to no lane, so that only what guards the whole browser guards it."""
    [visit] = group
    context = await lane.browser.handle.new_context()
    try:
        tab = await context.new_page()
        await tab.set_content(visit.vector.page(visit.aims, report=""), wait_until="commit")
        visit.hear(await tab.evaluate("tried"))
        await asyncio.sleep(LINGER_S)
    finally:
        await context.close()


ATTEMPTS: dict[str, Callable[[Lane, Site, tuple[Visit, ...]], Awaitable[None]]] = {
    "a page": _scrape,
    "a lane past the gate": _go_past_the_gate,
    "the browser": _load_by_the_browser,
    "a tab of no lane": _go_without_a_lane,
}


# ---------------------------------------------------------------------- afterwards


def _strays(sights: Sequence[Sight], rows: Sequence[Row]) -> list[Sight]:
    """Give each thing seen in the log to its vector, by port, peer or name; what is left belongs to none."""
    owners = {peer: row for row in rows for peer in row.vector.peers}
    owners |= {str(row.canary.port): row for row in rows}
    owners |= {aim.host: row for row in rows for visit in row.visits for aim in visit.aims if aim.host.endswith(NAMES)}
    strays = []
    for sight in sights:
        host, _, port = sight.what.rpartition(":")
        row = owners.get(sight.what) or owners.get(port) or owners.get(host)
        if row is not None:
            row.seen[sight.kind] += 1
        elif (sight.kind, host) != ("tcp", LISTENERS):
            strays.append(sight)
    return strays
