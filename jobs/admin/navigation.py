"""The way from each page for staff to the others."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

GROUPS = (
    (
        "Scraping",
        (
            ("Jobs", "work", "job"),
            ("Pages", "web", "page"),
            ("Schedules", "schedule", "schedule"),
            ("Workers", "memory", "worker"),
        ),
    ),
    (
        "Customers",
        (
            ("Accounts", "account_balance_wallet", "account"),
            ("API keys", "key", "apikey"),
            ("Ledger", "receipt_long", "ledgerentry"),
        ),
    ),
    ("Webhooks", (("Deliveries", "send", "delivery"),)),
)


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """What this member of staff may see, in groups."""
    overview = {"title": "Overview", "icon": "dashboard", "link": reverse("admin:index")}
    operations = {"title": "Operations", "icon": "monitoring", "link": reverse("admin:jobs_worker_operations")}
    first = [overview, operations] if request.user.has_perm("jobs.view_worker") else [overview]
    groups = [{"title": title, "items": permitted(request, "jobs", items)} for title, items in GROUPS]
    staff = permitted(request, "auth", (("Users", "badge", "user"),))
    return [{"items": first}, *groups, {"title": "Staff", "items": staff}]


def permitted(request: HttpRequest, app: str, items: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [
        {"title": title, "icon": icon, "link": reverse(f"admin:{app}_{model}_changelist")}
        for title, icon, model in items
        if request.user.has_perm(f"{app}.view_{model}")
    ]


def stylesheet(_request: HttpRequest) -> str:
    return static("jobs/admin.css")
