"""The way down to what is shown: account, job, page or delivery. Each step is a link for those who may see it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse

from jobs.models import Account, ApiKey, Delivery, Job, LedgerEntry, Page, Schedule

NAMED = "id", "public_id", "account__name"


class Step(NamedTuple):
    kind: str
    name: str
    link: str | None


def to_row(request: HttpRequest, row: Model) -> list[Step]:
    """Down to a row's own page; nothing for what stands alone. Queries for what is not loaded yet."""
    above = list(parents(row))
    return [*(step(request, each) for each in above), Step(kind(row), str(row), None)] if above else []


def to_list(request: HttpRequest, opts: Any) -> list[Step]:
    """Down to a list of what belongs to one account or job, as the address says. One query then."""
    above = owner(request)
    if above is None:
        return []
    rows = [*parents(above), above]
    return [*(step(request, each) for each in rows), Step("", opts.verbose_name_plural, None)]


def owner(request: HttpRequest) -> Account | Job | None:
    account, search = request.GET.get("account__id__exact", ""), request.GET.get("q", "")
    if search.startswith("job_"):
        return Job.objects.select_related("account").only(*NAMED).filter(public_id=search.split()[0]).first()
    if account.isascii() and account.isdecimal():
        return Account.objects.only("name").filter(pk=account).first()
    return None


def parents(row: Model) -> Iterable[Model]:
    match row:
        case Job() | ApiKey() | Schedule() | LedgerEntry():
            return [row.account]
        case Page():
            return [row.job.account, row.job]
        case Delivery():
            return [row.event.job.account, row.event.job] if row.event.job else [row.event.account]
    return []


def step(request: HttpRequest, row: Model) -> Step:
    name = row._meta.model_name
    seen = request.user.has_perm(f"jobs.view_{name}")
    return Step(kind(row), str(row), reverse(f"admin:jobs_{name}_change", args=[row.pk]) if seen else None)


def kind(row: Model) -> str:
    return str(row._meta.verbose_name)
