"""Jobs: what was asked for, how far it is, what failed. They can be cancelled, tried again, and purged."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import DateFieldListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant

from jobs.admin.html import inside_link, json_text, moment, once, progress, shortened, side_by_side, status_badge
from jobs.admin.site import BigTableAdmin, ReadOnly, StateActions, go_to
from jobs.intake import Refusal
from jobs.models import Job, Page
from jobs.models.page import PageStatus
from jobs.recording import JobAlreadyFinished, cancel_job
from jobs.retention import purge_job
from jobs.retrying import NothingFailed, create_retry

FAILURES_LOOKED_AT = 10_000
LARGE = ("selectors", "options", "metadata", "webhook", "sealed_webhook", "sealed_options", "sealed_session")
"""Columns that only a job's own page shows, or none."""


def ended_jobs() -> QuerySet[Job]:
    return Job.objects.filter(completed_at__isnull=False).select_related("account")


@admin.register(Job)
class JobAdmin(StateActions, ReadOnly, BigTableAdmin):
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
    deferred_in_list = LARGE
    list_filter = ("status", ("created_at", DateFieldListFilter))
    search_fields = ("public_id__startswith", "name__icontains")
    search_help_text = "Job id or name"
    actions = ("cancel_selected",)
    actions_detail = ("cancel", "retry", "purge")
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

    def search_is_indexed(self, search: str) -> bool:
        return search.startswith("job_")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Job], search_term: str
    ) -> tuple[QuerySet[Job], bool]:
        """By its id or the beginning of it, or by what is in its name."""
        if not search_term:
            return queryset, False
        field = "public_id__startswith" if self.search_is_indexed(search_term) else "name__icontains"
        return queryset.filter(**{field: search_term}), False

    def actions_now(self, row: Job) -> Collection[str]:
        if row.live:
            return {"cancel"}
        return {"retry", "purge"} if row.failed_urls and not row.reads_kept else {"purge"}

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

    @action(
        description="Retry failed",
        icon="replay",
        permissions=["cancel"],
        dialog={
            "title": "Retry what failed?",
            "description": "A new job visits the failed URLs once more, and costs its account what they cost.",
            "form_class": None,
            "form_submit_text": "Make the job",
        },
    )
    def retry(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        job = get_object_or_404(ended_jobs(), pk=object_id)
        try:
            retried = create_retry(job)
        except (NothingFailed, Refusal) as error:
            messages.error(request, str(error))
            return go_to(request, reverse("admin:jobs_job_change", args=[job.pk]))
        self.log_change(request, job, f"Retried as {retried.public_id}")
        messages.success(request, f"{retried.public_id} visits {retried.total_urls:,} URLs of {job.public_id} again.")
        return go_to(request, reverse("admin:jobs_job_change", args=[retried.pk]))

    @action(
        description="Purge",
        icon="delete_forever",
        variant=ActionVariant.DANGER,
        permissions=["purge"],
        dialog={
            "title": "Purge this job?",
            "description": "Its pages, results, files and deliveries are deleted now; charges stay in the ledger. "
            "This cannot be undone.",
            "form_class": None,
            "form_submit_text": "Purge the job",
        },
    )
    def purge(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        job = get_object_or_404(ended_jobs(), pk=object_id)
        purge_job(job)
        self.log_change(request, job, "Purged")
        messages.success(request, f"{job.public_id} is purged.")
        return go_to(request, reverse("admin:jobs_job_changelist"))

    @admin.action(description="Cancel selected jobs", permissions=["cancel"])
    def cancel_selected(self, request: HttpRequest, jobs: QuerySet[Job]) -> HttpResponse | None:
        """Asks first; the jobs are named in the question's own form."""
        if "confirmed" not in request.POST:
            context = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Cancel jobs", "jobs": jobs}
            return TemplateResponse(request, "admin/cancel_jobs.html", context)
        self.cancel_all(request, list(jobs))
        return None

    def has_cancel_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("jobs.change_job")

    def has_purge_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("jobs.delete_job")

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
