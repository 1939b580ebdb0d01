"""A job's results as files."""

from typing import NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from jobs.api.errors import ApiError
from jobs.api.exports import exported
from jobs.dashboard.access import MemberRequest, own_job, page
from jobs.dashboard.job_frame import frame
from jobs.exports import FORMATS, JSON, Selection, cannot
from jobs.models.page import FINISHED

OFFERED = {each.name: each for each in (JSON, *FORMATS.values())}
GOOD_FOR = {
    "json": "One document, for a program that reads it whole.",
    "ndjson": "A result on each line, for programs that read as they go.",
    "csv": "A table as text, for spreadsheets and databases.",
    "xlsx": "A workbook, for Excel and its like.",
    "parquet": "A table with typed columns, for data tools.",
}


class Offer(NamedTuple):
    """A format; `cannot` says why it is not to be had, if it is not."""

    name: str
    good_for: str
    cannot: str | None


@page()
def exports(request: MemberRequest, public_id: str) -> HttpResponse:
    """One query."""
    job = own_job(request, public_id)
    rows = Selection(job=job).counted
    offers = [Offer(name, GOOD_FOR[name], cannot(name, rows=rows)) for name in OFFERED]
    return render(request, "dashboard/job_exports.html", {**frame(job), "offers": offers, "rows": rows})


@page()
def export(request: MemberRequest, public_id: str, form: str) -> HttpResponseBase:
    """The file: all results there are by now, or those of a status."""
    job = own_job(request, public_id)
    if form not in OFFERED:
        raise Http404(f"There is no format {form[:20]}.")
    status = request.GET.get("status") if request.GET.get("status") in FINISHED else None
    selection = Selection(job=job, status=status)
    if why := cannot(form, rows=selection.counted):
        messages.error(request, why)
        return redirect("dashboard:job-exports", public_id)
    try:
        return exported(request, selection, OFFERED[form])
    except ApiError as error:
        messages.error(request, str(error))
        return redirect("dashboard:job-exports", public_id)
