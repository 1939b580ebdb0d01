"""Why pages of a job failed: by code, with what each means, what to do about it, and some of the pages."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from django.db.models import Count, F, Window
from django.db.models.functions import RowNumber
from django.http import HttpResponse
from django.shortcuts import render

from jobs.dashboard.access import MemberRequest, own_job, page
from jobs.dashboard.advice import Advice, advice_on
from jobs.dashboard.job_frame import frame
from jobs.models import Job, Page
from jobs.models.page import PageStatus

SHOWN = 5
"""Pages of each code; the others are a filter of the results away."""


class Group(NamedTuple):
    """Pages that failed alike, the first ones in `pages`."""

    code: str
    alike: int
    advice: Advice
    pages: list[Page]


@page()
def failures(request: MemberRequest, public_id: str) -> HttpResponse:
    """Two queries."""
    job = own_job(request, public_id)
    groups = sorted(grouped(first_of_each(job)), key=lambda group: -group.alike)
    return render(request, "dashboard/job_failures.html", {**frame(job), "groups": groups})


def first_of_each(job: Job) -> Iterable[Page]:
    """The first pages of each code, in the order in which they ended; each knows how many are `alike`. One query."""
    failed = Page.objects.filter(job=job, status=PageStatus.FAILED).only("job", "index", "url", "error_message")
    placed = failed.annotate(
        code=F("error_code"),
        place=Window(RowNumber(), partition_by="error_code", order_by="sequence"),
        alike=Window(Count("pk"), partition_by="error_code"),
    )
    return placed.filter(place__lte=SHOWN).order_by("error_code", "sequence")


def grouped(pages: Iterable[Page]) -> Iterator[Group]:
    for code, alike in groupby(pages, key=lambda one: one.code):  # type: ignore[attr-defined]
        some = list(alike)
        yield Group(code, some[0].alike, advice_on(code), some)  # type: ignore[attr-defined]
