"""Schedules: what is asked for again and again, when next, and what became of each run."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant

from jobs.admin.html import badge, json_text, moment, once, shortened
from jobs.admin.site import BigTableAdmin, ReadOnly, StateActions, go_to
from jobs.intake import TooManyTestUrls
from jobs.models import Schedule, ScheduleRun
from jobs.schedules.running import change, run_now

RUNS_SHOWN = 20


@admin.register(Schedule)
class ScheduleAdmin(StateActions, ReadOnly, BigTableAdmin):
    keeps_history = True
    empty_text = "Schedules appear here as clients post them to /v1/schedules."
    list_display = (
        "public_id",
        "label",
        "account",
        "state",
        "cron",
        "timezone",
        moment("next_at", "next run"),
    )
    list_select_related = ("account",)
    deferred_in_list = (
        "urls",
        "selectors",
        "options",
        "metadata",
        "webhook",
        "sealed_webhook",
        "sealed_options",
    )
    list_filter = ("paused",)
    search_fields = ("public_id", "name")
    search_help_text = "Schedule id or name"
    actions_detail = ("run", "pause", "resume")
    fieldsets = (
        (None, {"fields": ("public_id", "name", "account", "state", "cron", "timezone", "test")}),
        ("Times", {"fields": (moment("next_at", "next run"), moment("created_at", "created"))}),
        ("Runs", {"fields": ("runs",)}),
        (
            "What is asked for",
            {
                "fields": (
                    "job_name",
                    json_text("urls", "URLs"),
                    *(json_text(field) for field in ("selectors", "options", "metadata", "webhook")),
                )
            },
        ),
    )

    def search_is_indexed(self, search: str) -> bool:
        return search.startswith("sch_")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Schedule], search_term: str
    ) -> tuple[QuerySet[Schedule], bool]:
        """By its whole id, or by what is in its name."""
        if not search_term:
            return queryset, False
        field = "public_id" if self.search_is_indexed(search_term) else "name__icontains"
        return queryset.filter(**{field: search_term}), False

    def actions_now(self, row: Schedule) -> Collection[str]:
        return {"run", "resume" if row.paused else "pause"}

    def has_run_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("jobs.change_schedule")

    @admin.display(description="name")
    def label(self, schedule: Schedule) -> str:
        return shortened(schedule.name or "-", most=40)

    @admin.display(description="state")
    def state(self, schedule: Schedule) -> str:
        return badge("paused" if schedule.paused else "active")

    @admin.display(description="latest runs")
    @once
    def runs(self, schedule: Schedule) -> str:
        runs = schedule.runs.order_by("-id")[:RUNS_SHOWN]
        shown = [{"run": run, "status": badge(run.status)} for run in runs]
        return SafeString(render_to_string("admin/runs.html", {"runs": shown}))

    @action(
        description="Run now",
        icon="play_arrow",
        variant=ActionVariant.PRIMARY,
        permissions=["run"],
        dialog={
            "title": "Run this schedule now?",
            "description": "A job is made at once, beside its times, and charged to its account. It is skipped while "
            "the job of the run before goes on.",
            "form_class": None,
            "form_submit_text": "Run now",
        },
    )
    def run(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        schedule = get_object_or_404(Schedule, pk=object_id)
        run = run_now(schedule)
        self.log_change(request, schedule, f"Run by hand: {run.status}")
        if run.status == ScheduleRun.Status.STARTED:
            messages.success(request, f"Job {run.job_public_id} is made.")
        else:
            messages.warning(request, f"The run was {run.status}: {run.reason}")
        return go_to(request, reverse("admin:jobs_schedule_change", args=[schedule.pk]))

    @action(
        description="Pause",
        icon="pause",
        permissions=["run"],
        dialog={
            "title": "Pause this schedule?",
            "description": "No more runs until it is resumed. Its jobs go on.",
            "form_class": None,
            "form_submit_text": "Pause",
        },
    )
    def pause(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self.set_paused(request, object_id, paused=True)

    @action(
        description="Resume",
        icon="resume",
        permissions=["run"],
        dialog={
            "title": "Resume this schedule?",
            "description": "It runs again at its next time. Times that have passed are not made up for.",
            "form_class": None,
            "form_submit_text": "Resume",
        },
    )
    def resume(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        return self.set_paused(request, object_id, paused=False)

    def set_paused(self, request: HttpRequest, object_id: str, *, paused: bool) -> HttpResponse:
        schedule = get_object_or_404(Schedule, pk=object_id)
        try:
            change(schedule, {"paused": paused})
        except TooManyTestUrls as error:
            messages.error(request, str(error))
        else:
            self.log_change(request, schedule, "Paused" if paused else "Resumed")
            messages.success(request, f"{schedule.public_id} is {'paused' if paused else 'resumed'}.")
        return go_to(request, reverse("admin:jobs_schedule_change", args=[schedule.pk]))
