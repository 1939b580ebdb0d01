"""The first page: what runs, what came of it lately, what is left."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render

from jobs.dashboard.access import ENCLOSED, MemberRequest, page
from jobs.dashboard.spans import DAYS, Span, last_day, of_days
from jobs.demo import run_demo
from jobs.intake import Refusal
from jobs.models import Account, ApiKey, Job, Worker
from jobs.models.membership import Role
from jobs.usage import daily, standing_of

JOBS_SHOWN = 8


@page()
def overview(request: MemberRequest) -> HttpResponse:
    """Five queries; four before the first job."""
    recent = recent_jobs(request.account)
    context = {
        "jobs": recent,
        "live": any(job.live for job in recent),
        "demo": settings.DEVELOPMENT,
        **standing(request.account),
        **({"span": span_of(request)} if recent else first_steps(request.account)),
    }
    return render(request, "dashboard/overview.html", context)


@page()
def now(request: MemberRequest) -> HttpResponse:
    """The numbers alone, for a page that is open. Four queries."""
    context = {**standing(request.account), "span": span_of(request)}
    return render(request, "dashboard/parts/standing.html", context)


@page("POST", needs=Role.MEMBER)
def demo(request: MemberRequest) -> HttpResponse:
    """Run the demo job, where there is a shop for it."""
    if not settings.DEVELOPMENT:
        messages.error(request, "The demo shop runs in development alone.")
        return redirect("dashboard:overview")
    try:
        job = run_demo(request.account)
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("dashboard:overview")
    return redirect("dashboard:job", job.public_id)


def standing(account: Account) -> dict[str, Any]:
    """What runs and waits now, who works, and what is left. Two queries."""
    workers = Worker.objects.live().aggregate(count=Count("pk"), room=Sum("target"))
    now = standing_of(account)
    now.waiting_urls = max(now.open_urls - now.claimed_urls, 0)
    return {"standing": now, "workers": workers}


def recent_jobs(account: Account) -> list[Job]:
    """One query."""
    jobs = Job.objects.filter(account=account).exclude(kind=Job.Kind.PREVIEW)
    return list(jobs.defer(*ENCLOSED).order_by("-pk")[:JOBS_SHOWN])


def span_of(request: MemberRequest) -> Span:
    """The last day, or the last month if that is asked for. Two queries."""
    if request.GET.get("span") != "month":
        return last_day(request.account)
    return of_days(list(daily(request.account, days=DAYS)))


def first_steps(account: Account) -> dict[str, Any]:
    """What somebody needs who has not asked for anything yet. One query."""
    key = ApiKey.objects.usable().filter(account=account).order_by("pk").first()
    shop = f"http://127.0.0.1:{settings.SHOP_PORT}/products/1"
    return {
        "key": key,
        "api": f"{settings.SCRPY_PUBLIC_URL}/v1/jobs",
        "example": shop if settings.DEVELOPMENT else "https://example.com/",
    }
