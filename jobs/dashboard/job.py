"""A job: how far it is, its results, what was asked for, and what can be done with it."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from jobs.dashboard.access import MemberRequest, own_job, page
from jobs.exports import Selection
from jobs.exports.columns import field_names
from jobs.exports.reading import take
from jobs.intake import Refusal
from jobs.models import Job, Page
from jobs.models.membership import Role
from jobs.models.page import FINISHED
from jobs.progress import pace
from jobs.recording import JobAlreadyFinished, cancel_job
from jobs.representation import job_as_dict
from jobs.retention import purge_job
from jobs.retrying import NothingFailed, NothingVisited, create_copy, create_retry

ROWS = 50
MOST_DATA_CHARS = 8 * 2**20
"""How much data is read for one page of results, give or take a URL's."""
FIELDS_SHOWN = 6
LONGEST_VALUE = 160
AFTER_CHARS = 9

TABS = (("Results", "dashboard:job"), ("Request", "dashboard:job-request"))
"""The tabs: a title, and the name of the address."""


class Row(NamedTuple):
    """A page, and the values of the fields that are shown."""

    page: Page
    values: Sequence[str]


@page()
def results(request: MemberRequest, public_id: str) -> HttpResponse:
    """Three queries."""
    job = own_job(request, public_id)
    return render(request, "dashboard/job.html", {**frame(job), **results_of(request, job)})


@page()
def results_part(request: MemberRequest, public_id: str) -> HttpResponse:
    """The table alone, for a page that is open. Three queries."""
    job = own_job(request, public_id)
    return render(request, "dashboard/parts/results.html", results_of(request, job))


@page()
def head(request: MemberRequest, public_id: str) -> HttpResponse:
    """The progress alone, for a page that is open. One query."""
    return render(request, "dashboard/parts/job_head.html", frame(own_job(request, public_id)))


@page()
def asked(request: MemberRequest, public_id: str) -> HttpResponse:
    """What was asked for, as the API shows it. One query."""
    job = own_job(request, public_id)
    text = orjson.dumps(job_as_dict(job))
    shown = orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode()
    return render(request, "dashboard/job_request.html", {**frame(job), "json": shown})


def frame(job: Job) -> dict[str, Any]:
    """What every tab of a job shows above itself. No query."""
    return {"job": job, "pace": pace(job, now=timezone.now()), "tabs": TABS}


def results_of(request: HttpRequest, job: Job) -> dict[str, Any]:
    """A page of the results, by the order in which they ended; `fills` if more may come into it. Two queries."""
    status = request.GET.get("status") if request.GET.get("status") in FINISHED else None
    text = request.GET.get("after", "")
    after = int(text) if text.isascii() and text.isdecimal() and len(text) <= AFTER_CHARS else None
    names = field_names(job)
    selection = Selection(job=job, status=status, after=after, limit=ROWS)
    pages, more = take(selection.pages(after=after), limit=ROWS, most_chars=MOST_DATA_CHARS)
    return {
        "job": job,
        "status": status,
        "after": after,
        "statuses": FINISHED,
        "fields": names[:FIELDS_SHOWN],
        "more_fields": len(names[FIELDS_SHOWN:]),
        "rows": [Row(page, values(page, names[:FIELDS_SHOWN])) for page in pages],
        "next": pages[-1].sequence if more else None,
        "fills": job.live and not more,
    }


def values(page: Page, names: Sequence[str]) -> list[str]:
    data = orjson.loads(page.data) if page.data else {}
    return [shown(data.get(name)) for name in names]


def shown(value: object) -> str:
    """A value in a cell: text as it is, texts side by side, the rest as JSON; the beginning of what is long."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ", ".join(value)
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


@page("POST", needs=Role.MEMBER)
def cancel(request: MemberRequest, public_id: str) -> HttpResponse:
    job = own_job(request, public_id)
    try:
        cancel_job(job)
    except JobAlreadyFinished as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "The job is cancelled.")
    return redirect("dashboard:job", public_id)


@page("POST", needs=Role.MEMBER)
def retry(request: MemberRequest, public_id: str) -> HttpResponse:
    """What failed, as a new job."""
    job = own_job(request, public_id)
    if job.live:
        return too_early(request, job)
    return made(request, job, create_retry)


@page("POST", needs=Role.MEMBER)
def duplicate(request: MemberRequest, public_id: str) -> HttpResponse:
    """The same again, as a new job."""
    return made(request, own_job(request, public_id), create_copy)


@page("POST", needs=Role.MEMBER)
def purge(request: MemberRequest, public_id: str) -> HttpResponse:
    job = own_job(request, public_id)
    if job.live:
        return too_early(request, job)
    purge_job(job)
    messages.success(request, f"Job {job.name or public_id} is deleted, with all that was kept of it.")
    return redirect("dashboard:jobs")


def made(request: MemberRequest, job: Job, make: Callable[[Job], Job]) -> HttpResponse:
    """Go to the job that is made of another, or say why there is none."""
    try:
        new = make(job)
    except (NothingFailed, NothingVisited, Refusal) as error:
        messages.error(request, str(error))
        return redirect("dashboard:job", job.public_id)
    messages.success(request, f"This is a new job, made of {job.name or job.public_id}.")
    return redirect("dashboard:job", new.public_id)


def too_early(request: MemberRequest, job: Job) -> HttpResponse:
    messages.warning(request, "The job has not ended: wait for it, or cancel it.")
    return redirect("dashboard:job", job.public_id)
