"""Takes back what nobody holds any more: pages whose lease has run out. Any number of sweeps may run at once."""

import logging
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from django.db.models.functions import Now

from jobs.failpoints import failpoint
from jobs.models import Page, Worker
from jobs.models.page import PageStatus
from jobs.queue import bell
from jobs.queue.leases import UNSEEN, call_back, expire
from jobs.queue.lock import planners_lock
from jobs.recording import record_failure
from scraping.errors import WorkerLost

logger = logging.getLogger(__name__)

MOST_PAGES = 500


def notice_lost_messages() -> None:
    """After Redis was emptied or replaced: have claimed anew what nobody has in hand. Queries, and sends.

    The note is made last: a clock that dies before it leaves the rest to the next. Pages that were rung for meanwhile
    are rung for twice, without harm.
    """
    if bell.has_forgotten():
        logger.warning("Redis has lost its messages: %d pages are rung for again", expire(UNSEEN))
        bell.note_memory()


def sweep() -> int:
    """Return pages with expired leases to their queues, or fail those past their attempts; how many. Queries."""
    expired = Page.objects.filter(lease_expires_at__lte=Now()).select_related("job")
    if not expired.exists():  # as nearly always, and cheaper to ask than for all columns
        return 0
    pages = sorted(expired.order_by("lease_expires_at")[:MOST_PAGES], key=attrgetter("job_id", "pk"))
    for _, group in groupby(pages, key=attrgetter("job_id")):
        failpoint("sweep_selected")
        sweep_job(list(group))
    return len(pages)


def sweep_job(pages: list[Page]) -> None:
    """A page that had not started waits again; an attempt that had is spent, and retried while some are left."""
    queued = [page.pk for page in pages if page.status == PageStatus.QUEUED]
    with planners_lock():
        call_back(Page.objects.filter(pk__in=queued, lease_expires_at__lte=Now()))
    for page in pages:
        if page.status == PageStatus.RUNNING and page.token:
            lost = record_failure(page, WorkerLost(), token=page.token)
            logger.info("Page %s: its worker is gone, %s", page.pk, "taken back" if lost else "already moved")


def forget_dead_workers() -> None:
    """Delete the rows of workers that have not been heard of for long."""
    Worker.objects.filter(last_seen_at__lt=Now() - timedelta(minutes=10)).delete()
