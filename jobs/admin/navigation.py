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
    operations = entry(request, "Operations", "monitoring", reverse("admin:jobs_worker_operations"))
    first = [overview, operations] if request.user.has_perm("jobs.view_worker") else [overview]
    groups = [{"title": title, "items": permitted(request, "jobs", items)} for title, items in GROUPS]
    staff = permitted(request, "auth", (("Users", "badge", "user"),))
    return [{"items": first}, *groups, {"title": "Staff", "items": staff}]


def permitted(request: HttpRequest, app: str, items: Iterable[tuple[str, str, str]]) -> list[dict[str, Any]]:
    return [
        entry(request, title, icon, reverse(f"admin:{app}_{model}_changelist"))
        for title, icon, model in items
        if request.user.has_perm(f"{app}.view_{model}")
    ]


def entry(request: HttpRequest, title: str, icon: str, link: str) -> dict[str, Any]:
    """The operations page lies below the list of workers, but is no part of it."""
    operations = reverse("admin:jobs_worker_operations")
    active = request.path.startswith(link) and (link == operations or not request.path.startswith(operations))
    return {"title": title, "icon": icon, "link": link, "active": active}


def stylesheet(_request: HttpRequest) -> str:
    return static("jobs/admin.css")
