"""What answers of the API cost over a million stored pages, as ratios to what they cannot do without.

Small answers against a view that does nothing, a thousand results against one that makes the same answer of a bare
query, both on the same server; a job of ten thousand URLs against a bare insert of its rows, without any server. All
take turns, request by request. Nothing but the web server runs: no worker is there to take the jobs.
"""

import json
from collections.abc import Mapping, Sequence
from functools import partial

from tests.bench.bare import BareJob
from tests.bench.figures import Size, report
from tests.bench.stored import SELECTORS, public_id
from tests.bench.web import Ask, ask, connected, on_each_database, turn, web_server_over

RESULTS, FEW_URLS, MANY_URLS = 1_000, 3, 10_000
OFTEN, SELDOM = 40, 4
"""How many times in a turn what is small is asked, and what is large."""


def run(size: Size) -> None:
    for database, server in on_each_database():
        tell(f"api on {database}, {size.pages:,} pages stored, {size.turns} turns", turns_on(server, size))


def turns_on(server: str, size: Size) -> list[dict[str, float]]:
    """What everything took, in seconds, in each turn."""
    with web_server_over(server, pages=size.pages, of_large=RESULTS) as (platform, large):
        key = platform.client("bench").key
        with connected(platform) as web, BareJob(platform.rows, job=large) as bare:
            asked = partial(ask, web, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
            small_ones: Mapping[str, Ask] = {
                "nothing": partial(asked, "GET", "/v1/nothing"),
                "job": partial(asked, "GET", f"/v1/jobs/{public_id(large - 1)}?results=false"),
                "list": partial(asked, "GET", "/v1/jobs"),
                "few URLs": partial(asked, "POST", "/v1/jobs", body_of(FEW_URLS)),
            }
            large_ones: Mapping[str, Ask] = {
                "results": partial(asked, "GET", f"/v1/jobs/{public_id(large)}/results"),
                "rows": partial(asked, "GET", f"/v1/rows/{public_id(large)}"),
                "many URLs": partial(asked, "POST", "/v1/jobs", body_of(MANY_URLS)),
                "insert": partial(bare.insert, MANY_URLS),
            }
            turns = [{**turn(small_ones, times=OFTEN), **turn(large_ones, times=SELDOM)} for _ in range(size.turns + 1)]
    return turns[1:]  # the first warms all up


def body_of(urls: int) -> bytes:
    addresses = [f"https://shop.example.com/products/{number}" for number in range(urls)]
    return json.dumps({"urls": addresses, "selectors": json.loads(SELECTORS)}).encode()


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
