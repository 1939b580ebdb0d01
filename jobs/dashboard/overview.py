"""The first page: what runs, what came of it lately, what is left."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Sum
from django.http import HttpResponse
from django.shortcuts import redirect, render

from jobs.dashboard.access import ENCLOSED, MemberRequest, page
from jobs.demo import run_demo
from jobs.intake import Refusal
from jobs.models import Account, ApiKey, Job, Worker
from jobs.models.membership import Role
from jobs.usage import daily, hourly, standing_of

JOBS_SHOWN = 8
HOURS, DAYS = 24, 30


class Span(NamedTuple):
    """How much was completed and failed in a time, altogether and by the hour or the day it began in."""

    name: str
    points: Sequence[tuple[datetime, int, int]]

    @property
    def words(self) -> str:
        return f"{HOURS} hours" if self.name == "day" else f"{DAYS} days"

    @property
    def completed(self) -> int:
        return sum(completed for _, completed, _ in self.points)

    @property
    def failed(self) -> int:
        return sum(failed for _, _, failed in self.points)

    @property
    def failed_share(self) -> str:
        """`2.4 %`; nothing where nothing ended."""
        ended = self.completed + self.failed
        return f"{100 * self.failed / ended:.1f} %" if ended else ""

    @property
    def columns(self) -> dict[str, Any]:
        """As the chart takes it."""
        times, completed, failed = zip(*self.points, strict=True)
        return {
            "span": self.name,
            "times": [int(time.timestamp()) for time in times],
            "completed": completed,
            "failed": failed,
        }


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
        return Span("day", list(hourly(request.account, hours=HOURS)))
    days = daily(request.account, days=DAYS)
    return Span("month", [(midnight(day["date"]), day["completedUrls"], day["failedUrls"]) for day in days])


def midnight(date: str) -> datetime:
    return datetime.fromisoformat(date).replace(tzinfo=UTC)


def first_steps(account: Account) -> dict[str, Any]:
    """What somebody needs who has not asked for anything yet. One query."""
    key = ApiKey.objects.usable().filter(account=account).order_by("pk").first()
    shop = f"http://127.0.0.1:{settings.SHOP_PORT}/products/1"
    return {
        "key": key,
        "api": f"{settings.SCRPY_PUBLIC_URL}/v1/jobs",
        "example": shop if settings.DEVELOPMENT else "https://example.com/",
    }
