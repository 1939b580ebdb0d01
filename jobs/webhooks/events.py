"""What happened, written down in the transaction in which it happens.

The body is made here, once: each try sends the same bytes, whatever becomes of what it tells of.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import orjson
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from jobs.failpoints import failpoint
from jobs.ids import make_event_id
from jobs.models import Account, Delivery, Job, Page, Schedule, ScheduleRun, WebhookEvent
from jobs.models.job import JobStatus
from jobs.models.page import PageStatus
from jobs.queue.bell import ring_deliveries
from jobs.representation import as_text, error_as_dict, job_as_dict
from jobs.webhooks.asked import Endpoint, endpoint_for
from jobs.webhooks.claims import BELL_HOLDS, MOST_AT_ONCE_TO_A_URL, RUN, runs_of
from jobs.webhooks.ladder import MOST_ATTEMPTS

JOB_EVENTS = {
    JobStatus.COMPLETED: "job.completed",
    JobStatus.PARTIAL: "job.completed",
    JobStatus.FAILED: "job.failed",
    JobStatus.CANCELLED: "job.cancelled",
}
PAGE_EVENTS = {PageStatus.COMPLETED: "scrape.completed", PageStatus.FAILED: "scrape.failed"}
SCHEDULE_EVENT, TEST_EVENT = "schedule.run", "webhook.test"


def record_job_event(job: Job) -> None:
    """Tell the job's endpoint, if it wants to hear of it, that the job has ended. In the transaction that ends it."""
    kind = JOB_EVENTS[JobStatus(job.status)]
    endpoint = endpoint_for(kind, job.webhook)
    if endpoint:
        data = {"jobId": job.public_id, "job": job_as_dict(job)}
        record([event_of(job, kind, endpoint, data, at=as_text(job.completed_at))], endpoint)


def record_page_events(job: Job, pages: Iterable[Page]) -> None:
    """Tell the job's endpoint, if it wants to hear of it, of pages that have ended. In the transaction that ends them.

    The pages are as they are stored now.
    """
    wanted = {status: endpoint_for(kind, job.webhook) for status, kind in PAGE_EVENTS.items()}
    for status, endpoint in wanted.items():
        if endpoint:
            kind = PAGE_EVENTS[status]
            of_status = (page for page in pages if page.status == status)
            record([event_of(job, kind, endpoint, page_data(job, page)) for page in of_status], endpoint)


def wants_page_events(job: Job) -> bool:
    return any(endpoint_for(kind, job.webhook) for kind in PAGE_EVENTS.values())


def page_data(job: Job, page: Page) -> dict[str, Any]:
    return {
        "jobId": job.public_id,
        "url": page.url,
        "index": page.index,
        **({} if page.reference is None else {"reference": page.reference}),
        "results": None if page.data is None else orjson.Fragment(page.data),
        **({"error": error_as_dict(page)} if page.status == PageStatus.FAILED else {}),
        "metadata": {
            "statusCode": page.status_code,
            "duration": page.duration_ms,
            "finalUrl": page.final_url,
            "attempts": page.attempts,
        },
    }


def record_schedule_event(run: ScheduleRun) -> None:
    """Tell the endpoint of the schedule's jobs what came of a run. In its transaction."""
    schedule = run.schedule
    endpoint = endpoint_for(SCHEDULE_EVENT, schedule.webhook)
    if endpoint:
        data = {
            "scheduleId": schedule.public_id,
            "status": run.status,
            "jobId": run.job_public_id,
            "dueAt": as_text(run.due_at),
            "reason": run.reason,
        }
        record([event_of(schedule, SCHEDULE_EVENT, endpoint, data)], endpoint)


@transaction.atomic
def record_test(account: Account, endpoint: Endpoint, *, sealed_headers: str | None) -> Delivery:
    """An event that means nothing, on its way to an endpoint that is to be tried: once."""
    data = {"message": "This is a test: your endpoint can be reached."}
    event = new_event(account.pk, TEST_EVENT, endpoint, data, sealed_headers=sealed_headers)
    (delivery,) = record([event], endpoint, attempts=MOST_ATTEMPTS - 1)
    delivery.refresh_from_db(fields=["next_attempt_at"])
    return delivery


def event_of(
    source: Job | Schedule, kind: str, endpoint: Endpoint, data: dict[str, Any], *, at: str | None = None
) -> WebhookEvent:
    """An event of a job or a schedule, not stored yet."""
    job = source if isinstance(source, Job) else None
    return new_event(source.account_id, kind, endpoint, data, sealed_headers=source.sealed_webhook, job=job, at=at)


def new_event(
    account_id: int,
    kind: str,
    endpoint: Endpoint,
    data: dict[str, Any],
    *,
    sealed_headers: str | None,
    job: Job | None = None,
    at: str | None = None,
) -> WebhookEvent:
    public_id = make_event_id()
    body = {"id": public_id, "event": kind, "timestamp": at or as_text(timezone.now()), "data": data}
    echoed = {"metadata": endpoint.metadata} if endpoint.metadata else {}
    return WebhookEvent(
        public_id=public_id,
        account_id=account_id,
        job=job,
        event=kind,
        body=orjson.dumps({**body, **echoed}).decode(),
        sealed_headers=sealed_headers,
    )


def record(events: Sequence[WebhookEvent], endpoint: Endpoint, *, attempts: int = 0) -> list[Delivery]:
    """Store events and put them on their way, as if tried so often; bells ring after commit. Two queries for all."""
    stored = WebhookEvent.objects.bulk_create(events)
    deliveries = Delivery.objects.bulk_create(
        [
            Delivery(
                event=event,
                account_id=event.account_id,
                url=endpoint.url,
                attempts=attempts,
                next_attempt_at=Now(),
                lease_expires_at=Now() + BELL_HOLDS if place < MOST_AT_ONCE_TO_A_URL * RUN else None,
            )
            for place, event in enumerate(stored)
        ]
    )
    failpoint("before_event_commit")
    for run in runs_of([delivery.pk for delivery in deliveries], places=MOST_AT_ONCE_TO_A_URL):
        transaction.on_commit(partial(ring_deliveries, run))
    return deliveries
