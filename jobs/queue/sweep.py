"""Takes back what nobody holds any more: pages whose lease has run out. Any number of sweeps may run at once."""

import logging
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from django.db.models.functions import Now

from jobs.failpoints import failpoint
from jobs.models import Page, Worker
from jobs.models.page import PageStatus
from jobs.queue.dispatch import planners_lock
from jobs.queue.leases import call_back
from jobs.recording import record_failure
from scraping.errors import WorkerLost

logger = logging.getLogger(__name__)

MOST_PAGES = 500


def sweep() -> int:
    """Return pages with expired leases to their queues, or fail those past their attempts; how many. Queries."""
    expired = Page.objects.filter(lease_expires_at__lte=Now()).select_related("job")
    pages = sorted(expired.order_by("lease_expires_at")[:MOST_PAGES], key=attrgetter("job_id", "pk"))
    for job_id, group in groupby(pages, key=attrgetter("job_id")):
        failpoint("sweep_selected")
        sweep_job(job_id, list(group))
    return len(pages)


def sweep_job(job_id: int, pages: list[Page]) -> None:
    """A page that had not started waits again; an attempt that had is spent, and retried while some are left."""
    queued = [page.pk for page in pages if page.status == PageStatus.QUEUED]
    with planners_lock():
        call_back(job_id, Page.objects.filter(pk__in=queued, lease_expires_at__lte=Now()))
    for page in pages:
        if page.status == PageStatus.RUNNING and page.token:
            lost = record_failure(page, WorkerLost(), token=page.token)
            logger.info("Page %s: its worker is gone, %s", page.pk, "taken back" if lost else "already moved")


def forget_dead_workers() -> None:
    """Delete the rows of workers that have not been heard of for long."""
    Worker.objects.filter(last_seen_at__lt=Now() - timedelta(minutes=10)).delete()
