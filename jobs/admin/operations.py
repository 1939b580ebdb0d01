"""The operations page: what all of it is busy with just now, looked at anew every few seconds."""

import shutil
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from jobs.operations import Failures, Operations, look
from jobs.retention import kept_bytes

WAITS_LONG = timedelta(seconds=60)
LATE = timedelta(seconds=10)
"""How long after its time the clock and the senders may do a thing without anybody being told."""


def urls(site: AdminSite) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        require_permission(request)
        context = {**site.each_context(request), "title": "Operations", **storage(), **shown(look())}
        return TemplateResponse(request, "admin/operations.html", {**context, "paused": "paused" in request.GET})

    def now(request: HttpRequest) -> HttpResponse:
        """What the page fetches. Who is logged out has the whole page loaded anew, and with it the login."""
        if not site.has_permission(request):
            return HttpResponse(headers={"HX-Refresh": "true"})
        require_permission(request)
        return TemplateResponse(request, "admin/operations_now.html", shown(look()))

    return [
        path("operations/", site.admin_view(page), name="jobs_worker_operations"),
        path("operations/now/", now, name="jobs_worker_operations_now"),
    ]


def require_permission(request: HttpRequest) -> None:
    if not request.user.has_perm("jobs.view_worker"):
        raise PermissionDenied


def shown(now: Operations) -> dict[str, Any]:
    """Numbers as the template shows them; those that should worry somebody are marked."""
    pages, workers = now.pages, now.workers
    lanes, targets = sum(each.row.lanes for each in workers), sum(each.row.target for each in workers)
    waiting, lease = age(pages.since, now.now), age(pages.oldest_lease, now.now)
    return {
        "operations": now,
        "waiting": in_words(waiting),
        "waits_long": bool(waiting and waiting > WAITS_LONG),
        "lease_is_over": bool(lease and lease > LATE),
        "lanes": lanes,
        "targets": targets,
        "browsers": sum(each.row.browsers or 0 for each in workers),
        "memory": sum(each.row.memory_bytes or 0 for each in workers),
        "failed": sum(sum(each.by_minute) for each in now.failures),
        "failures": [bars(each) for each in now.failures],
        "delivery_waits": in_words(age(now.deliveries.since, now.now)),
        "schedule_waits": in_words(age(now.schedules.since, now.now)),
    }


def age(since: datetime | None, now: datetime) -> timedelta | None:
    return None if since is None else now - since


def in_words(age: timedelta | None) -> str:
    """Nothing for less than a second, which is no waiting."""
    seconds = int(age.total_seconds()) if age else 0
    for unit, unit_s in (("days", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if seconds >= 2 * unit_s or (unit_s == 1 and seconds == 1):
            return f"{seconds // unit_s:,} {unit}"
    return ""


def bars(failures: Failures) -> dict[str, Any]:
    """A chart of one bar a minute, in a box as high as the highest."""
    return {
        "code": failures.code,
        "total": sum(failures.by_minute),
        "last": failures.by_minute[-1],
        "most": max(failures.by_minute),
        "bars": [{"x": x, "height": count, "y": -count} for x, count in enumerate(failures.by_minute) if count],
    }


def storage() -> dict[str, Any]:
    """What kept files take and may take. Not looked at every few seconds: it is added up over jobs."""
    on_disk = not settings.SCRPY_STORAGE
    return {
        "kept_bytes": kept_bytes(),
        "most_kept_bytes": settings.SCRPY_KEPT_BYTES,
        "disk_free": shutil.disk_usage(settings.SCRPY_HOME).free if on_disk else None,
    }
