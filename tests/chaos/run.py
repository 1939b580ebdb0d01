"""A run from the first process to the verdict."""

import random
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import TypeVar

import psycopg

from tests.chaos.checker import Evidence
from tests.chaos.faults import Fault, all_faults
from tests.chaos.generator import Generator
from tests.chaos.litter import litter_of
from tests.chaos.nemesis import Nemesis, Watch
from tests.platform.client import Client
from tests.platform.rows import Rows
from tests.platform.running import NOTHING, Platform, running_platform
from tests.postgres import Postgres, running_postgres
from tests.site import Site
from tests.until import until
from tests.webhooks.receiver import Receiver

T = TypeVar("T")
SETTLE_WITHIN_S = 180.0
ANSWER_AFTER_S = 0.3
"""How long the endpoint of webhooks thinks: so long a sender may be met between the sending and its note of it."""
WAKING_S = 5.0
"""What somebody who was held up to the last does when let go is judged, too."""
UNFORESEEN = ('"Unforeseen"', "deadlock detected", "IntegrityError")
"""What a line of a log has that tells of a failure which no fault explains, or which a constraint alone has stopped."""
BUSY = """
    SELECT (SELECT COUNT(*) FROM jobs_job WHERE status IN ('pending', 'running'))
    + (SELECT COUNT(*) FROM jobs_delivery WHERE status IN ('pending', 'sending')) AS busy"""


def run(
    *,
    seed: int,
    urls: int,
    kills: int,
    workers: int = 2,
    minutes: float = 20,
    postgres: bool = False,
    settle_within_s: float = SETTLE_WITHIN_S,
    choose: Callable[[Postgres | None], Sequence[Fault]] = all_faults,
    more_env: Mapping[str, str] = NOTHING,
    conclude: Callable[[Evidence], T],
) -> T:
    """Harm a platform of its own `kills` times over `urls` pages, and conclude while it is still there.

    `choose` gives the faults, with the database's server if it is PostgreSQL; `more_env` is what the platform's
    processes get besides.
    """
    with ExitStack() as held:
        server = held.enter_context(running_postgres()) if postgres else None
        receiver = held.enter_context(slow_receiver())
        site = held.enter_context(Site())
        platform = held.enter_context(
            running_platform(
                allow=[site.pair, receiver.pair],
                workers=workers,
                database_server=server.url if server else "",
                more_env=more_env,
            )
        )
        rows = platform.rows
        generator = Generator(
            accounts(platform, urls), site.url(""), receiver.url, give_up_at=time.monotonic() + minutes * 60
        )
        nemesis = Nemesis(platform, choose(server), lambda: ended(rows) / urls, generator.history.strikes)
        watch = Watch(rows, nemesis.strikes)
        hunt = in_thread(nemesis.run, kills, random.Random(f"{seed} nemesis"))
        watching = in_thread(watch.run)
        generator.run(urls, random.Random(f"{seed} generator"))
        nemesis.stop()
        hunt.join()
        time.sleep(WAKING_S)
        settle(rows, within_s=settle_within_s)
        watch.stop()
        watching.join()
        watch.look()
        generator.history.litter += litter_of(platform)
        generator.history.unforeseen += [line for line in platform.logged() if any(sign in line for sign in UNFORESEEN)]
        return conclude(Evidence(rows, generator.history, receiver.received))


def accounts(platform: Platform, urls: int) -> list[Client]:
    """Two without limits, and one whose balance has to come out right."""
    unlimited = [platform.open_account(name) for name in ("alice", "bob")]
    return [*unlimited, platform.open_account("carol", "--credits", str(2 * urls))]


def in_thread(function: Callable[..., object], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    return thread


@contextmanager
def slow_receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    at_once = receiver.answer

    def later(handler: BaseHTTPRequestHandler) -> None:
        receiver.stopped.wait(ANSWER_AFTER_S)
        at_once(handler)

    receiver.answer = later
    try:
        yield receiver
    finally:
        receiver.stop()


def ended(rows: Rows) -> int:
    return int(rows.one("SELECT COUNT(*) FROM jobs_page WHERE finished_at IS NOT NULL"))


def settle(rows: Rows, *, within_s: float) -> None:
    """Wait for the events that are on their way; the judge says if in vain."""

    def quiet() -> bool:
        with suppress(psycopg.Error, sqlite3.Error):
            return bool(rows.one(BUSY) == 0)
        return False

    try:
        until(quiet, what="all is quiet", within_s=within_s, every_s=0.5)
    except AssertionError as error:
        sys.stderr.write(f"{error}\n")
