"""What the account has used by the day, what is left, why it moved, and what it may at most."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from jobs.dashboard.access import MemberRequest, page
from jobs.dashboard.paging import part_of
from jobs.dashboard.spans import DAYS, of_days
from jobs.models import LedgerEntry
from jobs.usage import by_key, usage_of

LONG = 90
CHOICES = (DAYS, LONG)
LIMITS = {
    "liveJobs": "Live jobs",
    "urlsAtOnce": "URLs in flight",
    "urlsPerJob": "URLs of a job",
    "urlsPerUpload": "URLs of a file",
    "requestsOfKey": "Requests of a key",
    "requestsOfAccount": "Requests of the account",
    "testUrlsPerJob": "URLs of a test job",
    "testUrlsPerDay": "URLs of tests, a day",
    "retentionDays": "Days that jobs are kept",
}
"""What each of the API's `limits` is called."""
LISTED = ("amount", "reason", "unlimited", "created_at", "job__public_id", "job__name")


@page()
def usage(request: MemberRequest) -> HttpResponse:
    """Six queries."""
    days = LONG if request.GET.get("days") == str(LONG) else DAYS
    used = usage_of(request.account, days=days)
    entries = LedgerEntry.objects.filter(account=request.account).select_related("job").only(*LISTED)
    context = {
        **used,
        "span": of_days(used["days"]),
        "shown": days,
        "choices": CHOICES,
        "query": f"days={days}" if days != DAYS else "",
        "spent": sum(day["creditsUsed"] for day in used["days"]),
        "table": used["days"][::-1],
        "keys": by_key(request.account, since=date.fromisoformat(used["days"][0]["date"])),
        "limits": named_limits(used["limits"]),
        "part": part_of(entries, request),
    }
    return render(request, "dashboard/usage.html", context)


def named_limits(limits: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(title, limits[name]) for name, title in LIMITS.items()]
