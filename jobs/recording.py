"""What became of a page, and with it of its job: page, counters, charge and events in one transaction each.

Locks are taken in one order everywhere: page, host queue, job, daily usage, account.
"""

import random
from collections.abc import Sequence
from copy import copy
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from jobs.failpoints import failpoint
from jobs.models import Account, Artifact, DailyUsage, Job, LedgerEntry, Page
from jobs.models.job import JobStatus
from jobs.models.page import OPEN, PageStatus
from jobs.queue import bell
from jobs.queue.clock import database_now
from jobs.queue.moves import cancel_all, fail_all, hold, move
from jobs.queue.ready import make_ready
from jobs.webhooks.events import record_job_event, record_page_events, wants_page_events
from scraping.errors import DeadlineExceeded, ScrapeError

FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 120.0
OVERDUE_AT_ONCE = 5_000


class JobAlreadyFinished(Exception):
    """The job ended by itself; there is nothing left to cancel."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"Job {job.public_id} has already ended: it is {job.status}.")


def record_start(page: Page) -> None:
    """The job runs from its first page's first attempt on. One query while the job is pending, else none."""
    if page.job.status == JobStatus.PENDING:
        Job.objects.filter(pk=page.job_id, status=JobStatus.PENDING).update(status=JobStatus.RUNNING, started_at=Now())
        page.job.status = JobStatus.RUNNING


@transaction.atomic
def record_success(
    page: Page,
    *,
    token: UUID,
    data: str,
    status_code: int | None,
    final_url: str,
    duration_ms: int,
    truncated: str | None = None,
    reports: str | None = None,
    actions: str | None = None,
    trace: str | None = None,
    blocked_requests: int = 0,
    artifacts: Sequence[Artifact] = (),
    charged: bool = True,
    reuse_key: UUID | None = None,
    reused_from: datetime | None = None,
) -> bool:
    """The page is completed with `data` (JSON text), and charged. False if the claim is no longer ours.

    `artifacts` are rows not stored yet, of files that are. A page of a job that is free is never charged.
    """
    cost = int(charged and not page.job.free)
    job = end_page(
        page,
        PageStatus.COMPLETED,
        token=token,
        cost=cost,
        artifacts=artifacts,
        data=data,
        truncated=truncated,
        reports=reports,
        actions=actions,
        trace=trace,
        blocked_requests=blocked_requests,
        status_code=status_code,
        final_url=final_url,
        duration_ms=duration_ms,
        reuse_key=reuse_key,
        reused_from=reused_from,
    )
    if job and cost:
        LedgerEntry.objects.create(
            account_id=job.account_id,
            job=job,
            page=page,
            amount=-1,
            reason="page completed",
            unlimited=not job.reserves_credits,
        )
    elif job:
        give_back_credits(job, amount=1)
    return job is not None


def record_failure(
    page: Page,
    error: ScrapeError,
    *,
    token: UUID,
    duration_ms: int | None = None,
    actions: str | None = None,
    trace: str | None = None,
) -> bool:
    """The attempt failed: tried again later if that may help and attempts are left, else the page has failed.

    `page.attempts` counts this attempt; `actions` and `trace` (JSON text) tell how far it came. False if the claim is
    no longer ours.
    """
    if error.retryable and page.attempts < page.job.max_attempts:
        return postpone(page, error, token=token)
    return fail(page, error, token=token, duration_ms=duration_ms, actions=actions, trace=trace)


@transaction.atomic
def postpone(page: Page, error: ScrapeError, *, token: UUID) -> bool:
    due = Now() + timedelta(seconds=retry_delay_s(page.attempts, asked_s=error.retry_after_s))
    ours = move(page, PageStatus.PENDING, token=token, available_at=due)
    if ours:
        make_ready([page.job_id], [page.host_queue_id], at=due)
    return ours


def retry_delay_s(attempts: int, *, asked_s: float | None = None) -> float:
    """Doubling from a second on, with jitter; or what the site asked for, within reason. In seconds."""
    backoff_s: float = FIRST_RETRY_S * 2 ** (attempts - 1) * random.uniform(0.75, 1.25)  # noqa: S311 - no secret
    return min(max(backoff_s, asked_s or 0.0), LONGEST_RETRY_S)


@transaction.atomic
def fail(
    page: Page, error: ScrapeError, *, token: UUID, duration_ms: int | None, actions: str | None, trace: str | None
) -> bool:
    job = end_page(
        page,
        PageStatus.FAILED,
        token=token,
        status_code=error.status_code,
        final_url=error.final_url,
        duration_ms=duration_ms,
        actions=actions,
        trace=trace,
        error_code=error.code,
        error_message=str(error),
        error_retryable=error.retryable,
    )
    if job:
        give_back_credits(job, amount=1)
    return job is not None


def end_page(
    page: Page, to: PageStatus, *, token: UUID, cost: int = 0, artifacts: Sequence[Artifact] = (), **columns: object
) -> Job | None:
    """End a page, count it on its job, and end the job with its last page. In a transaction.

    None if the claim is no longer ours. The page is written once, when its number is known: a row that is written again
    in one transaction is also looked up again by PostgreSQL, with all that it refers to.
    """
    job = hold(page, to, token=token)
    if not job:
        return None
    completed, failed = int(to == PageStatus.COMPLETED), int(to == PageStatus.FAILED)
    job.completed_urls += completed
    job.failed_urls += failed
    job.credits_used += cost
    job.kept_bytes += sum(one.stored_bytes for one in artifacts)
    move(page, to, token=token, finished_at=Now(), sequence=job.completed_urls + job.failed_urls, **columns)
    Artifact.objects.bulk_create(map(copy, artifacts))  # rows must not keep ids of a transaction that fails
    tell_of_pages(job, [page.pk])
    write_counts_or_end(job)
    DailyUsage.objects.add(job, completed=completed, failed=failed, credits_used=cost)
    return job


def write_counts_or_end(job: Job) -> None:
    """Store the counters of a job whose lock we hold, and end it with its last page; who listens hears of it."""
    if job.open_urls:
        write_counts(job)
        transaction.on_commit(lambda: bell.publish(bell.PROGRESS, job.public_id))
    else:
        end_job(job, status_at_end(job))


def tell_of_pages(job: Job, ids: Sequence[int]) -> None:
    """Record the events of pages that have just ended, if the job's endpoint wants any. In a transaction."""
    if wants_page_events(job):
        record_page_events(job, Page.objects.filter(pk__in=ids).order_by("sequence"))


def status_at_end(job: Job) -> JobStatus:
    if not job.completed_urls:
        return JobStatus.FAILED
    return JobStatus.PARTIAL if job.failed_urls else JobStatus.COMPLETED


def write_counts(job: Job, **changes: object) -> None:
    """Store the counters of a job whose lock we hold."""
    Job.objects.filter(pk=job.pk).update(
        completed_urls=job.completed_urls,
        failed_urls=job.failed_urls,
        cancelled_urls=job.cancelled_urls,
        credits_used=job.credits_used,
        kept_bytes=job.kept_bytes,
        **changes,
    )


def end_job(job: Job, status: JobStatus) -> None:
    """The one way a job ends: status, time and events with its last page; who waits hears of it after commit."""
    job.status, job.completed_at, job.ready_at = status, database_now(), None
    write_counts(job, status=status, completed_at=job.completed_at, ready_at=None)
    record_job_event(job)
    transaction.on_commit(lambda: bell.publish(bell.ENDED, job.public_id))


def give_back_credits(job: Job, *, amount: int) -> None:
    """What was reserved for pages that will not be charged goes back to the balance."""
    if job.reserves_credits and amount:
        Account.objects.filter(pk=job.account_id).update(credits=F("credits") + amount)


@transaction.atomic
def cancel_job(job: Job) -> Job:
    """End a live job now: open pages are cancelled and their credits given back, pages in flight aborted.

    A cancelled job is returned as it is. Raises: JobAlreadyFinished.
    """
    cancelled = cancel_all(job.pk)
    failpoint("cancel_pages")
    job = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    if job.live:
        job.cancelled_urls += cancelled
        end_job(job, JobStatus.CANCELLED)
        give_back_credits(job, amount=cancelled)
        transaction.on_commit(lambda: bell.publish(bell.CANCELLED, str(job.pk)))
    elif job.status != JobStatus.CANCELLED:
        raise JobAlreadyFinished(job)
    return job


def end_overdue_job(job: Job) -> int:
    """Fail what is open of a job whose deadline has passed; how many pages. Many pages take several transactions."""
    failed = 0
    while pages := fail_overdue_pages(job):
        failed += pages
    bell.publish(bell.CANCELLED, str(job.pk))
    return failed


@transaction.atomic
def fail_overdue_pages(job: Job) -> int:
    """Some of them; how many. Waits for pages that someone is moving just now."""
    still_open = Page.objects.filter(job=job, status__in=OPEN).order_by("pk").select_for_update(no_key=True)
    ids = list(still_open.values_list("pk", flat=True)[:OVERDUE_AT_ONCE])
    job = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    if not ids or not job.live:
        return 0
    error = DeadlineExceeded()
    failed = fail_all(ids, after=job.completed_urls + job.failed_urls, error=error)
    job.failed_urls += failed
    tell_of_pages(job, ids)
    write_counts_or_end(job)
    DailyUsage.objects.add(job, failed=failed)
    give_back_credits(job, amount=failed)
    return failed
