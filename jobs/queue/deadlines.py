"""Jobs end at their deadline at the latest, whatever becomes of their sites and workers."""

import logging

from django.db.models.functions import Now

from jobs.models import Job
from jobs.recording import end_overdue_job

logger = logging.getLogger(__name__)

JOBS_AT_ONCE = 20


def end_overdue_jobs() -> int:
    """End a few of the jobs whose deadline has passed; how many. Queries. Any number of these may run at once."""
    overdue = Job.objects.live().filter(deadline_at__lte=Now())
    jobs = list(overdue.order_by("deadline_at")[:JOBS_AT_ONCE]) if overdue.exists() else []
    for job in jobs:
        logger.info("Job %s has met its deadline: %d pages failed", job.public_id, end_overdue_job(job))
    return len(jobs)
