"""The list of jobs: search, status and dates from the address, a page at a time, live while something runs."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from jobs.dashboard.access import ENCLOSED, MemberRequest, page
from jobs.models import Job

ROWS = 25
SEARCHED = 100_000
"""How many of an account's latest jobs a search looks at."""
WHOLE_ID_CHARS = 24


class Filters(forms.Form):
    """What the address asks for; each may be left out."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    status = forms.ChoiceField(
        label="Status", required=False, choices=[("", "Any"), *((one.value, one.value) for one in Job.Status)]
    )
    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))


class Slice(NamedTuple):
    """A page of a long list, and by which job to go on from its ends; empty where there is no more."""

    jobs: Sequence[Job]
    newer: str
    older: str


@page()
def jobs(request: MemberRequest) -> HttpResponse:
    """Two queries at most; none looks at more than a page of what it does not search."""
    filters = Filters(request.GET, label_suffix="")
    filters.is_valid()
    asked = {name: value for name, value in filters.cleaned_data.items() if value}
    own = Job.objects.filter(account=request.account)
    shown = sliced(filtered(own, asked), own, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "filters": filters,
        "asked": asked,
        "query": urlencode({name: str(value) for name, value in asked.items()}),
        "slice": shown,
        **rows_of(shown.jobs),
    }
    return render(request, "dashboard/jobs.html", context)


@page()
def rows(request: MemberRequest) -> HttpResponse:
    """The rows of some jobs as they are now, for a page that shows them. One query."""
    ids = request.GET.get("ids", "").split(",")[:ROWS]
    known = Job.objects.filter(account=request.account, public_id__in=[one for one in ids if "\0" not in one])
    return render(request, "dashboard/parts/job_rows.html", rows_of(known.defer(*ENCLOSED).order_by("-pk")))


def rows_of(jobs: Sequence[Job] | QuerySet[Job]) -> dict[str, Any]:
    """Jobs, and whether any of them can still change."""
    return {"jobs": jobs, "live": any(job.live for job in jobs)}


def filtered(own: QuerySet[Job], asked: dict[str, Any]) -> QuerySet[Job]:
    """What is asked for of an account's `own` jobs.

    Ids grow with time, nearly: a date is found by its index, and bounds the ids, so that no list is read to its end.
    """
    jobs = own.exclude(kind=Job.Kind.PREVIEW)
    if "status" in asked:
        jobs = jobs.filter(status=asked["status"])
    if "since" in asked:
        first = own.filter(created_at__gte=midnight(asked["since"])).order_by("created_at").values("pk")[:1]
        jobs = jobs.filter(pk__gte=Subquery(first))
    if "until" in asked:
        end = midnight(asked["until"]) + timedelta(days=1)
        last = own.filter(created_at__lt=end).order_by("-created_at").values("pk")[:1]
        jobs = jobs.filter(pk__lte=Subquery(last))
    return searched(jobs, own, asked["q"]) if "q" in asked else jobs


def searched(jobs: QuerySet[Job], own: QuerySet[Job], text: str) -> QuerySet[Job]:
    """By a whole id at once; else by the beginning of one, or a part of the name, among the latest."""
    if text.startswith("job_") and len(text) == WHOLE_ID_CHARS:
        return jobs.filter(public_id=text)
    too_old = own.order_by("-pk").values("pk")[SEARCHED : SEARCHED + 1]
    lately = jobs.filter(pk__gt=Coalesce(Subquery(too_old), 0))
    return lately.filter(Q(name__icontains=text) | Q(public_id__startswith=text))


def midnight(day: Any) -> datetime:
    return datetime.combine(day, time.min, timezone.get_current_timezone())


def sliced(jobs: QuerySet[Job], own: QuerySet[Job], *, after: str, before: str) -> Slice:
    """The jobs that follow the one named `after`, or come right before `before`; else the latest. One query or two."""
    edge = place_of(own, before or after)
    found = jobs.defer(*ENCLOSED)
    if before and edge:
        nearest = list(found.filter(pk__gt=edge).order_by("pk")[: ROWS + 1])
        shown, more_newer, more_older = nearest[:ROWS][::-1], len(nearest) > ROWS, True
    else:
        rest = list((found.filter(pk__lt=edge) if edge else found).order_by("-pk")[: ROWS + 1])
        shown, more_newer, more_older = rest[:ROWS], bool(edge), len(rest) > ROWS
    first, last = (shown[0].public_id, shown[-1].public_id) if shown else ("", "")
    return Slice(shown, first if more_newer else "", last if more_older else "")


def place_of(own: QuerySet[Job], public_id: str) -> int | None:
    """The row's number of a job that an address names, if there is such a job."""
    if not public_id or "\0" in public_id:
        return None
    return own.filter(public_id=public_id).values_list("pk", flat=True).first()
