"""Schedules: what is made again and again, when next, what came of it; make, change, pause, run and delete them."""

from collections.abc import Mapping
from typing import Any

import orjson
from django import forms
from django.contrib import messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from jobs.api.bodies import read_document
from jobs.api.errors import ApiError, Problem
from jobs.api.schedule_requests import read_schedule
from jobs.dashboard.access import MemberRequest, page
from jobs.dashboard.fields import as_json
from jobs.dashboard.paging import part_of
from jobs.intake import Refusal
from jobs.models import Schedule, ScheduleRun
from jobs.models.membership import Role
from jobs.models.schedule import RunStatus
from jobs.options.sending import SEALED
from jobs.schedules import running
from jobs.schedules.representation import foreseen, job_of

MORE = ("name", "options", "metadata", "webhook")
ROWS_OF_TEXT = {"urls": 6, "selectors": 6, "more": 5}
LARGE = ("urls", "selectors", "options", "metadata", "webhook", "sealed_webhook", "sealed_options")
"""Columns that lists have no need of."""
OF_RUNS = ("schedule", "due_at", "ran_at", "status", "job_public_id", "reason", "job__public_id", "job__status")


class Lines(forms.CharField):
    """Text of many lines, which browsers end in a way of their own."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class ScheduleForm(forms.Form):
    """A schedule as people write it; `columns` is what it means, once it is valid. The API's own reader judges it."""

    name = forms.CharField(label="Name", required=False)
    cron = forms.CharField(
        label="When",
        widget=forms.TextInput(attrs={"class": "mono", "placeholder": "30 6 * * mon-fri", "spellcheck": "false"}),
        help_text="Minute, hour, day of the month, month, day of the week: <code>30 6 * * mon-fri</code>; or "
        "<code>@hourly</code>, <code>@daily</code>, <code>@weekly</code>, <code>@monthly</code>.",
    )
    timezone = forms.CharField(
        label="Time zone",
        initial="UTC",
        help_text="Such as <code>Europe/Berlin</code>: the time is meant there, in summer and in winter.",
    )
    urls = Lines(
        label="URLs, one a line", widget=forms.Textarea(attrs={"placeholder": "https://example.com/products/1"})
    )
    selectors = Lines(
        label="Fields to read, as JSON",
        required=False,
        widget=forms.Textarea(attrs={"placeholder": '{"title": "h1", "price": ".price"}'}),
    )
    more = Lines(
        label="More of the job, as JSON",
        required=False,
        widget=forms.Textarea(attrs={"placeholder": '{"webhook": "https://example.com/hook"}'}),
        help_text=f"What the API takes of a job beside those: {', '.join(f'<code>{name}</code>' for name in MORE)}.",
    )

    columns: Mapping[str, Any] = {}

    def __init__(self, *args: Any, schedule: Schedule | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.schedule = schedule
        for name, rows in ROWS_OF_TEXT.items():
            self.fields[name].widget.attrs |= {"rows": rows, "class": "mono", "spellcheck": "false"}
        if schedule is None and not self.is_bound:
            self.fields["timezone"].widget.attrs["data-own-zone"] = True

    def clean(self) -> None:
        if self.errors:
            return
        try:
            self.columns = read_schedule(self.body(), complete=self.schedule is None)
        except ApiError as error:
            for problem in error.problems:
                self.add_error(*placed(problem))
            if not error.problems:
                self.add_error(None, str(error))

    def body(self) -> dict[str, Any]:
        """As the API takes it. A job that was not changed is left out: what is secret of it is not in the form.

        Raises: ApiError.
        """
        given = self.cleaned_data
        body = {"name": given["name"] or None, "cron": given["cron"], "timezone": given["timezone"]}
        if self.schedule and not {"urls", "selectors", "more"} & set(self.changed_data):
            return body
        if self.schedule and SEALED in given["more"]:
            raise refused("more", f"Write anew what is secret: {SEALED} only stands for it.")
        job = {**self.document("more"), "urls": [line.strip() for line in given["urls"].splitlines() if line.strip()]}
        return {**body, "job": {**job, "selectors": self.document("selectors")} if given["selectors"].strip() else job}

    def document(self, name: str) -> dict[str, Any]:
        """The JSON object that a field has. Raises: ApiError."""
        text = self.cleaned_data[name].strip()
        if not text:
            return {}
        try:
            document = read_document(text.encode("utf-8", "replace"), what="This", path=f"job.{name}")
        except ApiError as error:
            raise error if error.problems else refused(name, str(error)) from error
        if not isinstance(document, dict):
            raise refused(name, "Write a JSON object: { … }.")
        return document


def refused(field: str, message: str) -> ApiError:
    return ApiError("invalid_request", message, problems=[Problem(field, "invalid", message)])


def placed(problem: Problem) -> tuple[str | None, str]:
    """The field of the form that a problem is about, and what to say there."""
    path = problem.field.removeprefix("job.")
    first = path.partition(".")[0].partition("[")[0]
    if path != problem.field and first not in ("urls", "selectors"):
        first = "more"
    if first not in ScheduleForm.base_fields:
        return None, f"{path}: {problem.message}"
    return first, problem.message if path == first else f"{path}: {problem.message}"


def written(schedule: Schedule) -> dict[str, str]:
    """A schedule as the form has it."""
    job = asked_of(schedule)
    more = {name: job[name] for name in MORE if job[name]}
    return {
        "name": schedule.name or "",
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "urls": "\n".join(job["urls"]),
        "selectors": as_json(job["selectors"]),
        "more": as_json(more) if more else "",
    }


def asked_of(schedule: Schedule) -> dict[str, Any]:
    """The job that it makes, in values instead of text."""
    job: dict[str, Any] = orjson.loads(orjson.dumps(job_of(schedule)))
    return job


@page()
def schedules(request: MemberRequest) -> HttpResponse:
    """One query."""
    part = part_of(with_last_run(request.account.schedules.defer(*LARGE)), request)
    return render(request, "dashboard/schedules.html", {"part": part})


def with_last_run(schedules: QuerySet[Schedule]) -> QuerySet[Schedule]:
    last = ScheduleRun.objects.filter(schedule=OuterRef("pk")).order_by("-id")
    return schedules.annotate(
        last_status=Subquery(last.values("status")[:1]), last_at=Subquery(last.values("ran_at")[:1])
    )


@page()
def schedule(request: MemberRequest, public_id: str) -> HttpResponse:
    """Three queries; two while it is paused."""
    one = own_schedule(request, public_id)
    job = asked_of(one)
    context = {
        "schedule": one,
        "foreseen": foreseen(one),
        "urls": len(job["urls"]),
        "json": as_json(job),
        "part": part_of(one.runs.select_related("job").only(*OF_RUNS), request),
    }
    return render(request, "dashboard/schedule.html", context)


@page("GET", "HEAD", "POST", needs=Role.MEMBER)
def new(request: MemberRequest) -> HttpResponse:
    """Queries, once it is valid."""
    form = ScheduleForm(request.POST or None)
    if not form.is_valid():
        return render(request, "dashboard/schedule_form.html", {"form": form})
    made = running.make(request.account, form.columns)
    messages.success(request, "The schedule is made.")
    return redirect("dashboard:schedule", made.public_id)


@page("GET", "HEAD", "POST", needs=Role.MEMBER)
def edit(request: MemberRequest, public_id: str) -> HttpResponse:
    """Queries, once it is valid."""
    one = own_schedule(request, public_id)
    form = ScheduleForm(request.POST or None, schedule=one, initial=written(one))
    if form.is_valid():
        try:
            running.change(one, form.columns)
        except Refusal as refusal:
            form.add_error("urls", str(refusal))
        else:
            messages.success(request, "The schedule is changed.")
            return redirect("dashboard:schedule", public_id)
    return render(request, "dashboard/schedule_form.html", {"form": form, "schedule": one})


@page("POST", needs=Role.MEMBER)
def pause(request: MemberRequest, public_id: str) -> HttpResponse:
    running.change(own_schedule(request, public_id), {"paused": True})
    messages.success(request, "The schedule is paused: it makes no jobs until it is resumed.")
    return redirect("dashboard:schedule", public_id)


@page("POST", needs=Role.MEMBER)
def resume(request: MemberRequest, public_id: str) -> HttpResponse:
    running.change(own_schedule(request, public_id), {"paused": False})
    messages.success(request, "The schedule goes on at its next time.")
    return redirect("dashboard:schedule", public_id)


@page("POST", needs=Role.MEMBER)
def run(request: MemberRequest, public_id: str) -> HttpResponse:
    """Go to the job, or say why there is none."""
    made = running.run_now(own_schedule(request, public_id))
    if made.status == RunStatus.STARTED and made.job_public_id:
        messages.success(request, "The schedule has made this job.")
        return redirect("dashboard:job", made.job_public_id)
    messages.warning(request, f"No job was made: {made.reason}")
    return redirect("dashboard:schedule", public_id)


@page("POST", needs=Role.MEMBER)
def delete(request: MemberRequest, public_id: str) -> HttpResponse:
    """Its jobs stay."""
    one = own_schedule(request, public_id)
    one.delete()
    messages.success(request, f"Schedule {one.name or public_id} is deleted. The jobs it made stay.")
    return redirect("dashboard:schedules")


def own_schedule(request: MemberRequest, public_id: str) -> Schedule:
    """The account's schedule. One query. Raises: Http404."""
    one = request.account.schedules.filter(public_id=public_id).first()
    if one is None:
        raise Http404(f"{request.account} has no schedule {public_id[:60]}.")
    return one
