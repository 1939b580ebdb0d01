"""A checked request becomes a job and its pages, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db import transaction

from jobs.failpoints import failpoint
from jobs.models import Account, HostQueue, Job, Page
from jobs.models.job import JobKind
from jobs.options import DEADLINE_MS
from jobs.queue.clock import database_now
from jobs.queue.dispatch import try_dispatch
from jobs.secrets import NO_SECRETS, Secrets, sealed
from scraping.egress import Target


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
    secrets: Secrets = NO_SECRETS
    kind: JobKind = JobKind.JOB
    host_delay_ms: int = 0
    priority: int = 0
    deadline_ms: int = DEADLINE_MS
    free: bool = False
    host: str | None = None
    """Whose queue the pages wait in, instead of their own hosts'."""


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
        account, request, total_urls=total, reserves_credits=reserves, duplicates_dropped=len(request.targets) - total
    )
    hosts = dict.fromkeys(request.host or target.host_key for target in targets)
    made = HostQueue.objects.bulk_create([HostQueue(job=job, host=host, ready_at=job.created_at) for host in hosts])
    queues = {queue.host: queue for queue in made}
    Page.objects.bulk_create(
        [
            Page(
                job=job,
                host_queue=queues[request.host or target.host_key],
                index=index,
                url=target.sent,
                canonical_url=target.canonical,
                available_at=job.created_at,
            )
            for index, target in enumerate(targets)
        ],
        batch_size=5_000,
    )
    transaction.on_commit(partial(failpoint, "job_committed"))
    transaction.on_commit(try_dispatch)
    return job


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
        sealed_options=sealed(request.secrets),
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
