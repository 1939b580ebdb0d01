"""A checked request becomes a job and its pages, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from math import ceil
from typing import Any

from django.db import transaction

from jobs.bulk import insert, stored
from jobs.failpoints import failpoint
from jobs.models import Account, HostQueue, Job, Page, Variant
from jobs.models.account import MOST_TEST_URLS_A_DAY
from jobs.models.job import JobKind
from jobs.models.page import PageStatus
from jobs.options import DEADLINE_MS, Options, options_of
from jobs.queue.clock import database_now
from jobs.queue.dispatch import try_dispatch
from jobs.secrets import NO_SECRETS, Secrets, sealed
from scraping.egress import Target

QUEUEING = (
    "max_attempts",
    "host_concurrency",
    "host_delay_ms",
    "concurrency",
    "priority",
    "deadline_ms",
    "deduplicate",
)


MOST_TEST_URLS = 25
"""How many URLs a job of a test key has."""
JOB_ENDS_IN_S = 10
"""When to try again once a job of many may have ended."""


class Refusal(Exception):
    """The account may not have this job, or not now; nothing was created. The text says why, and what to do."""


class TooMuch(Refusal):
    """The account has as many as it may; in a while it may have more."""

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyTestUrls(Refusal):
    """A job of a test key is a small one."""

    def __init__(self, urls: int) -> None:
        super().__init__(f"A job of a test key has {MOST_TEST_URLS} URLs at most; these are {urls:,}.")


class InsufficientCredits(Refusal):
    """The balance does not hold a credit for each URL."""

    def __init__(self, *, needed: int, available: int) -> None:
        self.available = available
        super().__init__(f"This job needs {needed:,} credits, one per URL; {available:,} are left.")


@dataclass(frozen=True, slots=True)
class Own:
    """What is asked for one URL alone, complete: the client's JSON as text."""

    selectors: str
    options: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A URL that a job is to visit, with the caller's name for it."""

    target: Target
    reference: str | None = None
    own: Own | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What a client asked for, checked. `selectors` to `webhook` are the client's JSON as text.

    `options` is without what is secret of them.
    """

    name: str | None
    wanted: Sequence[Wanted]
    selectors: str
    options: str
    metadata: str
    webhook: str | None
    max_attempts: int
    host_concurrency: int
    concurrency: int | None = None
    deduplicate: bool = False
    sealed_webhook: str | None = None
    secrets: Secrets = NO_SECRETS
    kind: JobKind = JobKind.JOB
    host_delay_ms: int = 0
    priority: int = 0
    deadline_ms: int = DEADLINE_MS
    free: bool = False
    test: bool = False
    """Made with a test key, or by a schedule that was; then it is free, too."""
    key_id: int | None = None
    """The API key that it came with."""
    source: Job | None = None
    """The job that is tried again; what is secret of it is taken over as it is sealed."""
    host: str | None = None
    """Whose queue the pages wait in, instead of their own hosts'."""


def queueing(options: Options) -> dict[str, Any]:
    """What `options` say of the way in which a job waits, by the names of `JobRequest`."""
    return {name: getattr(options, name) for name in QUEUEING}


def without_copies(wanted: Sequence[Wanted]) -> Sequence[Wanted]:
    """Those whose canonical URL has not come before."""
    first: dict[str, Wanted] = {}
    for one in wanted:
        first.setdefault(one.target.canonical, one)
    return list(first.values())


@transaction.atomic
def create_job(*, account: Account, request: JobRequest) -> Job:
    """Write the job and its pages, reserve the credits, and have it dispatched once that is committed.

    The account's row is locked last, so that its other jobs do not wait while many pages are stored.
    Raises: Refusal, and nothing is left behind.
    """
    wanted = without_copies(request.wanted) if request.deduplicate else request.wanted
    total = len(wanted)
    if request.test:
        take_test_urls(account, total)
    reserves = not (account.unlimited or request.free)
    if reserves and account.credits < total and (refusal := insufficient(account, total)).available < total:
        raise refusal  # before many pages are stored in vain
    job = new_job(
        account,
        request,
        source=request.source,
        total_urls=total,
        reserves_credits=reserves,
        duplicates_dropped=len(request.wanted) - total,
    )
    insert_pages(job, request, wanted)
    refuse_many_live_jobs(account)
    if reserves and not account.reserve(total):
        raise insufficient(account, total)
    transaction.on_commit(partial(failpoint, "job_committed"))
    transaction.on_commit(try_dispatch)
    return job


def insufficient(account: Account, total: int) -> InsufficientCredits:
    """With what the account has at this moment. One query."""
    account.refresh_from_db(fields=["credits"])
    return InsufficientCredits(needed=total, available=account.credits)


PAGE_FIELDS = (
    *("job", "host_queue", "index", "url", "canonical_url", "reference", "variant"),
    *("status", "attempts", "available_at", "blocked_requests"),
)


def insert_pages(job: Job, request: JobRequest, wanted: Sequence[Wanted]) -> None:
    """A page for each URL, in their order, and the queues of their hosts. Few statements: four, up to 10,000 URLs."""
    now, hosts = stored(job.created_at), pacing_hosts(job, request, wanted)
    insert(HostQueue, ("job", "host", "ready_at"), ((job.pk, host, now) for host in dict.fromkeys(hosts)))
    queue_ids = dict(HostQueue.objects.filter(job=job).values_list("host", "pk"))
    owns = list(dict.fromkeys(one.own for one in wanted if one.own))
    variants = [Variant(job=job, selectors=own.selectors, options=own.options) for own in owns]
    variant_ids = {own: variant.pk for own, variant in zip(owns, Variant.objects.bulk_create(variants), strict=True)}
    waiting = (PageStatus.PENDING.value, 0, now, 0)
    rows = (
        (
            *(job.pk, queue_ids[host], index, one.target.sent, one.target.canonical),
            *(one.reference, variant_ids[one.own] if one.own else None),
            *waiting,
        )
        for index, (one, host) in enumerate(zip(wanted, hosts, strict=True))
    )
    insert(Page, PAGE_FIELDS, rows)


def take_test_urls(account: Account, urls: int) -> None:
    """Count them off what test keys of the account may visit today. Raises: Refusal."""
    refuse_many_test_urls(urls)
    if not account.take_test_urls(urls):
        message = (
            f"Jobs of test keys visit {MOST_TEST_URLS_A_DAY} URLs a day; go on after midnight UTC, or with a live key."
        )
        raise TooMuch(message, retry_after_s=seconds_until_midnight())


def refuse_many_test_urls(urls: int) -> None:
    if urls > MOST_TEST_URLS:
        raise TooManyTestUrls(urls)


def seconds_until_midnight() -> int:
    now = database_now().astimezone(UTC)
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time.min, UTC)
    return ceil((tomorrow - now).total_seconds())


def pacing_hosts(job: Job, request: JobRequest, wanted: Sequence[Wanted]) -> list[str]:
    """Whose pace each page keeps: its host's, but what comes through a stranger's proxy concerns that job alone."""
    apart = f" by proxy of {job.public_id}" if options_of(job).proxied else ""
    return [f"{request.host or one.target.host_key}{apart}" for one in wanted]


def new_job(account: Account, request: JobRequest, **more: object) -> Job:
    """The row of a job, ready at once; `more` is what the request does not say. In a transaction."""
    now = database_now()
    return Job.objects.create(
        account=account,
        kind=request.kind,
        name=request.name,
        selectors=request.selectors,
        options=request.options,
        metadata=request.metadata,
        webhook=request.webhook,
        sealed_webhook=request.sealed_webhook,
        sealed_options=request.source.sealed_options if request.source else sealed(request.secrets),
        max_attempts=request.max_attempts,
        host_concurrency=request.host_concurrency,
        host_delay_ms=request.host_delay_ms,
        concurrency=request.concurrency,
        priority=request.priority,
        free=request.free,
        test=request.test,
        api_key_id=request.key_id,
        created_at=now,
        ready_at=now,
        deadline_at=now + timedelta(milliseconds=request.deadline_ms),
        **more,
    )


def refuse_many_live_jobs(account: Account) -> None:
    """Its new job is stored; its row stays locked until others count that: many at once are no way past the limit.

    The lock is one that charges of its pages, which only refer to the row, do not wait for. Two queries.
    Raises: TooMuch.
    """
    most = Account.objects.select_for_update(no_key=True).get(pk=account.pk).job_limit
    if Job.objects.live().filter(account=account).count() > most:
        message = f"This account may have {most:,} live jobs at once: wait until one has ended, or cancel one."
        raise TooMuch(message, retry_after_s=JOB_ENDS_IN_S)
