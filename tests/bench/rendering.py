"""The platform end to end, against bare loops over the same pages, which are all that its browser could do.

All take turns in one run, so that a machine that speeds up or slows down does so for each; every value is checked. The
platform is asked through its API and timed from POST until a waiting client sees the end; egress and database are in.
"""

import json
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from scraping.browser import find_chromium
from scrpy.demo.catalogue import PRODUCTS, product
from tests.bench.figures import Size, report
from tests.bench.peers.environments import commands
from tests.bench.site import HEAVY_ROWS, SUM, key_hash, running_site
from tests.bench.usage import Usage, measured
from tests.platform.running import Platform, running_platform
from tests.postgres import running_postgres

Command = Sequence[str]

LOOPS: Mapping[str, Command] = {
    name: (sys.executable, "-m", "tests.bench.loops", name) for name in ("cdp", "kept", "fresh")
}
BASE = "kept"
PLATFORMS = ("SQLite", "PostgreSQL")
HURRY: Mapping[str, object] = {"hostConcurrency": 100}


@dataclass(frozen=True)
class Kind:
    """A kind of page; a turn has `share` times as many of it, so that each lane has its pages of some seconds."""

    name: str
    path: str
    selectors: Mapping[str, object]
    share: float
    lanes: int = 8
    rules: Mapping[str, object] | None = None
    """What the platform is asked, where that is not `selectors`."""

    def expected(self, number: int) -> Mapping[str, object]:
        match self.name:
            case "static":
                return {"title": f"Page {number}", "sum": SUM}
            case "spa":
                return {"title": product(number).title, "price": product(number).price}
            case "slow":
                return {"title": f"Slow {number}"}
            case _:
                return {"names": [f"Row {row} of {number}" for row in range(HEAVY_ROWS)]}


EVERY_NAME = {"names": {"selector": ".name", "type": "list", "limit": HEAVY_ROWS}}
KINDS = (
    Kind("static", "/static/{}", {"title": "h1", "sum": "output"}, 1.0),
    Kind("spa", "/products/{}", {"title": "h1", "price": ".price"}, 1.0),
    Kind("slow", "/slow/{}", {"title": "h1"}, 4.0, lanes=32),
    Kind("heavy", "/heavy/{}", {"names": [".name"]}, 0.3, rules=EVERY_NAME),
)


@dataclass(frozen=True)
class Turn:
    pages_per_s: float
    cpu_ms_per_page: float
    peak_mb: float

    @classmethod
    def of(cls, pages: int, took_s: float, usage: Usage) -> "Turn":
        return cls(pages / took_s, usage.cpu_s * 1000 / pages, usage.peak_mb)


def run(size: Size) -> None:
    peers = commands() if size.peers else {}
    with ExitStack() as stack:
        sites = {name: stack.enter_context(running_site(tls=name == "TLS")) for name in ("TLS", "http")}
        postgres = stack.enter_context(running_postgres())
        allow = [origin.partition("://")[2] for origin in sites.values()]
        more_env = {"SCRPY_CHROMIUM_PATH": stack.enter_context(trusting_chromium())}
        platforms = {
            name: Side(
                stack.enter_context(running_platform(allow=allow, database_server=server, more_env=more_env)), more
            )
            for name, server, more in zip(PLATFORMS, ("", postgres.url), ((), (postgres.pid,)), strict=True)
        }
        for name, origin in sites.items():
            for kind in KINDS:
                loops = {**LOOPS, **peers} if name == "TLS" else LOOPS
                show(f"{kind.name} over {name}", list(rounds(size, kind, origin, loops, platforms)), peers)


class Side:
    """A platform with its account; `more` are the processes that it needs besides."""

    def __init__(self, platform: Platform, more: Sequence[int]) -> None:
        self.client = platform.open_account("bench")
        self.pids = (platform.up.pid, *more)


def rounds(
    size: Size, kind: Kind, origin: str, loops: Mapping[str, Command], platforms: Mapping[str, Side]
) -> Iterator[dict[str, Turn]]:
    """The turns of each. The platforms, which stay, take one before that warms them up, and is not told."""
    numbers = [index % PRODUCTS + 1 for index in range(int(size.pages * kind.share))]
    addresses = [origin + kind.path.format(number) for number in numbers]
    expected = [kind.expected(number) for number in numbers]
    for side in platforms.values():
        platform_turn(side, kind, addresses, expected)
    for _ in range(size.turns):
        taken = {name: loop_turn(command, kind, addresses, expected) for name, command in loops.items()}
        taken |= {name: platform_turn(side, kind, addresses, expected) for name, side in platforms.items()}
        yield taken


def platform_turn(side: Side, kind: Kind, addresses: list[str], expected: list[Mapping[str, object]]) -> Turn:
    """From POST to the end that a waiting client sees."""
    client = side.client
    with measured(*side.pids) as usage:
        began = time.monotonic()
        job = client.post(addresses, kind.rules or kind.selectors, options=HURRY)
        while client.job(job["id"], "?results=false&wait=60")["completedAt"] is None:
            pass
        took_s = time.monotonic() - began
    results = client.all_results(client.job(job["id"]))
    assert [result["data"] for result in results] == expected
    return Turn.of(len(addresses), took_s, usage)


def loop_turn(command: Command, kind: Kind, addresses: list[str], expected: list[Mapping[str, object]]) -> Turn:
    """Its browser is started before the clock is."""
    order = {
        "addresses": addresses,
        "selectors": kind.selectors,
        "lanes": kind.lanes,
        "images": False,
        "chromium": str(find_chromium(None)),
        "trusts": key_hash(),
    }
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as loop:
        assert tell(loop, json.dumps(order)) == "ready"
        with measured(loop.pid) as usage:
            began = time.monotonic()
            assert tell(loop, "go") == "done"
            took_s = time.monotonic() - began
        assert tell(loop, "stop") == expected
    return Turn.of(len(addresses), took_s, usage)


def tell(loop: subprocess.Popen[str], line: str) -> object:
    """What it says to that."""
    assert loop.stdin
    assert loop.stdout
    loop.stdin.write(line + "\n")
    loop.stdin.flush()
    return json.loads(loop.stdout.readline())


@contextmanager
def trusting_chromium() -> Iterator[str]:
    """The path of a Chromium that takes the sites' certificate; to whoever starts and kills it, it is Chromium."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "chromium")
        path.write_text(
            f'#!/bin/sh\nexec "{find_chromium(None)}" "$@" --ignore-certificate-errors-spki-list={key_hash()}\n'
        )
        path.chmod(0o755)
        yield str(path)


def show(title: str, taken: list[dict[str, Turn]], peers: Collection[str]) -> None:
    names = list(taken[0])
    rows = {f"{name}, pages/s": [turns[name].pages_per_s for turns in taken] for name in names}
    rows |= {
        f"{name} / {BASE}": [turns[name].pages_per_s / turns[BASE].pages_per_s for turns in taken]
        for name in names
        if name != BASE
    }
    if tried := [name for name in names if name in peers]:
        rows |= {
            f"{name} / best peer": [
                turns[name].pages_per_s / max(turns[peer].pages_per_s for peer in tried) for turns in taken
            ]
            for name in PLATFORMS
        }
    rows |= {f"{name}, CPU ms/page": [turns[name].cpu_ms_per_page for turns in taken] for name in names}
    rows |= {
        f"{name} / {BASE}, CPU": [turns[name].cpu_ms_per_page / turns[BASE].cpu_ms_per_page for turns in taken]
        for name in PLATFORMS
    }
    rows |= {f"{name}, peak MB": [turns[name].peak_mb for turns in taken] for name in names}
    report(f"{title}, {len(taken)} turns", rows)
