"""A hundred thousand results in a file, and how much larger the process gets by that."""

import re
from contextlib import closing
from pathlib import Path

import orjson
import pytest
from django.db import connection

from jobs.exports import FORMATS
from jobs.models import Job, Page

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

RESULTS = 100_000
MOST_GROWTH = 100 * 2**20
SELECTORS = {"title": "h1", "price": {"selector": ".price", "cast": "price"}, "tags": [".tag"], "text": "article"}
DATA = {
    "title": "Walnut Armchair",
    "price": {"amount": "1299.00", "currency": "USD"},
    "tags": ["oak", "chair"],
    "text": "Ein Stuhl für große Zimmer. " * 40,
}


@pytest.fixture
def large_job(make_job):
    """An ended job with so many results, written at once."""
    job = make_job(1, selectors=orjson.dumps(SELECTORS).decode())
    (first,) = job.pages.all()
    url, data = "https://store.com/products/", orjson.dumps(DATA).decode()
    for start in range(1, RESULTS, 10_000):
        Page.objects.bulk_create(
            Page(
                job=job, host_queue=first.host_queue, index=index, url=f"{url}{index}", canonical_url=f"{url}{index}",
                status=Page.Status.COMPLETED, attempts=1, available_at=job.created_at, sequence=index + 1, data=data,
                status_code=200, final_url=f"{url}{index}", duration_ms=1,
            )
            for index in range(start, min(start + 10_000, RESULTS))
        )  # fmt: skip
    Page.objects.filter(pk=first.pk).update(status=Page.Status.COMPLETED, sequence=1, data=data)
    counts = {"total_urls": RESULTS, "completed_urls": RESULTS}
    Job.objects.filter(pk=job.pk).update(status=Job.Status.COMPLETED, completed_at=job.created_at, **counts)
    connection.close()
    return job


def resident(what="VmRSS"):
    """Bytes of this process in memory: now, or at most since `forget_most`."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{what}:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024


def forget_most():
    Path("/proc/self/clear_refs").write_text("5")


@pytest.mark.parametrize("form", FORMATS)
def test_a_large_export_makes_the_process_hardly_larger(form, server, make_key, alice, large_job):
    headers = {"Authorization": f"Bearer {make_key(alice)}", "Accept-Encoding": "gzip"}
    received = 0
    forget_most()
    before = resident()

    with closing(server.connect(timeout_s=600)) as connection:
        connection.request("GET", f"/v1/jobs/{large_job.public_id}/results?format={form}", headers=headers)
        response = connection.getresponse()
        while piece := response.read(2**16):
            received += len(piece)

    grown = resident("VmHWM") - before
    print(f"{form}: {received:,} bytes, {grown / 2**20:.1f} MiB more")  # noqa: T201 - what it is all about
    assert received > 10**5
    assert grown < MOST_GROWTH
