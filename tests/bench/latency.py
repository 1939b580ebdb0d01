"""How long an idle platform takes to begin a page that was just asked for, and to tell a waiting client of its end.

Of jobs of one page each, one after another, by the times that the page's own row has.
"""

import time
from datetime import UTC, datetime
from typing import Any

from tests.bench.figures import Size, report
from tests.platform.client import Client
from tests.platform.running import Platform, running_platform

SELECTORS = {"title": "h1", "price": ".price"}
IDLE_S = 0.3
"""A pause before each job: what the last one left to be done is over."""


def run(size: Size) -> None:
    with running_platform(allow=[]) as platform:
        client = platform.open_account("bench")
        jobs = [one_job(platform, client) for _ in range(size.turns + 1)][1:]  # the first warms all up
    report(
        f"latency, {size.turns} jobs of a page",
        {
            "POST to its answer, ms": [answered for answered, _, _ in jobs],
            "POST to page started, ms": [started for _, started, _ in jobs],
            "page finished to completed, as a client sees it, ms": [seen for _, _, seen in jobs],
        },
    )


def one_job(platform: Platform, client: Client) -> tuple[float, float, float]:
    time.sleep(IDLE_S)
    posted_at = time.time()
    public_id = client.post([platform.shop_url("/products/1")], SELECTORS)["id"]
    answered_at = time.time()
    job = client.job(public_id, "?results=false&wait=60")
    seen_at = time.time()
    assert job["status"] == "completed", job
    (page,) = platform.rows.pages(public_id)
    return (
        (answered_at - posted_at) * 1000,
        (seconds(page["started_at"]) - posted_at) * 1000,
        (seen_at - seconds(page["finished_at"])) * 1000,
    )


def seconds(stored: Any) -> float:
    """A time as the database keeps it, SQLite as text in UTC."""
    moment = stored if isinstance(stored, datetime) else datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return moment.timestamp()
