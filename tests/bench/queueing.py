"""What the queue costs where pages cost nothing, and what more processes bring where each page takes its time.

The first in one thread of one process, see `draining`; the second in real workers of one thread, on PostgreSQL.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.figures import Size, report
from tests.platform.running import MANAGE, Platform, prepared_platform
from tests.postgres import running_postgres
from tests.until import until
from tests.valkey import running_valkey

PROCESSES, PAGE_MS, PAGES_OF_EACH = 8, 200, 50
MAKE = """
from jobs.intake import create_job
from jobs.models import Account
from tests.queue.making import make_request, urls_of
urls = urls_of({pages})
create_job(account=Account.objects.get(name="bench"), request=make_request(urls, host_concurrency=32))
"""
DURATION = "SELECT EXTRACT(EPOCH FROM completed_at - started_at) FROM jobs_job ORDER BY id DESC LIMIT 1"


def run(size: Size) -> None:
    with running_valkey() as queue:
        with prepared_platform(allow=[], more_env={"REDIS_URL": queue}) as platform:
            call = f"main(pages={size.pages}, turns={size.turns})"
            command = [sys.executable, str(MANAGE), "shell", "-c", f"from tests.bench.draining import main; {call}"]
            subprocess.run(command, env=dict(platform.env), stdin=subprocess.DEVNULL, check=True)
        with running_postgres() as postgres:
            one_lane = {"REDIS_URL": queue, "SCRPY_LANES": "1"}
            with prepared_platform(allow=[], database_server=postgres.url, more_env=one_lane) as platform:
                platform.open_account("bench")
                turns = [(pages_per_s(platform, 1), pages_per_s(platform, PROCESSES)) for _ in range(size.turns)]
    report(
        f"queueing on PostgreSQL, {size.turns} turns of pages of {PAGE_MS} ms",
        {
            "one process of one thread, pages/s": [one for one, _ in turns],
            f"{PROCESSES} processes of one thread, pages/s": [many for _, many in turns],
            f"{PROCESSES} processes / one": [many / one for one, many in turns],
        },
    )


def pages_per_s(platform: Platform, processes: int) -> float:
    """From the first page's start to the last one's end."""
    pages = processes * PAGES_OF_EACH
    with workers(platform, processes):
        platform.manage("shell", "-c", MAKE.format(pages=pages))
        until(
            lambda: not platform.rows.one("SELECT COUNT(*) FROM jobs_job WHERE completed_at IS NULL"),
            what="the end",
            within_s=300,
        )
        return pages / float(platform.rows.one(DURATION))


@contextmanager
def workers(platform: Platform, processes: int) -> Iterator[None]:
    command = [
        sys.executable,
        str(MANAGE),
        "shell",
        "-c",
        f"from tests.bench.stubbed import work; work(page_ms={PAGE_MS})",
    ]
    with (platform.home / "workers.out").open("ab") as output:
        started = [
            subprocess.Popen(command, env=dict(platform.env), stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            for _ in range(processes)
        ]
    try:
        until(lambda: len(platform.workers()) == processes, what="all workers signed on", within_s=60)
        yield
    finally:
        for worker in started:
            worker.terminate()
        for worker in started:
            worker.wait()
