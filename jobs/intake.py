"""A checked request becomes a job and its pages, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction

from jobs.models import Account, HostQueue, Job, Page
from jobs.models.job import JobKind
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


class InsufficientCredits(Exception):
    """The balance does not hold a credit for each URL; nothing was created."""

    def __init__(self, *, needed: int, available: int) -> None:
        super().__init__(f"This job needs {needed:,} credits, one per URL; {available:,} are left.")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What a client asked for, checked. `selectors` to `webhook` are the client's JSON as text.

    `options` is without what is secret of them.
    """

    name: str | None
    targets: Sequence[Target]
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
    source: Job | None = None
    """The job that is tried again; what is secret of it is taken over as it is sealed."""
    host: str | None = None
    """Whose queue the pages wait in, instead of their own hosts'."""


def queueing(options: Options) -> dict[str, Any]:
    """What `options` say of the way in which a job waits, by the names of `JobRequest`."""
    return {name: getattr(options, name) for name in QUEUEING}


def without_copies(targets: Sequence[Target]) -> Sequence[Target]:
    """Those whose canonical URL has not come before."""
    first: dict[str, Target] = {}
    for target in targets:
        first.setdefault(target.canonical, target)
    return list(first.values())


@transaction.atomic
def create_job(*, account: Account, request: JobRequest) -> Job:
    """Reserve the credits, write the job and its pages, and have it dispatched once that is committed.

    Raises: InsufficientCredits, and nothing is left behind.
    """
    targets = without_copies(request.targets) if request.deduplicate else request.targets
    total = len(targets)
    reserves = not (account.unlimited or request.free)
    if reserves and not account.reserve(total):
        account.refresh_from_db(fields=["credits"])
        raise InsufficientCredits(needed=total, available=account.credits)
    job = new_job(
        account,
        request,
        source=request.source,
        total_urls=total,
        reserves_credits=reserves,
        duplicates_dropped=len(request.targets) - total,
    )
    host_of = partial(pacing_host, job, request)
    hosts = dict.fromkeys(map(host_of, targets))
    made = HostQueue.objects.bulk_create([HostQueue(job=job, host=host, ready_at=job.created_at) for host in hosts])
    queues = {queue.host: queue for queue in made}
    Page.objects.bulk_create(
        [
            Page(
                job=job,
                host_queue=queues[host_of(target)],
                index=index,
                url=target.sent,
                canonical_url=target.canonical,
                available_at=job.created_at,
            )
            for index, target in enumerate(targets)
        ],
        batch_size=5_000,
    )
    transaction.on_commit(try_dispatch)
    return job


def pacing_host(job: Job, request: JobRequest, target: Target) -> str:
    """Whose pace a page keeps: its host's, but what comes through a stranger's proxy concerns that job alone."""
    host = request.host or target.host_key
    return f"{host} by proxy of {job.public_id}" if options_of(job).proxied else host


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
        created_at=now,
        ready_at=now,
        deadline_at=now + timedelta(milliseconds=request.deadline_ms),
        **more,
    )
