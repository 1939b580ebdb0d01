"""What the queue itself costs, in a process that has a database of its own.

One thread claims, starts and finishes pages that take no time, by the worker's own code. Nobody else is there, no event
loop is asked, and the bell is a list: the runs that were rung for are rendered one after the other.
"""

import time
from collections import deque
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast
from unittest import mock
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Now

from jobs.accounts import open_account
from jobs.intake import create_job
from jobs.models import Account, HostQueue, Job, Page
from jobs.models.job import JobStatus
from jobs.models.page import PageStatus
from jobs.queue.dispatch import dispatch
from jobs.queue.leases import call_back
from jobs.queue.plan import LONGEST_RUN
from jobs.worker.claims import Claim
from jobs.worker.loan import Loan
from jobs.worker.process import PageWorker, page_worker
from tests.bench.figures import report
from tests.bench.replay import recorded, replay
from tests.bench.stubbed import stubbed
from tests.queue.making import make_request, urls_of

LARGER, FEW_JOBS, PAGES_OF_ONE = 100, 16, 250
"""How many times as many pages a large job has, and how many jobs of how many pages live where few do."""

T = TypeVar("T")
rung: deque[UUID] = deque()


def main(pages: int, turns: int) -> None:
    with stubbed(page_ms=0), bells_listed(), rendered_in_place(), page_worker() as worker:
        alone = against_its_statements(worker, pages, turns)
        large = in_a_large_job(worker, pages, turns)
        crowded = among_many_jobs(worker, pages, turns)
    report(
        f"queueing on {connection.display_name}, {turns} turns of {pages:,} pages of 0 ms",
        {
            "claim + start + finish, ms a page": [ours * 1000 / pages for ours, _ in alone],
            "its statements by the driver alone, ms a page": [theirs * 1000 / pages for _, theirs in alone],
            "claim + start + finish / its statements": [ours / theirs for ours, theirs in alone],
            f"in a job of {pages * LARGER:,} pages / of {pages:,}, cost per page": large,
            f"with {pages:,} live jobs / with {FEW_JOBS}, cost per page": crowded,
        },
    )


@contextmanager
def bells_listed() -> Iterator[None]:
    """What is rung for waits here, and nobody hears what is published."""

    def ring(tokens: Sequence[UUID]) -> Sequence[UUID]:
        rung.extend(tokens)
        return ()

    with mock.patch("jobs.queue.bell.ring_runs", ring), mock.patch("jobs.queue.bell.publish"):
        yield


@contextmanager
def rendered_in_place() -> Iterator[None]:
    """What the event loop would be asked is done at once: a thread that waits for another measures the machine."""

    def call(_claim: Claim, coroutine: Coroutine[Any, Any, T]) -> T:
        try:
            coroutine.send(None)
        except StopIteration as done:
            return cast(T, done.value)
        raise AssertionError("A page took time")

    with mock.patch.object(Claim, "call", call), mock.patch.object(Loan, "give_back"):
        yield


def against_its_statements(worker: PageWorker, pages: int, turns: int) -> list[tuple[float, float]]:
    """Seconds for a job, and for the statements that it took when it was done first; each time from its beginning."""
    job = make_job(pages)
    with recorded() as statements:
        drain(worker)
    taken = []
    for _ in range(turns + 1):
        begin_again(job)
        ours = drain(worker)
        assert completed(job) == pages
        begin_again(job)
        taken.append((ours, replay(statements)))
        assert completed(job) == pages
    return taken[1:]  # the first warms both up


def in_a_large_job(worker: PageWorker, pages: int, turns: int) -> list[float]:
    """Cost per page in the middle of a large job, as a ratio to that in one of so many pages."""
    large = make_job(pages * LARGER)
    half = pages * LARGER // 2
    Page.objects.filter(job=large, index__lt=half).update(
        status=PageStatus.COMPLETED, sequence=F("index") + 1, data="{}", attempts=1
    )
    Job.objects.filter(pk=large.pk).update(completed_urls=half)
    ratios = []
    for _ in range(turns):
        with parked(Job.objects.filter(pk=large.pk)):
            make_job(pages)
            small = drain(worker) / pages
        ratios.append(cost_per_page(worker, pages) / small)
    end_all()
    return ratios


def among_many_jobs(worker: PageWorker, pages: int, turns: int) -> list[float]:
    """Cost per page while so many jobs live, as a ratio to that while few do."""
    jobs = [make_job(PAGES_OF_ONE, site=f"site{number}").pk for number in range(max(pages, FEW_JOBS * turns))]
    ratios = []
    for number in range(turns):
        few = jobs[number * FEW_JOBS :][:FEW_JOBS]
        with parked(Job.objects.live().exclude(pk__in=few)):
            cost = cost_per_page(worker, pages)
        ratios.append(cost_per_page(worker, pages) / cost)
    end_all()
    return ratios


def make_job(pages: int, site: str = "example") -> Job:
    """One of an account without limits, not dispatched."""
    account = Account.objects.filter(name="bench").first() or open_account("bench", unlimited=True)
    request = make_request(urls_of(pages, site=site), host_concurrency=32)
    with mock.patch("jobs.intake.try_dispatch"):
        return create_job(account=account, request=request)


def drain(worker: PageWorker, *, runs: int | None = None) -> float:
    """Claim and render until nothing waits, or so many runs; how many seconds that took."""
    began = time.perf_counter()
    dispatch()
    while rung and runs != 0:
        worker.runner.render(rung.popleft())
        runs = None if runs is None else runs - 1
    return time.perf_counter() - began


def cost_per_page(worker: PageWorker, pages: int) -> float:
    """Of about so many, where there are more than enough for long runs. What was claimed above that is given back."""
    before = all_completed()
    took_s = drain(worker, runs=pages // LONGEST_RUN)
    with transaction.atomic():
        call_back(Page.objects.filter(token__in=rung))
    rung.clear()
    return took_s / (all_completed() - before)


def all_completed() -> int:
    return int(Job.objects.aggregate(pages=Sum("completed_urls"))["pages"])


def completed(job: Job) -> int:
    job.refresh_from_db()
    return job.completed_urls if job.status == JobStatus.COMPLETED else -1


def begin_again(job: Job) -> None:
    """As if nothing of the job had been done yet."""
    with connection.cursor() as cursor:  # the ledger's entries stay: they forget their job, as if it were deleted
        cursor.execute("UPDATE jobs_ledgerentry SET page_id = NULL, job_id = NULL WHERE job_id = %s", [job.pk])
    Page.objects.filter(job=job).update(
        status=PageStatus.PENDING, attempts=0, started_at=None, finished_at=None, sequence=None, data=None
    )
    HostQueue.objects.filter(job=job).update(ready_at=job.created_at)
    Job.objects.filter(pk=job.pk).update(completed_urls=0, credits_used=0, **WAITING)


WAITING = {"status": JobStatus.PENDING, "started_at": None, "completed_at": None, "ready_at": F("created_at")}
ENDED = {"status": JobStatus.CANCELLED, "completed_at": Now(), "ready_at": None}


@contextmanager
def parked(jobs: QuerySet[Job]) -> Iterator[None]:
    """As if these had ended."""
    ids = list(jobs.values_list("pk", flat=True))
    Job.objects.filter(pk__in=ids).update(**ENDED)
    yield
    Job.objects.filter(pk__in=ids).update(**WAITING)


def end_all() -> None:
    Job.objects.live().update(**ENDED)
