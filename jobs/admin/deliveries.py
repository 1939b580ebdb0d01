"""Webhook deliveries: what was sent where, what came of each try, and once more."""

from collections.abc import Collection
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant

from jobs.admin.html import inside_link, moment, outside_link, preformatted, pretty_json, shortened, status_badge
from jobs.admin.jobs import LARGE
from jobs.admin.site import BigTableAdmin, ReadOnly, StateActions, TabularInline, go_to
from jobs.models import Delivery, DeliveryAttempt
from jobs.webhooks.claims import send_again


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
class DeliveryAdmin(StateActions, ReadOnly, BigTableAdmin):
    keeps_history = True
    empty_text = "Jobs with a webhook have their deliveries here once they end."
    list_display = (
        "event_name",
        status_badge(),
        "endpoint",
        "of_account",
        "attempts",
        moment("next_attempt_at", "next try"),
        "of_job",
    )
    list_select_related = ("event__job", "event__account")
    deferred_in_list = (
        "event__body",
        "event__sealed_headers",
        *(f"event__job__{field}" for field in LARGE),
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
                    "of_account",
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
    actions_detail = ("send_again",)

    def search_is_indexed(self, search: str) -> bool:
        return True

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Whole ids alone: each kind has an index."""
        if not search_term:
            return queryset, False
        fields = {"job": "event__job__public_id", "evt": "event__public_id"}
        field = fields.get(search_term.partition("_")[0], "public_id")
        return queryset.filter(**{field: search_term}), False

    def actions_now(self, row: Delivery) -> Collection[str]:
        return () if row.status == Delivery.Status.SENDING else {"send_again"}

    def has_send_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("jobs.change_delivery")

    @action(
        description="Send again",
        icon="replay",
        variant=ActionVariant.PRIMARY,
        permissions=["send"],
        dialog={
            "title": "Send this delivery again?",
            "description": "The same bytes under the same id, at once, whatever became of it; if need be it is tried "
            "for a day, as at first.",
            "form_class": None,
            "form_submit_text": "Send again",
        },
    )
    def send_again(self, request: HttpRequest, _form: Any, object_id: str) -> HttpResponse:
        delivery = send_again(get_object_or_404(Delivery, pk=object_id))
        self.log_change(request, delivery, "Sent again")
        messages.success(request, f"{delivery.public_id} is {delivery.status}.")
        return go_to(request, reverse("admin:jobs_delivery_change", args=[delivery.pk]))

    @admin.display(description="account")
    def of_account(self, delivery: Delivery) -> str:
        account = delivery.event.account
        return inside_link(reverse("admin:jobs_account_change", args=[account.pk]), account.name)

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
