"""What is written down when a job ends."""

import re

import orjson
import pytest
from django.db import transaction

from jobs.models import Delivery, WebhookEvent
from jobs.webhooks.due import ring_due
from jobs.webhooks.events import record_job_event


@pytest.mark.parametrize(
    ("status", "event"),
    [
        ("completed", "job.completed"),
        ("partial", "job.completed"),
        ("failed", "job.failed"),
        ("cancelled", "job.cancelled"),
    ],
)
def test_each_end_of_a_job_has_its_event(make_job, bells, status, event):
    job = make_job(status=status)

    record_job_event(job)

    written = WebhookEvent.objects.get(job=job)
    body = orjson.loads(written.body)
    assert (written.event, written.account) == (event, job.account)
    assert (body["id"], body["event"]) == (written.public_id, event)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["timestamp"])
    assert body["data"]["jobId"] == body["data"]["job"]["id"] == job.public_id
    assert body["data"]["job"]["status"] == status
    assert "results" not in body["data"]["job"]


def test_what_the_user_sent_is_in_the_body_byte_for_byte(make_job, bells):
    selectors = '{"z":"h1","a":"Größe\\u0000 ☃"}'
    job = make_job(selectors=selectors)

    record_job_event(job)

    assert selectors in WebhookEvent.objects.get().body


def test_a_job_without_a_webhook_has_no_event(make_job, bells):
    record_job_event(make_job(webhook=None))

    assert not WebhookEvent.objects.exists()


def test_the_delivery_is_due_now_and_rung_for_after_commit(make_job, bells, django_capture_on_commit_callbacks):
    job = make_job(webhook='"https://hooks.example.com/a?b=c"')

    with django_capture_on_commit_callbacks(execute=True):
        record_job_event(job)
        assert bells() == []

    delivery = Delivery.objects.get()
    assert bells() == [[delivery.pk]]
    assert (delivery.url, delivery.status) == ("https://hooks.example.com/a?b=c", "pending")
    assert ring_due() == 0, "the clock trusts the bell for a while"


def test_an_event_of_a_transaction_that_fails_was_never_written(make_job, bells):
    job = make_job()

    with pytest.raises(RuntimeError):
        end_and_fail(job)

    assert not Delivery.objects.exists()
    assert not WebhookEvent.objects.exists()


@transaction.atomic
def end_and_fail(job):
    record_job_event(job)
    raise RuntimeError
