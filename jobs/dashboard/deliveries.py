"""What became of a job's webhooks: each delivery with its tries."""

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from jobs.dashboard.access import MemberRequest, own_job, page
from jobs.dashboard.job_frame import frame
from jobs.dashboard.paging import part_of
from jobs.models import Delivery, Job


@page()
def deliveries(request: MemberRequest, public_id: str) -> HttpResponse:
    """The latest first. Three queries."""
    job = own_job(request, public_id)
    part = part_of(of_job(job), request)
    return render(request, "dashboard/job_deliveries.html", {**frame(job), "part": part})


def of_job(job: Job) -> QuerySet[Delivery]:
    """The latest first, with their tries, and without the bodies, which may be large."""
    own = Delivery.objects.filter(event__job=job).select_related("event").defer("event__body", "event__sealed_headers")
    return own.prefetch_related("tries").order_by("-pk")
