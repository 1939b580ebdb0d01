"""The one place where a page changes its status.

    pending → queued → running → completed | failed | cancelled      (pending, queued → cancelled too, and at the
       ▲________│__________│                                          job's deadline → failed)

Every move is one guarded UPDATE. A worker's moves name the token of its claim; who takes a page away clears it.

Rows are locked without their keys, which nobody changes: PostgreSQL looks up what a row refers to by the lock that only
a lock with keys forbids, and a finish, whose page it looks up again, and a planner would wait for each other.
Source: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import Now

from jobs.models import Job, Page
from jobs.models.page import OPEN, PageStatus
from jobs.queue.clock import database_now
from scraping.errors import ScrapeError

MOVES: dict[PageStatus, Sequence[PageStatus]] = {
    PageStatus.PENDING: (PageStatus.QUEUED, PageStatus.RUNNING),
    PageStatus.QUEUED: (PageStatus.PENDING,),
    PageStatus.RUNNING: (PageStatus.QUEUED,),
    PageStatus.COMPLETED: (PageStatus.RUNNING,),
    PageStatus.FAILED: (PageStatus.RUNNING,),
    PageStatus.CANCELLED: OPEN,
}
"""To each status, from where."""

UNCLAIMED: dict[str, object] = {"token": None, "worker": None, "lease_expires_at": None}


def move(page: Page, to: PageStatus, *, token: UUID, **changes: object) -> bool:
    """Move `page` to `to` if the stored row still allows it; False if someone else got there first.

    A page that is moved anywhere but to running gives up its claim.
    """
    claim = {} if to == PageStatus.RUNNING else UNCLAIMED
    return movable(page, to, token=token).update(status=to, **claim, **changes) == 1


def movable(page: Page, to: PageStatus, *, token: UUID) -> QuerySet[Page]:
    """The page, if the stored row allows that move."""
    return Page.objects.filter(pk=page.pk, status__in=MOVES[to], token=token)


def hold(page: Page, to: PageStatus, *, token: UUID) -> Job | None:
    """Lock `page` for that move, and then its job; the job, or None if someone else got there first. In a transaction.

    One query: PostgreSQL locks the rows that belong together in the order in which they are named.
    """
    locked = movable(page, to, token=token).select_for_update(no_key=True, of=("self", "job"))
    held = next(iter(locked.select_related("job").only("job")), None)
    return held.job if held else None


def move_all(ids: Sequence[int], to: PageStatus, **changes: object) -> int:
    """Move those of the pages that still allow it; how many did. The caller holds their locks, taken in id order."""
    return Page.objects.filter(pk__in=ids, status__in=MOVES[to]).update(status=to, **changes)


def cancel_all(job_id: int) -> int:
    """Cancel every open page of a job; how many. Waits for those that someone is moving just now. In a transaction."""
    pages = Page.objects.filter(job=job_id, status__in=MOVES[PageStatus.CANCELLED])
    list(pages.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    return pages.update(status=PageStatus.CANCELLED, finished_at=Now(), **UNCLAIMED)


def fail_all(ids: Sequence[int], *, after: int, error: ScrapeError) -> int:
    """Fail pages whose job's deadline has passed, wherever they are; how many. One statement.

    They are numbered in the order of their URLs, from `after` on. The caller holds their locks, and the job's.
    """
    statement = f"""
        UPDATE jobs_page SET
            status = %s, token = NULL, worker = NULL, lease_expires_at = NULL, finished_at = %s,
            error_code = %s, error_message = %s, error_retryable = %s, sequence = %s + ranked.place
        FROM (
            SELECT id, ROW_NUMBER() OVER (ORDER BY "index") AS place FROM jobs_page
            WHERE id IN ({", ".join(["%s"] * len(ids))})
        ) AS ranked
        WHERE jobs_page.id = ranked.id
    """  # noqa: S608 - placeholders
    told: list[Any] = [PageStatus.FAILED, database_now(), error.code, str(error), error.retryable, after]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*told, *ids])
        return int(cursor.rowcount)
