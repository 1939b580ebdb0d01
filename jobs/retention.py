"""How long ended jobs are kept, and what was made of their pages.

Files go before the rows that tell of them: who dies between the two leaves a row by which the next round finds them.
"""

import logging
import random
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import Now

from jobs.artifacts import files
from jobs.models import Artifact, IdempotencyKey, Job, ScheduleRun, Session, WebhookEvent

logger = logging.getLogger(__name__)

JOBS_AT_ONCE = 20
EMPTIED_AT_ONCE = 100
PREVIEWS_KEPT = timedelta(hours=1)

OF_EVENTS = "event_id IN (SELECT id FROM jobs_webhookevent WHERE job_id = %s)"
BELONGINGS = (
    "UPDATE jobs_ledgerentry SET page_id = NULL, job_id = NULL WHERE job_id = %s",
    "UPDATE jobs_page SET source_id = NULL WHERE source_id IN (SELECT id FROM jobs_artifact WHERE job_id = %s)",
    "DELETE FROM jobs_artifact WHERE job_id = %s",
    "DELETE FROM jobs_page WHERE job_id = %s",
    f"DELETE FROM jobs_deliveryattempt WHERE delivery_id IN (SELECT id FROM jobs_delivery WHERE {OF_EVENTS})",  # noqa: S608
    f"DELETE FROM jobs_delivery WHERE {OF_EVENTS}",  # noqa: S608
    "DELETE FROM jobs_webhookevent WHERE job_id = %s",
)
"""What may be very many rows of a job, those first that refer to others."""

suspects: list[str] = []
"""Folders without a job that the last round of this process has seen."""


def purge_old_jobs() -> int:
    """Delete a few of the jobs that ended before the retention time, with all that was kept of them; how many.

    Previews nobody asks for again: they are kept for an hour. Charges stay in the ledger. A few at a time: deleting
    holds locks.
    """
    ended = not_needed()
    old = ended.filter(completed_at__lt=Now() - timedelta(days=settings.SCRPY_RETENTION_DAYS))
    previews = ended.filter(kind=Job.Kind.PREVIEW, completed_at__lt=Now() - PREVIEWS_KEPT)
    return purge(old) + purge(previews)


def purge(jobs: QuerySet[Job]) -> int:
    """Delete the few of them that ended first; how many."""
    first = list(jobs.order_by("completed_at").only("public_id")[:JOBS_AT_ONCE])
    for job in first:
        files.remove_all(job.public_id)
        delete_rows(job)
    return len(first)


def forget_runs() -> None:
    """Delete what is noted of runs of schedules, and events that belong to no job, before the retention time."""
    long_ago = Now() - timedelta(days=settings.SCRPY_RETENTION_DAYS)
    ScheduleRun.objects.filter(ran_at__lt=long_ago).delete()
    WebhookEvent.objects.filter(job=None, created_at__lt=long_ago).delete()


def purge_job(job: Job) -> None:
    """Delete an ended job at once, with all that was kept of it. Charges stay in the ledger, and usage counted.

    Here the rows go first: what the caller is told to be gone must not come back with a transaction that fails. Files
    that the storage does not let go of are removed as litter, later.
    """
    with transaction.atomic():
        IdempotencyKey.objects.filter(job=job).update(answer=None)
        delete_rows(job)
        transaction.on_commit(partial(try_to_remove_all, job.public_id))


@transaction.atomic
def delete_rows(job: Job) -> None:
    """Delete a job with its pages and events, table by table, and what of the ledger refers to it forgets it.

    Django itself asks of all rows that are deleted who refers to them: of 100,000 pages on PostgreSQL for 14.4 s,
    where this takes 2.5 s.
    """
    with connection.cursor() as cursor:
        for statement in BELONGINGS:
            cursor.execute(statement, [job.pk])
    Job.objects.filter(pk=job.pk).delete()


def try_to_remove_all(job_id: str) -> None:
    try:
        files.remove_all(job_id)
    except files.StorageAway:
        logger.warning("The files of %s could not be removed yet", job_id, exc_info=True)


def forget_idempotency_keys() -> None:
    """Delete those that mean nothing any more. One query."""
    IdempotencyKey.objects.expired().delete()


def forget_sessions() -> None:
    """Delete those that nobody can sign in by any more. One query."""
    Session.objects.filter(expire_date__lt=Now()).delete()


def make_room() -> int:
    """While kept files take more than they may, remove those of a few of the jobs that ended first; of how many.

    Results stay.
    """
    surplus = kept_bytes() - settings.SCRPY_KEPT_BYTES if settings.SCRPY_KEPT_BYTES else 0
    if surplus <= 0:
        return 0
    emptied = 0
    full = not_needed().filter(kept_bytes__gt=0).order_by("completed_at").only("public_id", "kept_bytes")
    for job in full[:EMPTIED_AT_ONCE]:
        if surplus > 0:
            forget_artifacts(job)
            surplus -= job.kept_bytes
            emptied += 1
    return emptied


def kept_bytes() -> int:
    """What all kept files take in storage. One query."""
    total: int | None = Job.objects.filter(kept_bytes__gt=0).aggregate(total=Sum("kept_bytes"))["total"]
    return total or 0


def not_needed() -> QuerySet[Job]:
    """Jobs that have ended, and whose pages no live job reads again."""
    read = Job.objects.live().filter(source__isnull=False, kind=Job.Kind.REEXTRACT)
    return Job.objects.filter(completed_at__isnull=False).exclude(pk__in=read.values("source"))


def forget_artifacts(job: Job) -> None:
    """Remove what was made of an ended job's pages; the job and its results stay."""
    files.remove_all(job.public_id)
    with transaction.atomic():
        Artifact.objects.filter(job=job).delete()
        Job.objects.filter(pk=job.pk).update(kept_bytes=0)


def remove_litter() -> int:
    """Remove the folders of jobs that are no more, of those on one shelf out of the many; how many.

    A worker that wrote while its job was deleted, and died before it could take that back, leaves one. A folder that
    is seen for the first time may be of a job that is just being made, so it is removed in the next round.
    """
    litter = without_job(suspects)
    for job_id in litter:
        logger.info("Removing the files of %s, a job that is no more", job_id)
        files.remove_all(job_id)
    suspects[:] = without_job(files.jobs_on(random.choice(files.SHELVES)))[:JOBS_AT_ONCE]  # noqa: S311 - no secret
    return len(litter)


def without_job(job_ids: list[str]) -> list[str]:
    """Those of which there is no job. One query, or none."""
    there = set(Job.objects.filter(public_id__in=job_ids).values_list("public_id", flat=True)) if job_ids else set()
    return [job_id for job_id in job_ids if job_id not in there]
