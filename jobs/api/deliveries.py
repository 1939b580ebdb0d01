"""Webhook deliveries: what became of each, once more if wanted, and one to try an endpoint."""

import re
from functools import partial

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.authentication import account_of
from jobs.api.bodies import read_object
from jobs.api.errors import ApiError, Problems
from jobs.api.idempotency import answered_once
from jobs.api.queries import PAGED, read_query
from jobs.api.views import ApiView, find_job, success
from jobs.models import Account, Delivery
from jobs.webhooks.asked import Endpoint, read_fields
from jobs.webhooks.claims import send_again
from jobs.webhooks.events import record_test
from jobs.webhooks.representation import delivery_as_dict

PUBLIC_ID = re.compile(r"dlv_[0-9a-z]{1,36}")
TEST_FIELDS = ("url", "headers")


class Deliveries(ApiView):
    """`GET /v1/jobs/:id/deliveries`."""

    resource = "webhooks"
    query = {"GET": PAGED}

    def get(self, request: Request, public_id: str) -> Response:
        asked = read_query(request, **self.query["GET"])
        deliveries = Delivery.objects.filter(event__job=find_job(account_of(request), public_id))
        limit, offset = asked["limit"], asked["offset"]
        page = deliveries.select_related("event").prefetch_related("tries").order_by("-id")[offset : offset + limit]
        shown = [delivery_as_dict(delivery) for delivery in page]
        return success(deliveries=shown, total=deliveries.count(), limit=limit, offset=offset)


class OneDelivery(ApiView):
    """`GET /v1/deliveries/:id`."""

    resource = "webhooks"

    def get(self, request: Request, public_id: str) -> Response:
        read_query(request)
        return shown(find_delivery(account_of(request), public_id))


class Resend(ApiView):
    """`POST /v1/deliveries/:id/resend`."""

    resource = "webhooks"

    def post(self, request: Request, public_id: str) -> Response:
        read_query(request)
        delivery = find_delivery(account_of(request), public_id)
        return answered_once(request, partial(send_again, delivery), shown)


class TestDelivery(ApiView):
    """`POST /v1/webhooks/test`."""

    resource = "webhooks"

    def post(self, request: Request) -> Response:
        read_query(request)
        body, problems = read_object(request), Problems()
        asked = read_fields(body, TEST_FIELDS, "", problems)
        problems.raise_any()
        send = partial(record_test, account_of(request), Endpoint(body["url"]), sealed_headers=asked.sealed_headers)
        return answered_once(request, send, partial(shown, status=201))


def find_delivery(account: Account, public_id: str) -> Delivery:
    """The account's own; another account's is as if it were not there. One query. Raises: ApiError."""
    own = Delivery.objects.filter(event__account=account, public_id=public_id).select_related("event")
    delivery = own.first() if PUBLIC_ID.fullmatch(public_id) else None
    if delivery is None:
        raise ApiError("not_found", f"You have no delivery {public_id[:60]}.")
    return delivery


def shown(delivery: Delivery, *, status: int = 200) -> Response:
    return success(status, delivery=delivery_as_dict(delivery))
