"""Webhook deliveries: what was sent where, and what came of each try."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from jobs.admin.html import inside_link, moment, outside_link, preformatted, pretty_json, shortened, status_badge
from jobs.admin.site import BigTableAdmin, ReadOnly, TabularInline
from jobs.models import Delivery, DeliveryAttempt


class AttemptInline(ReadOnly, TabularInline):
    model = DeliveryAttempt
    verbose_name_plural = "tries"
    fields = (moment("at", "at"), "status_code", "took", "answer")
    ordering = ("pk",)
    extra = 0

    def get_readonly_fields(self, _request: HttpRequest, _obj: object = None) -> tuple[Any, ...]:
        return self.fields

    @admin.display(description="took")
    def took(self, attempt: DeliveryAttempt) -> str:
        return f"{attempt.duration_ms:,} ms"

    @admin.display(description="answer")
    def answer(self, attempt: DeliveryAttempt) -> str:
        return preformatted(attempt.excerpt)


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, BigTableAdmin):
    empty_text = "Jobs with a webhook have their deliveries here once they end."
    list_display = (
        "event_name",
        status_badge(),
        "endpoint",
        "attempts",
        moment("next_attempt_at", "next try"),
        "of_job",
    )
    list_select_related = ("event__job",)
    deferred_in_list = (
        "event__body",
        *(f"event__job__{field}" for field in ("selectors", "options", "metadata", "webhook")),
    )
    list_filter = ("status",)
    search_fields = ("public_id", "event__public_id", "event__job__public_id")
    search_help_text = "Delivery, event or job id"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "public_id",
                    "event_name",
                    "event_id",
                    "of_job",
                    "url_sent_to",
                    status_badge(),
                    "attempts",
                    moment("next_attempt_at", "next try"),
                )
            },
        ),
        ("Sent", {"fields": ("body",)}),
    )
    inlines = (AttemptInline,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Whole ids alone: each kind has an index."""
        if not search_term:
            return queryset, False
        fields = {"job": "event__job__public_id", "evt": "event__public_id"}
        field = fields.get(search_term.partition("_")[0], "public_id")
        return queryset.filter(**{field: search_term}), False

    @admin.display(description="event")
    def event_name(self, delivery: Delivery) -> str:
        return delivery.event.event

    @admin.display(description="event id")
    def event_id(self, delivery: Delivery) -> str:
        return delivery.event.public_id

    @admin.display(description="endpoint")
    def endpoint(self, delivery: Delivery) -> str:
        return shortened(delivery.url, most=60)

    @admin.display(description="endpoint")
    def url_sent_to(self, delivery: Delivery) -> str:
        return outside_link(delivery.url)

    @admin.display(description="body")
    def body(self, delivery: Delivery) -> str:
        return pretty_json(delivery.event.body)

    @admin.display(description="job")
    def of_job(self, delivery: Delivery) -> str:
        job = delivery.event.job
        return "-" if job is None else inside_link(reverse("admin:jobs_job_change", args=[job.pk]), job.public_id)
