"""Until when a claim holds: renewed while its worker lives, given back when it stops, ended when it dies."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from jobs.models import Page, Worker
from jobs.models.page import PageStatus
from jobs.queue.moves import UNCLAIMED, move, move_all
from jobs.queue.ready import make_ready

QUEUED_LEASE = timedelta(seconds=60)
"""How long a claimed page may wait for a worker before it is claimed anew: its message may be lost."""
RUNNING_LEASE = timedelta(seconds=30)


def start(page: Page, *, token: UUID, worker: UUID) -> bool:
    """Begin an attempt: queued → running, the attempt counted. False if the claim is no longer ours."""
    return move(
        page,
        PageStatus.RUNNING,
        token=token,
        worker=worker,
        attempts=F("attempts") + 1,
        started_at=Now(),
        lease_expires_at=Now() + RUNNING_LEASE,
    )


@transaction.atomic
def renew(tokens: Collection[UUID], *, worker: UUID) -> set[UUID]:
    """Extend the claims that a worker holds; those of them that still stand. Two queries.

    As everywhere, pages are locked in the order of their ids.
    """
    held = Page.objects.filter(token__in=tokens).order_by("pk").select_for_update(no_key=True)
    claims = dict(held.values_list("pk", "token"))
    Page.objects.filter(pk__in=claims).update(worker=worker, lease_expires_at=Now() + RUNNING_LEASE)
    return {token for token in claims.values() if token}


@transaction.atomic
def release(page: Page, *, token: UUID) -> bool:
    """Give a page back unharmed, at shutdown: the attempt does not count."""
    ours = move(page, PageStatus.PENDING, token=token, attempts=F("attempts") - 1, available_at=Now())
    if ours:
        make_ready([page.job_id], [page.host_queue_id], at=Now())
    return ours


@transaction.atomic
def release_queued(job_id: int, token: UUID) -> int:
    """Give back the pages of a run that have not started; how many."""
    return call_back(Page.objects.filter(job=job_id, token=token))


def call_back(pages: QuerySet[Page]) -> int:
    """Make the queued ones of `pages` pending again; how many. Their messages will ring for nothing. In a transaction.

    They may be of several jobs: all are locked first, in the order in which everyone locks pages.
    """
    queued = pages.filter(status=PageStatus.QUEUED).order_by("pk").select_for_update(no_key=True)
    claims = list(queued.values_list("pk", "job", "host_queue"))
    if not claims:
        return 0
    made_pending = move_all([pk for pk, _, _ in claims], PageStatus.PENDING, **UNCLAIMED)
    make_ready({job for _, job, _ in claims}, {host_queue for _, _, host_queue in claims}, at=Now())
    return made_pending


UNSEEN = Q(worker=None, status=PageStatus.QUEUED)
"""Pages that wait for a worker to hear of them, as far as is known."""


@transaction.atomic
def expire(which: Q) -> int:
    """End the leases of claimed pages; how many. The next sweep acts on them."""
    claimed = Page.objects.filter(which, token__isnull=False).order_by("pk").select_for_update(no_key=True)
    return Page.objects.filter(pk__in=list(claimed.values_list("pk", flat=True))).update(lease_expires_at=Now())


def expire_worker(*, host: str, pid: int) -> None:
    """End the leases of a worker process that is known to be dead, and its row.

    Pages that nobody has started may have been in its hands or not: they are claimed anew, too.
    """
    dead = list(Worker.objects.filter(host=host, pid=pid).values_list("pk", flat=True))
    if dead:
        expire(Q(worker__in=dead) | UNSEEN)
        Worker.objects.filter(pk__in=dead).delete()
