"""One row of every kind that the admin shows, with a text of one's choice wherever a stranger can have put one."""

from datetime import timedelta
from uuid import uuid4

import orjson
from django.urls import reverse
from django.utils import timezone

from jobs.accounts import grant, open_account
from jobs.models import (
    Account,
    ApiKey,
    Artifact,
    Delivery,
    DeliveryAttempt,
    HostQueue,
    Job,
    LedgerEntry,
    Page,
    Schedule,
    ScheduleRun,
    WebhookEvent,
    Worker,
)
from jobs.models.job import JobStatus

SHOWN = (Account, ApiKey, Delivery, Job, LedgerEntry, Page, Schedule, Worker)


def fill(text, *, url="https://store.com/"):
    """Rows of one account; `text` is what strangers wrote, and comes at the end of their addresses as well."""
    now = timezone.now()
    account = open_account(text[:100], unlimited=True)
    grant(account, amount=5, reason=text[:200])
    ApiKey.objects.issue(account=account, name=text[:100])
    json = orjson.dumps({text: text, "list": [text]}).decode()
    job = Job.objects.create(
        account=account,
        name=text[:200],
        status=JobStatus.PARTIAL,
        selectors=json,
        options=json,
        metadata=json,
        webhook=orjson.dumps(f"{url}{text}").decode(),
        max_attempts=3,
        host_concurrency=4,
        total_urls=3,
        completed_urls=1,
        failed_urls=1,
        cancelled_urls=1,
        completed_at=now,
        kept_bytes=3_000,
    )
    LedgerEntry.objects.create(account=account, job=job, amount=-1, reason=text[:200])
    completed, failed, _ = fill_pages(job, text, url=url, json=json)
    Artifact.objects.create(
        job=job,
        page=completed,
        output="screenshot",
        shown=True,
        content_type=text[:100],
        bytes=3_000,
        sha256="0" * 64,
        name="shot.png",
        compressed=False,
        stored_bytes=3_000,
    )
    event = WebhookEvent.objects.create(account=account, job=job, event="job.partial", body=json)
    delivery = Delivery.objects.create(event=event, account=account, url=f"{url}{text}", status="given_up", attempts=2)
    for status in (503, None):
        DeliveryAttempt.objects.create(
            delivery=delivery, at=now, status_code=status, duration_ms=1_204, excerpt=f"{text} {status}"
        )
    schedule = Schedule.objects.create(
        account=account,
        name=text[:200],
        job_name=text[:200],
        cron="0 6 * * 1-5",
        timezone="Europe/Berlin",
        urls=orjson.dumps([f"{url}{text}"]).decode(),
        selectors=json,
        options=json,
        metadata=json,
        next_at=now + timedelta(hours=5),
    )
    ScheduleRun.objects.create(schedule=schedule, due_at=now, status="started", job=job, job_public_id=job.public_id)
    ScheduleRun.objects.create(schedule=schedule, status="failed", reason=text[:500])
    Worker.objects.create(host=text[:255], pid=4242, lanes=16, target=8, browsers=2, memory_bytes=734_003_200)
    return failed


def fill_pages(job, text, *, url, json):
    queue = HostQueue.objects.create(job=job, host="store.com:443")
    now = timezone.now()
    common = {"job": job, "host_queue": queue, "url": f"{url}{text}", "canonical_url": f"{url}{text}"}
    times = {"available_at": now, "started_at": now, "finished_at": now}
    completed = Page.objects.create(
        **common,
        **times,
        index=0,
        sequence=1,
        reference=text,
        status="completed",
        data=json,
        truncated=json,
        reports=json,
        actions=json,
        trace=json,
        final_url=f"javascript:alert(1)//{text}",
        status_code=200,
        duration_ms=1_830,
        attempts=1,
    )
    failed = Page.objects.create(
        **common,
        **times,
        index=1,
        sequence=2,
        status="failed",
        error_code="http_error",
        error_message=text,
        error_retryable=True,
        status_code=503,
        duration_ms=31_204,
        attempts=3,
        worker=uuid4(),
    )
    return completed, failed, Page.objects.create(**common, index=2, status="cancelled", available_at=now)


def addresses():
    """Of every page of the admin that shows them."""
    lists = [reverse(f"admin:jobs_{model._meta.model_name}_changelist") for model in SHOWN]
    rows = [
        reverse(f"admin:jobs_{model._meta.model_name}_change", args=[row.pk])
        for model in SHOWN
        for row in model.objects.order_by("pk")
    ]
    job = Job.objects.latest("pk")
    return [
        reverse("admin:index"),
        reverse("admin:jobs_worker_operations"),
        *lists,
        *rows,
        reverse("admin:jobs_page_changelist") + f"?q={job.public_id}",
        reverse("admin:jobs_delivery_changelist") + f"?q={job.public_id}",
        reverse("admin:jobs_job_changelist") + f"?account__id__exact={job.account_id}",
        reverse("admin:jobs_apikey_add"),
        reverse("admin:jobs_account_add"),
        reverse("admin:auth_user_changelist"),
    ]
