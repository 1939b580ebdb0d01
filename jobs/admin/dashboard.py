"""The first page for staff: is it running, what is it busy with, what came of it lately. All from small indexes."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Sum
from django.db.models.functions import Now
from django.http import HttpRequest
from django.urls import reverse

from jobs.admin.html import badge, progress
from jobs.models import Delivery, Job, Page, Worker
from jobs.models.job import JobStatus
from jobs.models.webhook import DeliveryStatus

JOBS_SHOWN = 10
LATELY = timedelta(hours=24)


def show(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What `templates/admin/index.html` shows besides what every page does. Eight queries."""
    if not request.user.has_perm("jobs.view_job"):
        return context
    return {**context, "cards": [jobs_card(), pages_card(), workers_card(), deliveries_card()], "latest": latest_jobs()}


def card(title: str, number: int, note: str, model: str, *, query: str = "", alarm: bool = False) -> dict[str, Any]:
    link = reverse(f"admin:jobs_{model}_changelist") + query
    return {"title": title, "number": number, "note": note, "link": link, "alarm": alarm}


def jobs_card() -> dict[str, Any]:
    ended = Job.objects.filter(completed_at__gt=Now() - LATELY).order_by().values("status").annotate(count=Count("pk"))
    lately = {row["status"]: row["count"] for row in ended}
    succeeded = lately.get(JobStatus.COMPLETED, 0) + lately.get(JobStatus.PARTIAL, 0)
    note = f"In 24 hours {succeeded:,} completed, {lately.get(JobStatus.FAILED, 0):,} failed"
    return card("Live jobs", Job.objects.live().count(), note, "job")


def pages_card() -> dict[str, Any]:
    ended = F("completed_urls") + F("failed_urls") + F("cancelled_urls")
    open_pages = Job.objects.live().aggregate(open=Sum(F("total_urls") - ended))["open"] or 0
    in_flight = Page.objects.filter(token__isnull=False).count()  # by status, SQLite would read every page
    return card("Open pages", open_pages, f"{in_flight:,} of them with workers now", "page")


def workers_card() -> dict[str, Any]:
    live = Worker.objects.live().aggregate(count=Count("pk"), wanted=Sum("target"))
    note = f"Room for {live['wanted'] or 0:,} pages at once" if live["count"] else "Nothing is being rendered"
    return card("Live workers", live["count"], note, "worker", alarm=not live["count"])


def deliveries_card() -> dict[str, Any]:
    waiting = Delivery.objects.filter(status=DeliveryStatus.PENDING)
    retried = waiting.filter(attempts__gt=0).count()
    note = f"{retried:,} to be tried again" if retried else "None has to be tried again"
    return card("Deliveries waiting", waiting.count(), note, "delivery", query="?status__exact=pending")


def latest_jobs() -> list[dict[str, Any]]:
    jobs = Job.objects.select_related("account").defer("selectors", "options", "metadata", "webhook")
    return [
        {"job": job, "status": badge(job.status), "progress": progress(job)}
        for job in jobs.order_by("-id")[:JOBS_SHOWN]
    ]
