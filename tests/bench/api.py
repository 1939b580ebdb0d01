"""What answers of the API cost over a million stored pages, as ratios to what they cannot do without.

Small answers against a view that does nothing, a thousand results against one that makes the same answer of a bare
query, both on the same server; a job of ten thousand URLs against a bare insert of its rows, without any server. All
take turns, request by request. Nothing but the web server runs: no worker is there to take the jobs.
"""

import http.client
import json
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial

from scrpy.supervisor.family import uvicorn
from tests.bench.bare import BareJob
from tests.bench.figures import Size, report
from tests.bench.site import HOST, listens
from tests.bench.stored import SELECTORS, public_id, settle, store_jobs
from tests.platform.running import Platform, prepared_platform
from tests.until import until
from tests.valkey import running_valkey

PAGES_OF_A_JOB, RESULTS, FEW_URLS, MANY_URLS = 100, 1_000, 3, 10_000
OFTEN, SELDOM = 40, 4
"""How many times in a turn what is small is asked, and what is large."""
NO_LIMIT = {"SCRPY_RATE_LIMIT": "100000/minute", "SCRPY_ACCOUNT_RATE_LIMIT": "100000/minute"}

Ask = Callable[[], float]
"""Asks once, and tells how many seconds that took."""


def run(size: Size) -> None:
    jobs = max(1, size.pages // PAGES_OF_A_JOB)
    large = jobs + 1
    with web_server() as platform:
        key = platform.open_account("bench").key
        store_jobs(platform, account="bench", first=1, jobs=jobs, pages=PAGES_OF_A_JOB)
        store_jobs(platform, account="bench", first=large, jobs=1, pages=RESULTS)
        settle(platform)
        with closing(http.client.HTTPConnection(HOST, platform.port)) as web, BareJob(platform.rows, job=large) as bare:
            asked = partial(ask, web, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
            small_ones: Mapping[str, Ask] = {
                "nothing": partial(asked, "GET", "/v1/nothing"),
                "job": partial(asked, "GET", f"/v1/jobs/{public_id(jobs)}?results=false"),
                "list": partial(asked, "GET", "/v1/jobs"),
                "few URLs": partial(asked, "POST", "/v1/jobs", body_of(FEW_URLS)),
            }
            large_ones: Mapping[str, Ask] = {
                "results": partial(asked, "GET", f"/v1/jobs/{public_id(large)}/results"),
                "rows": partial(asked, "GET", f"/v1/rows/{public_id(large)}"),
                "many URLs": partial(asked, "POST", "/v1/jobs", body_of(MANY_URLS)),
                "insert": partial(bare.insert, MANY_URLS),
            }
            turns = [
                {**turn(small_ones, times=OFTEN), **turn(large_ones, times=SELDOM)} for _ in range(size.turns + 1)
            ][1:]  # the first warms all up
    tell(f"api, {jobs:,} jobs of {PAGES_OF_A_JOB} pages, {size.turns} turns", turns)


@contextmanager
def web_server() -> Iterator[Platform]:
    """A platform of which nothing else runs, with the view that does nothing."""
    with running_valkey() as queue, prepared_platform(allow=[], more_env=NO_LIMIT | {"REDIS_URL": queue}) as platform:
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


def body_of(urls: int) -> bytes:
    addresses = [f"https://shop.example.com/products/{number}" for number in range(urls)]
    return json.dumps({"urls": addresses, "selectors": json.loads(SELECTORS)}).encode()


def ask(
    web: http.client.HTTPConnection, headers: Mapping[str, str], method: str, path: str, body: bytes | None = None
) -> float:
    began = time.perf_counter()
    web.request(method, path, body, headers)
    response = web.getresponse()
    answer = response.read()
    took_s = time.perf_counter() - began
    assert response.status == (201 if method == "POST" else 200), answer
    return took_s


def turn(asks: Mapping[str, Ask], *, times: int) -> dict[str, float]:
    """What each of them took, the median, while they took turns."""
    rounds = [{name: one() for name, one in asks.items()} for _ in range(times)]
    return {name: statistics.median(taken[name] for taken in rounds) for name in asks}


def tell(title: str, turns: Sequence[Mapping[str, float]]) -> None:
    def against(name: str, other: str) -> list[float]:
        return [taken[name] / taken[other] for taken in turns]

    report(
        title,
        {
            **{f"{name}, ms": [taken[name] * 1000 for taken in turns] for name in turns[0]},
            "GET of a job / nothing": against("job", "nothing"),
            "list / nothing": against("list", "nothing"),
            f"POST of {FEW_URLS} URLs / nothing": against("few URLs", "nothing"),
            f"GET of {RESULTS:,} results / orjson of their rows": against("results", "rows"),
            f"POST of {MANY_URLS:,} URLs / insert of their rows": against("many URLs", "insert"),
        },
    )
