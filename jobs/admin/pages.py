"""Pages: one URL each, what it gave or why it failed. There may be millions."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import DateFieldListFilter
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.safestring import SafeString

from jobs.admin.html import (
    inside_link,
    json_text,
    moment,
    once,
    outside_link,
    shortened,
    side_by_side,
    status_badge,
)
from jobs.admin.jobs import LARGE
from jobs.admin.site import BigTableAdmin, ReadOnly
from jobs.artifacts import FileGone
from jobs.artifacts.serving import serve
from jobs.models import Artifact, Job, Page


def job_named_in(search: str) -> str | None:
    """The job's id at the beginning of a search; a URL may follow."""
    return search.split(maxsplit=1)[0] if search.startswith("job_") else None


@admin.register(Page)
class PageAdmin(ReadOnly, BigTableAdmin):
    empty_text = "Pages appear here with the jobs they belong to."
    list_display = (
        "address",
        status_badge(),
        "outcome",
        "attempts",
        "duration",
        "of_job",
        moment("finished_at", "ended"),
    )
    list_select_related = ("job",)
    indexed_filters = ()
    deferred_in_list = (
        "data",
        "actions",
        "reports",
        "canonical_url",
        "final_url",
        "error_message",
        "truncated",
        "reference",
        *(f"job__{field}" for field in LARGE),
    )
    list_filter = ("status", ("finished_at", DateFieldListFilter))
    search_fields = ("url",)
    search_help_text = "Job id, whole URL, or both"
    fieldsets = (
        (None, {"fields": ("of_job", "index", "reference", "sent", "canonical", "final", status_badge(), "leads_to")}),
        (
            "Outcome",
            {
                "fields": (
                    "status_code",
                    "duration",
                    json_text("data"),
                    "error_code",
                    "error_message",
                    "error_retryable",
                    json_text("truncated"),
                    json_text("reports"),
                    json_text("actions"),
                    json_text("trace"),
                    "blocked_requests",
                    moment("reused_from", "result reused from"),
                    "files",
                )
            },
        ),
        (
            "Course",
            {
                "fields": (
                    "attempts",
                    "sequence",
                    moment("available_at", "available from"),
                    moment("started_at", "started"),
                    moment("finished_at", "ended"),
                    moment("lease_expires_at", "lease expires"),
                    "worker",
                )
            },
        ),
    )

    def search_is_indexed(self, search: str) -> bool:
        """Within one job every page is looked at."""
        return job_named_in(search) is not None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Page], search_term: str
    ) -> tuple[QuerySet[Page], bool]:
        """The pages of a job in their order, those with exactly this URL, or both."""
        job_id = job_named_in(search_term)
        url = search_term.removeprefix(job_id or "").strip()
        if job_id:
            job = Job.objects.filter(public_id=job_id).values_list("pk", flat=True).first()
            queryset = queryset.filter(job=job or 0).order_by("index")
        return queryset.filter(url=url) if url else queryset, False

    @admin.display(description="URL")
    def address(self, page: Page) -> str:
        return shortened(page.url, most=80)

    @admin.display(description="URL as sent")
    def sent(self, page: Page) -> str:
        return outside_link(page.url)

    @admin.display(description="URL as fetched")
    def canonical(self, page: Page) -> str:
        return outside_link(page.canonical_url)

    @admin.display(description="final URL")
    def final(self, page: Page) -> str:
        return outside_link(page.final_url)

    @admin.display(description="see also")
    def leads_to(self, page: Page) -> str:
        deliveries = f"{reverse('admin:jobs_delivery_changelist')}?q={page.job.public_id}"
        links = [inside_link(f"{reverse('admin:jobs_page_changelist')}?q={page.job.public_id}", "Pages of this job")]
        links += [inside_link(deliveries, "Its webhook deliveries")] if page.job.webhook else []
        return side_by_side(links)

    @admin.display(description="outcome")
    def outcome(self, page: Page) -> str:
        return page.error_code or f"{page.status_code or '-'}"

    @admin.display(description="took")
    def duration(self, page: Page) -> str:
        return "-" if page.duration_ms is None else f"{page.duration_ms:,} ms"

    @admin.display(description="files")
    @once
    def files(self, page: Page) -> str:
        """What was made of the page, to be downloaded."""
        artifacts = page.artifacts.order_by("pk")
        return SafeString(render_to_string("admin/artifacts.html", {"artifacts": artifacts}))

    def get_urls(self) -> list[Any]:
        download = self.admin_site.admin_view(self.download)
        return [path("artifacts/<str:public_id>/", download, name="jobs_page_artifact"), *super().get_urls()]

    def download(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """A file of any page, for staff who may see pages."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        artifact = get_object_or_404(Artifact.objects.select_related("job", "page"), public_id=public_id)
        try:
            return serve(request, artifact)
        except FileGone as exc:
            raise Http404 from exc

    @admin.display(description="job")
    def of_job(self, page: Page) -> str:
        return inside_link(reverse("admin:jobs_job_change", args=[page.job_id]), page.job.public_id)
