"""What became of a job's webhooks: each delivery with its tries, and once more if wanted."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from jobs.dashboard.access import MemberRequest, own_job, page
from jobs.dashboard.job_frame import frame
from jobs.models import Delivery, Job
from jobs.models.membership import Role
from jobs.webhooks.claims import send_again

ROWS = 25
AFTER_CHARS = 18


@page()
def deliveries(request: MemberRequest, public_id: str) -> HttpResponse:
    """The latest first. Three queries."""
    job = own_job(request, public_id)
    after = place_in(request)
    found = list(of_job(job, before=after).prefetch_related("tries")[: ROWS + 1])
    context = {"deliveries": found[:ROWS], "after": after, "next": found[ROWS - 1].pk if len(found) > ROWS else None}
    return render(request, "dashboard/job_deliveries.html", {**frame(job), **context})


def place_in(request: HttpRequest) -> int | None:
    """After which delivery the list goes on, if the address says so."""
    text = request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= AFTER_CHARS else None


def of_job(job: Job, *, before: int | None = None) -> QuerySet[Delivery]:
    """The latest first, without the bodies, which may be large."""
    own = Delivery.objects.filter(event__job=job).select_related("event").defer("event__body", "event__sealed_headers")
    return (own if before is None else own.filter(pk__lt=before)).order_by("-pk")


@page("POST", needs=Role.MEMBER)
def resend(request: MemberRequest, public_id: str, delivery: str) -> HttpResponse:
    job = own_job(request, public_id)
    found = of_job(job).filter(public_id=delivery).first()
    if found is None:
        raise Http404(f"Job {public_id} has no delivery {delivery}.")
    send_again(found)
    messages.success(request, "The delivery is sent once more.")
    return redirect("dashboard:job-deliveries", public_id)
