"""Webhooks: the secret that deliveries are signed with, what became of deliveries, and one to try an endpoint."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from jobs.dashboard.access import MemberRequest, page
from jobs.dashboard.fields import pretty
from jobs.dashboard.paging import part_of
from jobs.models import Account, Delivery, DeliveryAttempt
from jobs.models.membership import Role
from jobs.models.webhook import DeliveryStatus
from jobs.webhooks.asked import Endpoint, read_endpoint
from jobs.webhooks.claims import send_again
from jobs.webhooks.events import record_test
from scraping.egress.gate import MAX_URL_CHARS

SEARCHED = 100_000
"""Among how many of an account's latest deliveries those of a status are looked for."""
MOST_BODY_CHARS = 20_000
LISTED = (
    *("public_id", "url", "status", "next_attempt_at", "account", "event__event", "event__created_at"),
    *("event__job__public_id", "event__job__name"),
)
"""What lists have need of: bodies may be large."""

TRIES = Prefetch("tries", DeliveryAttempt.objects.order_by("pk").defer("excerpt"), to_attr="tried")


class Refused:
    """Notes for a form's field: the first one refuses it."""

    def add(self, _field: str, code: str, message: str) -> None:
        raise forms.ValidationError(message, code)


class TestForm(forms.Form):
    url = forms.CharField(
        label="Endpoint",
        max_length=MAX_URL_CHARS,
        widget=forms.URLInput(attrs={"placeholder": "https://example.com/hook"}),
        help_text="Where a delivery goes that means nothing, signed like any other. It is tried once.",
    )

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        read_endpoint(url, "url", Refused())
        return url


@page()
def webhooks(request: MemberRequest) -> HttpResponse:
    """Two queries."""
    return shown(request, TestForm(label_suffix=""))


def shown(request: MemberRequest, form: TestForm) -> HttpResponse:
    status = request.GET.get("status") if request.GET.get("status") in DeliveryStatus else None
    part = part_of(deliveries_of(request.account, status), request)
    query = f"status={status}" if status else ""
    context = {"part": part, "status": status, "statuses": DeliveryStatus, "query": query, "form": form}
    return render(request, "dashboard/webhooks.html", context)


def deliveries_of(account: Account, status: str | None) -> QuerySet[Delivery]:
    """All of them, or those of a status among the latest."""
    own = Delivery.objects.filter(account=account)
    shown = own.select_related("event__job").only(*LISTED).prefetch_related(TRIES)
    if status is None:
        return shown
    too_old = own.order_by("-pk").values("pk")[SEARCHED : SEARCHED + 1]
    return shown.filter(status=status, pk__gt=Coalesce(Subquery(too_old), 0))


@page("POST", needs=Role.OWNER)
def secret(request: MemberRequest) -> HttpResponse:
    """The secret, as a part of the page. No query."""
    answer = render(request, "dashboard/parts/secret.html", {"revealed": True})
    answer["Cache-Control"] = "no-store"
    return answer


@page("POST", needs=Role.OWNER)
def roll(request: MemberRequest) -> HttpResponse:
    request.account.roll_webhook_secret()
    until = request.account.both_secrets_until
    messages.success(
        request, f"There is a new secret. The one before signs as well until {until:%Y-%m-%d %H:%M} UTC: change over."
    )
    return redirect("dashboard:webhooks")


@page("POST", needs=Role.MEMBER)
def send_test(request: MemberRequest) -> HttpResponse:
    """Go to the delivery, or say what is wrong with the address."""
    form = TestForm(request.POST, label_suffix="")
    if not form.is_valid():
        return shown(request, form)
    delivery = record_test(request.account, Endpoint(form.cleaned_data["url"]), sealed_headers=None)
    return redirect("dashboard:delivery", delivery.public_id)


@page()
def delivery(request: MemberRequest, public_id: str) -> HttpResponse:
    """Two queries."""
    return render(request, "dashboard/delivery.html", standing(own_delivery(request, public_id)))


@page()
def outcome(request: MemberRequest, public_id: str) -> HttpResponse:
    """The status and the tries alone, for a page that is open. Two queries."""
    return render(request, "dashboard/parts/delivery.html", standing(own_delivery(request, public_id)))


@page("POST", needs=Role.MEMBER)
def resend(request: MemberRequest, public_id: str) -> HttpResponse:
    send_again(own_delivery(request, public_id))
    messages.success(request, "It is being sent again.")
    return redirect("dashboard:delivery", public_id)


def own_delivery(request: MemberRequest, public_id: str) -> Delivery:
    """The account's delivery. One query. Raises: Http404."""
    own = Delivery.objects.filter(event__account=request.account, public_id=public_id).select_related("event__job")
    delivery = own.defer("event__job__selectors", "event__job__options", "event__job__metadata").first()
    if delivery is None:
        raise Http404(f"{request.account} has no delivery {public_id[:60]}.")
    return delivery


def standing(delivery: Delivery) -> dict[str, Any]:
    """With each try, the last one first. One query."""
    moves = delivery.status in (DeliveryStatus.PENDING, DeliveryStatus.SENDING)
    text = pretty(delivery.event.body)
    return {
        "delivery": delivery,
        "moves": moves,
        "tries": list(delivery.tries.order_by("-pk")),
        "body": text[:MOST_BODY_CHARS],
        "cut": len(text) > MOST_BODY_CHARS,
    }
