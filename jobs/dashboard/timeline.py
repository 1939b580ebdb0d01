"""What happened to a job, in its order, as far as it is recorded."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Max, Min, Q, Sum
from django.http import HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import pluralize

from jobs.dashboard.access import MemberRequest, own_job, page
from jobs.dashboard.deliveries import of_job
from jobs.dashboard.job_frame import frame
from jobs.models import Delivery, Job, Page
from jobs.templatetags.dashboard import count

DELIVERIES_SHOWN = 50
"""How many of the latest are told of."""


class Moment(NamedTuple):
    """Something that happened: when, what, and more of it; `kind` is a status, for the colour."""

    at: datetime
    title: str
    more: str = ""
    kind: str = "pending"


@page()
def timeline(request: MemberRequest, public_id: str) -> HttpResponse:
    """Four queries."""
    job = own_job(request, public_id)
    deliveries = list(of_job(job)[:DELIVERIES_SHOWN])
    moments = [*of_pages(job), *(one for each in deliveries for one in of_delivery(each))]
    moments.sort(key=lambda moment: moment.at)
    context = {"moments": moments, "cut": len(deliveries) == DELIVERIES_SHOWN, "most": DELIVERIES_SHOWN}
    return render(request, "dashboard/job_timeline.html", {**frame(job), **context})


def of_pages(job: Job) -> Iterator[Moment]:
    """One query."""
    pages = sums_of(job)
    yield Moment(job.created_at, "Made", f"{count(job.total_urls)} URLs", "pending")
    if job.started_at:
        yield Moment(job.started_at, "Started", "", "running")
    if pages["first"]:
        yield Moment(pages["first"], "First page ended", "", "running")
    if pages["last"] and job.ended_urls > 1:
        yield Moment(pages["last"], "Last page ended" if not job.live else "Latest page ended", tries(pages), "running")
    if job.completed_at:
        yield Moment(job.completed_at, f"Ended as {job.status}", ends(job), job.status)
    elif job.deadline_at:
        yield Moment(job.deadline_at, "Deadline", "What is still open then fails.", "cancelled")


def sums_of(job: Job) -> dict[str, Any]:
    """One query."""
    ended = Q(sequence__isnull=False)
    return Page.objects.filter(job=job).aggregate(
        first=Min("finished_at", filter=ended),
        last=Max("finished_at", filter=ended),
        tries=Sum("attempts"),
        again=Count("pk", filter=Q(attempts__gt=1)),
    )


def tries(pages: dict[str, Any]) -> str:
    if not pages["again"]:
        return "No page took more than one attempt."
    again = pages["again"]
    return f"{count(pages['tries'])} attempts in all; {count(again)} page{pluralize(again)} took more than one."


def ends(job: Job) -> str:
    cancelled = f", {count(job.cancelled_urls)} cancelled" if job.cancelled_urls else ""
    return f"{count(job.completed_urls)} completed, {count(job.failed_urls)} failed{cancelled}"


def of_delivery(delivery: Delivery) -> Iterator[Moment]:
    """What was to be told, and each try to tell it."""
    name = delivery.event.event
    yield Moment(delivery.event.created_at, f"Webhook {name}", f"to {delivery.url}", "pending")
    for one in delivery.tries.all():
        answer = f"answered {one.status_code}" if one.status_code else "no answer"
        accepted = one.status_code and 200 <= one.status_code < 300  # noqa: PLR2004
        yield Moment(one.at, f"Tried {name}", answer, "delivered" if accepted else "failed")
