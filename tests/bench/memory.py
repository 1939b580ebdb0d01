"""What a platform keeps of a large job once that has been sent, read and exported; and what it takes while idle.

All but the job's first pages are completed by SQL: whether anything grows while pages are rendered `make soak` tells.
"""

import http.client
import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlencode

from scrpy.demo.catalogue import PRODUCTS
from tests.bench.figures import Size, report
from tests.bench.site import HOST
from tests.bench.stored import DATA, ENDED
from tests.bench.usage import TICKS_PER_S, ticks
from tests.platform import processes
from tests.platform.client import Client
from tests.platform.running import Platform, running_platform
from tests.soak.gauges import pss_mb

WATCHED = ("web", "worker", "clock")
FEW_PAGES, FORMATS = 200, ("ndjson", "csv", "xlsx")
IDLE_S = 30.0
SELECTORS = {"title": "h1", "price": ".price", "stock": ".stock"}

FIRST = "SELECT MIN(\"index\") FROM jobs_page WHERE status = 'pending'"
COMPLETE = f"""
    UPDATE jobs_page SET status = 'completed', attempts = 1, started_at = '{ENDED}', finished_at = '{ENDED}',
        status_code = 200, final_url = url, duration_ms = 400, data = '{DATA}', sequence = "index" - %s + 1
    WHERE status = 'pending'"""
COUNT = "UPDATE jobs_job SET completed_urls = total_urls - %s WHERE completed_at IS NULL"


def run(size: Size) -> None:
    with running_platform(allow=[]) as platform:
        fresh = idle_cpu(platform)
        client = platform.open_account("bench")
        use(platform, client, pages=FEW_PAGES)  # has all loaded that is loaded on first use
        before = memory_mb(platform)
        after = []
        for _ in range(size.turns):
            use(platform, client, pages=size.pages)
            after.append(memory_mb(platform))
        used = idle_cpu(platform)
    report(
        f"memory, {size.turns} jobs of {size.pages:,} URLs",
        {
            **{f"{kind} before, MB": [before[kind]] for kind in WATCHED},
            **{f"{kind} after - before, MB": [one[kind] - before[kind] for one in after] for kind in WATCHED},
        },
    )
    for when, idle in (("before", fresh), ("after", used)):
        report(
            f"CPU of an idle platform {when} them, {IDLE_S:.0f} s",
            {
                "all, % of a core": [sum(idle.values())],
                **{f"{kind}, % of a core": [share] for kind, share in sorted(idle.items())},
            },
        )


def use(platform: Platform, client: Client, *, pages: int) -> None:
    """A job by upload, its results read, and exported in every format."""
    with halted(platform, "worker"):
        public_id = upload(platform, client, pages)
        first = platform.rows.one(FIRST)
        platform.rows.change(COMPLETE, first)
        platform.rows.change(COUNT, first)
    job = client.wait(public_id)
    assert len(client.all_results(job)) == pages
    for kind in FORMATS:
        export(client, public_id, kind)


@contextmanager
def halted(platform: Platform, kind: str) -> Iterator[None]:
    """What is claimed meanwhile stays claimed."""
    (pid,) = platform.pids(kind)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def upload(platform: Platform, client: Client, pages: int) -> str:
    """Post a file of so many URLs; the job's id."""
    lines = "\n".join(platform.shop_url(f"/products/{number % PRODUCTS + 1}?{number}") for number in range(pages))
    asked = urlencode({"job": json.dumps({"selectors": SELECTORS, "options": {"hostConcurrency": 100}})})
    with closing(http.client.HTTPConnection(HOST, client.port)) as web:
        web.request(
            "POST", f"/v1/jobs?{asked}", f"url\n{lines}\n".encode(), headers_of(client) | {"Content-Type": "text/csv"}
        )
        answer = json.load(web.getresponse())
    assert answer["success"], answer
    return str(answer["job"]["id"])


def export(client: Client, public_id: str, kind: str) -> None:
    with closing(http.client.HTTPConnection(HOST, client.port)) as web:
        web.request("GET", f"/v1/jobs/{public_id}/results?format={kind}", headers=headers_of(client))
        response = web.getresponse()
        assert response.status == http.client.OK, response.read()
        while response.read(2**20):
            pass


def headers_of(client: Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.key}"}


def memory_mb(platform: Platform) -> dict[str, float]:
    """PSS, by kind of process."""
    return {kind: sum(map(pss_mb, platform.pids(kind))) for kind in WATCHED}


def idle_cpu(platform: Platform) -> Counter[str]:
    """By kind of process, in per cent of a core."""
    before = used_ticks(platform)
    time.sleep(IDLE_S)
    used = used_ticks(platform) - before
    return Counter({kind: count / TICKS_PER_S / IDLE_S * 100 for kind, count in used.items()})


def used_ticks(platform: Platform) -> Counter[str]:
    used = Counter({"supervisor": ticks(platform.up.pid)})
    for pid, command in processes.descendants(platform.up.pid):
        used[processes.kind_of(command)] += ticks(pid)
    return used
