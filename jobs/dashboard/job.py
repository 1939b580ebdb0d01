"""A job: how far it is, its results, what was asked for, and what can be done with it."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from jobs.dashboard.access import MemberRequest, own_job, page
from jobs.dashboard.fields import pretty
from jobs.dashboard.files import pictured
from jobs.dashboard.fills import fills_of, without
from jobs.dashboard.job_frame import frame
from jobs.exports import JobGone, Selection
from jobs.exports.columns import field_names
from jobs.exports.reading import take
from jobs.intake import Refusal
from jobs.models import Job
from jobs.models.membership import Role
from jobs.models.page import FINISHED, PageStatus
from jobs.options import options_of
from jobs.recording import JobAlreadyFinished, cancel_job
from jobs.representation import Result, job_as_dict
from jobs.retention import purge_job
from jobs.retrying import NothingFailed, NothingVisited, create_copy, create_retry
from scraping.options import Output

ROWS = 50
MOST_DATA_CHARS = 8 * 2**20
"""How much data is read for one page of results, give or take a URL's."""
FIELDS_SHOWN = 6
LONGEST_VALUE = 160
AFTER_CHARS = 9
MOST_LOOKED_AT = 2_000
"""How many results are looked through for empty fields at a time."""
CODE = re.compile(r"[a-z_]{1,40}")
SEEN = {Output.SCREENSHOT, Output.FULL_PAGE_SCREENSHOT}
"""Outputs that can be shown as a picture."""


class Row(NamedTuple):
    """A page, the values of the fields that are shown, and whether there is a picture of it."""

    page: Result
    values: Sequence[str]
    pictured: bool


class Wish(NamedTuple):
    """Which results are wanted: those of a status, of a code of failure, or with an empty field; after which one."""

    status: str | None
    code: str | None
    empty: str | None
    after: int | None

    @property
    def all(self) -> bool:
        return self == Wish(None, None, None, None)

    @property
    def query(self) -> str:
        """The filters, as an address has them."""
        return urlencode({name: value for name, value in self._asdict().items() if value and name != "after"})


class Some(NamedTuple):
    """A page of results; `next` is the last place that was looked at, where more may follow."""

    pages: Sequence[Result]
    next: int | None


@page()
def results(request: MemberRequest, public_id: str) -> HttpResponse:
    """Four queries; one more where there may be pictures."""
    job = own_job(request, public_id)
    names = field_names(job)
    wish = wish_of(request, names)
    filling = {"fills": fills_of(job, names)} if wish.all else {}
    return render(request, "dashboard/job.html", {**frame(job), **results_of(job, wish, names), **filling})


@page()
def results_part(request: MemberRequest, public_id: str) -> HttpResponse:
    """The table alone, for a page that is open. Three queries; one more where there may be pictures."""
    job = own_job(request, public_id)
    names = field_names(job)
    return render(request, "dashboard/parts/results.html", results_of(job, wish_of(request, names), names))


@page()
def fills(request: MemberRequest, public_id: str) -> HttpResponse:
    """How full the fields are, for a page that is open. Three queries."""
    job = own_job(request, public_id)
    return render(request, "dashboard/parts/fills.html", {"job": job, "fills": fills_of(job, field_names(job))})


@page()
def head(request: MemberRequest, public_id: str) -> HttpResponse:
    """The progress alone, for a page that is open. One query."""
    return render(request, "dashboard/parts/job_head.html", frame(own_job(request, public_id)))


@page()
def asked(request: MemberRequest, public_id: str) -> HttpResponse:
    """What was asked for, as the API shows it. One query."""
    job = own_job(request, public_id)
    shown = pretty(orjson.dumps(job_as_dict(job)))
    return render(request, "dashboard/job_request.html", {**frame(job), "json": shown})


def wish_of(request: HttpRequest, names: Sequence[str]) -> Wish:
    """What the address asks for, as far as it can be."""
    asked, text = request.GET, request.GET.get("after", "")
    empty = asked.get("empty") if asked.get("empty") in names else None
    code = asked.get("code") if CODE.fullmatch(asked.get("code", "")) else None
    status = asked.get("status") if asked.get("status") in FINISHED else None
    after = int(text) if text.isascii() and text.isdecimal() and len(text) <= AFTER_CHARS else None
    return Wish(PageStatus.COMPLETED if empty else PageStatus.FAILED if code else status, code, empty, after)


def results_of(job: Job, wish: Wish, names: Sequence[str]) -> dict[str, Any]:
    """A page of the results, by the order in which they ended; `filling` if more may come into it.

    One query, and one where there may be pictures.
    """
    some = found(job, wish)
    pictures = pictured(some.pages) if options_of(job).fetch.outputs & SEEN else set()
    return {
        "job": job,
        "wish": wish,
        "statuses": FINISHED,
        "names": names,
        "fields": names[:FIELDS_SHOWN],
        "more_fields": len(names[FIELDS_SHOWN:]),
        "rows": [Row(page, values(page, names[:FIELDS_SHOWN]), page.pk in pictures) for page in some.pages],
        "pictured": bool(pictures),
        "next": some.next,
        "filling": job.live and some.next is None,
        "looked_at": MOST_LOOKED_AT,
    }


def found(job: Job, wish: Wish) -> Some:
    """One query, or with an empty field a few. Raises: Http404."""
    if wish.empty:
        return with_empty(job, wish.empty, wish.after)
    rows = Selection(job=job, status=wish.status).rows(after=wish.after)
    rows = rows.filter(error_code=wish.code) if wish.code else rows
    taken, more = take(rows, limit=ROWS, most_chars=MOST_DATA_CHARS)
    return Some(taken, taken[-1].sequence if more else None)


def with_empty(job: Job, name: str, after: int | None) -> Some:
    """Data is text to the database: so many results are looked at, and no more. Raises: Http404."""
    selection = Selection(job=job, status=PageStatus.COMPLETED, after=after, limit=MOST_LOOKED_AT)
    looked_at, last, rows = 0, None, list[Result]()
    try:
        for pages in selection.chunks():
            rows += without(pages, name)
            looked_at += len(pages)
            if len(rows) > ROWS:
                return Some(rows[:ROWS], rows[ROWS - 1].sequence)
            last = pages[-1].sequence
    except JobGone as gone:
        raise Http404(str(gone)) from gone
    return Some(rows, last if looked_at == MOST_LOOKED_AT else None)


def values(page: Result, names: Sequence[str]) -> list[str]:
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
