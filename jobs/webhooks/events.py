"""What happened, written down in the transaction in which it happens."""

from functools import partial

import orjson
from django.db import transaction
from django.db.models.functions import Now

from jobs.failpoints import failpoint
from jobs.ids import make_event_id
from jobs.models import Delivery, Job, WebhookEvent
from jobs.models.job import JobStatus
from jobs.queue.bell import ring_delivery
from jobs.representation import as_text, job_as_dict
from jobs.webhooks.due import BELL_HOLDS

JOB_EVENTS = {
    JobStatus.COMPLETED: "job.completed",
    JobStatus.PARTIAL: "job.completed",
    JobStatus.FAILED: "job.failed",
    JobStatus.CANCELLED: "job.cancelled",
}


def record_job_event(job: Job) -> None:
    """Tell the job's endpoint, if it has one, that the job has ended. In the transaction that ends it.

    The body is made here, once: each try sends the same bytes, whatever becomes of the job.
    """
    if job.webhook is None:
        return
    event_id, kind = make_event_id(), JOB_EVENTS[JobStatus(job.status)]
    event = WebhookEvent.objects.create(
        public_id=event_id, account_id=job.account_id, job=job, event=kind, body=job_body(job, event_id, kind)
    )
    delivery = Delivery.objects.create(
        event=event,
        url=orjson.loads(job.webhook),
        next_attempt_at=Now(),
        lease_expires_at=Now() + BELL_HOLDS,
    )
    failpoint("before_event_commit")
    transaction.on_commit(partial(ring_delivery, delivery.pk))


def job_body(job: Job, event_id: str, kind: str) -> str:
    data = {"jobId": job.public_id, "job": job_as_dict(job)}
    timestamp = as_text(job.completed_at)
    return orjson.dumps({"id": event_id, "event": kind, "timestamp": timestamp, "data": data}).decode()
