"""How long ended jobs are kept."""

from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from jobs.models import Job

JOBS_AT_ONCE = 20


def purge_old_jobs() -> int:
    """Delete a few of the jobs that ended before the retention time, with all that was kept of them; how many.

    Charges stay in the ledger. A few at a time: deleting holds locks.
    """
    old = Job.objects.filter(completed_at__lt=Now() - timedelta(days=settings.SCRPY_RETENTION_DAYS))
    ids = list(old.order_by("completed_at").values_list("pk", flat=True)[:JOBS_AT_ONCE])
    for pk in ids:
        Job.objects.filter(pk=pk).delete()
    return len(ids)
