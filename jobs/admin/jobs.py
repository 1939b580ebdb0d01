"""Jobs: what was asked for, how far it is, what failed. They can be looked at and cancelled."""

from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import DateFieldListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant

from jobs.admin.html import inside_link, json_text, moment, once, progress, shortened, side_by_side, status_badge
from jobs.admin.site import BigTableAdmin, ReadOnly, go_to
from jobs.models import Job, Page
from jobs.models.page import PageStatus
from jobs.recording import JobAlreadyFinished, cancel_job

FAILURES_LOOKED_AT = 10_000


@admin.register(Job)
class JobAdmin(ReadOnly, BigTableAdmin):
    keeps_history = True
    empty_text = "Jobs appear here as clients post them to /v1/jobs."
    list_display = (
        "public_id",
        "label",
        "account",
        status_badge(),
        "progress",
        moment("created_at", "created"),
    )
    list_select_related = ("account",)
    deferred_in_list = ("selectors", "options", "metadata", "webhook", "sealed_options", "sealed_session")
    list_filter = ("status", ("created_at", DateFieldListFilter))
    search_fields = ("public_id__startswith", "name__icontains")
    search_help_text = "Job id or name"
    actions = ("cancel_selected",)
    actions_detail = ("cancel",)
    fieldsets = (
        (None, {"fields": ("public_id", "name", "account", status_badge(), "progress", "errors", "leads_to")}),
        (
            "Counts",
            {
                "fields": (
                    ("total_urls", "open_urls"),
                    ("completed_urls", "credits_used"),
                    ("failed_urls", "cancelled_urls"),
                )
            },
        ),
        (
            "Times",
            {
                "fields": (
                    moment("created_at", "created"),
                    moment("started_at", "started"),
                    moment("completed_at", "ended"),
                )
            },
        ),
        (
            "What was asked for",
            {"fields": tuple(json_text(field) for field in ("selectors", "options", "metadata", "webhook"))},
        ),
        ("How", {"fields": (("max_attempts", "host_concurrency"), "test")}),
    )

    @admin.display(description="name")
    def label(self, job: Job) -> str:
        return shortened(job.name or "-", most=40)

    @admin.display(description="progress")
    def progress(self, job: Job) -> str:
        return progress(job)

    @admin.display(description="open URLs")
    def open_urls(self, job: Job) -> str:
        return f"{job.open_urls}"

    @admin.display(description="errors")
    @once
    def errors(self, job: Job) -> str:
        """Failed pages by code; of very many, the first ten thousand."""
        if not job.failed_urls:
            return "none"
        failed = Page.objects.filter(job=job, status=PageStatus.FAILED).values_list("error_code", flat=True)
        counts = Counter(failed.order_by()[:FAILURES_LOOKED_AT]).most_common()
        looked_at_all = job.failed_urls <= FAILURES_LOOKED_AT
        return SafeString(render_to_string("admin/errors.html", {"counts": counts, "all": looked_at_all}))

    @admin.display(description="see also")
    def leads_to(self, job: Job) -> str:
        pages = f"{reverse('admin:jobs_page_changelist')}?q={job.public_id}"
        deliveries = f"{reverse('admin:jobs_delivery_changelist')}?q={job.public_id}"
        links = [inside_link(pages, "Pages")]
        links += [inside_link(f"{pages}&status__exact=failed", "Failed pages")] if job.failed_urls else []
        links += [inside_link(deliveries, "Webhook deliveries")] if job.webhook else []
        return side_by_side(links)

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """What has ended cannot be cancelled."""
        allowed = super().get_actions_detail(request, object_id)
        return allowed if object_id.isdecimal() and Job.objects.live().filter(pk=object_id).exists() else []

    @action(
        description="Cancel",
        icon="cancel",
        variant=ActionVariant.DANGER,
        permissions=["cancel"],
        dialog={
            "title": "Cancel this job?",
            "description": "Pages in flight are aborted, what is done stays done and charged. This cannot be undone.",
            "form_class": None,
            "form_submit_text": "Cancel the job",
        },
    )
    def cancel(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        job = get_object_or_404(Job, pk=object_id)
        self.cancel_all(request, [job])
        return go_to(request, reverse("admin:jobs_job_change", args=[job.pk]))

    @admin.action(description="Cancel selected jobs", permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, jobs: QuerySet[Job]) -> None:
        self.cancel_all(request, list(jobs))

    def has_cancel_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("jobs.change_job")

    def cancel_all(self, request: HttpRequest, jobs: list[Job]) -> None:
        """Cancel each of these jobs, and say what became of it."""
        for job in jobs:
            try:
                cancel_job(job)
            except JobAlreadyFinished as error:
                messages.warning(request, str(error))
            else:
                self.log_change(request, job, "Cancelled")
                messages.success(request, f"Job {job.public_id} is cancelled.")
