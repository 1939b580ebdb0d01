"""The web server alone, over rows that are stored, and requests that take turns at it."""

import http.client
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http import HTTPStatus

from scrpy.supervisor.family import uvicorn
from tests.bench.site import HOST, listens
from tests.bench.stored import settle, store_jobs
from tests.platform.running import Platform, prepared_platform
from tests.postgres import running_postgres
from tests.until import until
from tests.valkey import running_valkey

PAGES_OF_A_JOB = 100
NO_LIMIT = {"SCRPY_RATE_LIMIT": "100000/minute", "SCRPY_ACCOUNT_RATE_LIMIT": "100000/minute"}

Ask = Callable[[], float]
"""Asks once, and tells how many seconds that took."""


def on_each_database() -> Iterator[tuple[str, str]]:
    """The name of each, and its server as a platform takes it."""
    yield "SQLite", ""
    with running_postgres() as postgres:
        yield "PostgreSQL", postgres.url


@contextmanager
def web_server(database_server: str) -> Iterator[Platform]:
    """A platform of which nothing else runs, with the view that does nothing."""
    with (
        running_valkey() as queue,
        prepared_platform(
            allow=[], database_server=database_server, more_env=NO_LIMIT | {"REDIS_URL": queue}
        ) as platform,
    ):
        command = uvicorn("tests.bench.served:application", HOST, platform.port)
        with (platform.home / "web.out").open("wb") as output:
            web = subprocess.Popen(
                command, env=dict(platform.env), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            until(lambda: web.poll() is not None or listens(platform.port), what="the web server's port")
            yield platform
        finally:
            web.terminate()
            web.wait()


@contextmanager
def web_server_over(database_server: str, *, pages: int, of_large: int) -> Iterator[tuple[Platform, int]]:
    """The same, with so many pages of account `bench` stored in jobs of 100, and a large job; and that job's number."""
    jobs = max(1, pages // PAGES_OF_A_JOB)
    large = jobs + 1
    with web_server(database_server) as platform:
        platform.open_account("bench")
        store_jobs(platform, account="bench", first=1, jobs=jobs, pages=PAGES_OF_A_JOB)
        store_jobs(platform, account="bench", first=large, jobs=1, pages=of_large)
        settle(platform)
        yield platform, large


@contextmanager
def connected(platform: Platform) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection(HOST, platform.port)) as web:
        yield web


def ask(
    web: http.client.HTTPConnection, headers: Mapping[str, str], method: str, path: str, body: bytes | None = None
) -> float:
    began = time.perf_counter()
    web.request(method, path, body, headers)
    response = web.getresponse()
    answer = response.read()
    took_s = time.perf_counter() - began
    expected = HTTPStatus.CREATED if method == "POST" else HTTPStatus.OK
    assert response.status == expected, (path, response.status, answer[:500])
    return took_s


def turn(asks: Mapping[str, Ask], *, times: int) -> dict[str, float]:
    """What each of them took, the median, while they took turns."""
    rounds = [{name: one() for name, one in asks.items()} for _ in range(times)]
    return {name: statistics.median(taken[name] for taken in rounds) for name in asks}
