"""Deliveries as clients see them, send them again, and try an endpoint."""

import orjson
import pytest

from jobs.models import Delivery, WebhookEvent
from jobs.recording import cancel_job

pytestmark = pytest.mark.django_db

HOOK = "https://receiver.com/hook"


@pytest.fixture
def make_delivery(make_job):
    """A delivery of a cancelled job of alice's, in the state that is given."""

    def make(**state):
        job = make_job(1, webhook=orjson.dumps(HOOK).decode())
        cancel_job(job)
        Delivery.objects.filter(event__job=job).update(**state)
        return Delivery.objects.get(event__job=job)

    return make


@pytest.fixture
def send(api):
    """Post JSON; the status and the body."""

    def sending(path, body, **headers):
        answer = api.post(f"/v1/{path}", orjson.dumps(body), content_type="application/json", **headers)
        return answer.status_code, answer.json()

    return sending


def test_deliveries_of_a_job_are_listed_with_their_tries(api, make_delivery):
    delivery = make_delivery(status="given_up", next_attempt_at=None, attempts=8)
    delivery.tries.create(at=delivery.event.created_at, status_code=None, duration_ms=7, excerpt="No answer.")

    answer = api.get(f"/v1/jobs/{delivery.event.job.public_id}/deliveries").json()

    (shown,) = answer["deliveries"]
    assert (answer["total"], answer["limit"], answer["offset"]) == (1, 20, 0)
    assert (shown["id"], shown["event"], shown["url"]) == (delivery.public_id, "job.cancelled", HOOK)
    assert (shown["eventId"], shown["status"], shown["nextAttemptAt"]) == (delivery.event.public_id, "given_up", None)
    assert [(each["statusCode"], each["duration"], each["excerpt"]) for each in shown["attempts"]] == [
        (None, 7, "No answer.")
    ]


def test_a_list_asks_the_same_for_one_as_for_many(api, make_delivery, django_assert_num_queries):
    job = make_delivery().event.job
    for _ in range(9):
        event = WebhookEvent.objects.create(account=job.account, job=job, event="scrape.failed", body="{}")
        Delivery.objects.create(event=event, url=HOOK)

    with django_assert_num_queries(6):
        assert api.get(f"/v1/jobs/{job.public_id}/deliveries").json()["total"] == 10


@pytest.mark.parametrize("status", ["delivered", "given_up", "pending"])
def test_whatever_became_of_it_it_is_due_again_at_once(send, make_delivery, status):
    delivery = make_delivery(status=status, attempts=8, next_attempt_at=None)

    code, body = send(f"deliveries/{delivery.public_id}/resend", {})

    delivery.refresh_from_db()
    assert (code, body["delivery"]["status"]) == (200, "pending")
    assert (delivery.status, delivery.attempts) == ("pending", 0)
    assert delivery.next_attempt_at


def test_one_that_is_being_sent_is_left_to_its_sender(send, make_delivery):
    delivery = make_delivery(status="sending", attempts=3)

    code, body = send(f"deliveries/{delivery.public_id}/resend", {})

    assert (code, body["delivery"]["status"]) == (200, "sending")
    assert Delivery.objects.get(pk=delivery.pk).attempts == 3


@pytest.mark.parametrize("path", ["{}", "{}/resend"])
@pytest.mark.parametrize("name", ["", "dlv_0", "nonsense", "dlv_" + "x" * 99])
def test_another_accounts_delivery_is_as_if_it_were_not_there(bobs_api, make_delivery, path, name):
    address = f"/v1/deliveries/{path.format(name or make_delivery().public_id)}"

    ask = bobs_api.post if "resend" in path else bobs_api.get

    answer = ask(address, content_type="application/json")

    assert answer.status_code == 404


def test_an_endpoint_is_tried_once_and_its_headers_are_kept_sealed(send):
    code, body = send("webhooks/test", {"url": HOOK, "headers": {"X-Token": "in confidence"}})

    event = WebhookEvent.objects.get()
    assert (code, body["delivery"]["event"], body["delivery"]["attempts"]) == (201, "webhook.test", [])
    assert Delivery.objects.get().attempts == 7
    assert event.job is None
    assert "in confidence" not in f"{event.sealed_headers}{event.body}"


def test_the_same_request_under_a_key_tries_it_once(send):
    answers = [send("webhooks/test", {"url": HOOK}, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]

    assert answers[0] == answers[1]
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        ({}, "url", "required"),
        ({"url": "http://10.0.0.1/"}, "url", "blocked_address"),
        ({"url": HOOK, "events": []}, "events", "unknown_field"),
        ({"url": HOOK, "headers": {"Webhook-Id": "x"}}, "headers.Webhook-Id", "invalid_choice"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_sent(send, body, place, code):
    status, answer = send("webhooks/test", body)

    assert status == 400
    assert (place, code) in [(each["field"], each["code"]) for each in answer["error"]["details"]]
    assert not WebhookEvent.objects.exists()
