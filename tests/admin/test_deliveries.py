"""Deliveries and workers: looked at."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from jobs.models import Delivery, DeliveryAttempt, WebhookEvent, Worker


@pytest.fixture
def delivery(make_job):
    job = make_job()
    event = WebhookEvent.objects.create(account=job.account, job=job, event="job.completed", body='{"a":"<b>"}')
    delivery = Delivery.objects.create(event=event, url="https://hooks.example.com/<i>", attempts=1)
    DeliveryAttempt.objects.create(
        delivery=delivery, at=timezone.now(), status_code=503, duration_ms=112, excerpt="<script>alert(1)</script>"
    )
    return delivery


def test_a_delivery_shows_its_body_and_its_tries_harmlessly(staff, delivery):
    page = staff.get(reverse("admin:jobs_delivery_change", args=[delivery.pk])).content.decode()

    assert "&quot;a&quot;: &quot;&lt;b&gt;&quot;" in page
    assert "503" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_a_delivery_is_found_by_its_own_its_events_and_its_jobs_id(staff, delivery):
    event = delivery.event
    for search in (delivery.public_id, event.public_id, event.job.public_id):
        page = staff.get(reverse("admin:jobs_delivery_changelist"), {"q": search}).content.decode()
        assert "https://hooks.example.com/&lt;i&gt;" in page

    page = staff.get(reverse("admin:jobs_delivery_changelist"), {"q": "dlv_unknown"}).content.decode()
    assert "No match" in page


def test_a_worker_that_has_not_been_heard_of_is_silent(staff):
    now = timezone.now()
    Worker.objects.create(host="one", pid=1, lanes=16, target=8)
    Worker.objects.create(host="two", pid=2, lanes=16, target=8, last_seen_at=now - timedelta(minutes=2))

    page = staff.get(reverse("admin:jobs_worker_changelist")).content.decode()

    rows = page[page.index("one:1") :]
    assert 0 < rows.index("live") < rows.index("two:2") < rows.index("silent")


@pytest.mark.parametrize("status", ["delivered", "given_up", "pending"])
def test_a_delivery_is_sent_again_once_it_is_confirmed(staff, delivery, status):
    Delivery.objects.update(status=status, attempts=9)
    again = f"/admin/jobs/delivery/{delivery.pk}/send_again/"

    staff.get(again)
    assert Delivery.objects.get().attempts == 9
    staff.post(again, {"_form_submitted": "on"})

    assert Delivery.objects.values_list("status", "attempts").get() == ("pending", 0)


def test_one_that_is_just_being_sent_is_left_alone(staff, delivery):
    Delivery.objects.update(status="sending", attempts=2)
    again = f"/admin/jobs/delivery/{delivery.pk}/send_again/"

    assert again not in staff.get(reverse("admin:jobs_delivery_change", args=[delivery.pk])).content.decode()
    staff.post(again, {"_form_submitted": "on"})

    assert Delivery.objects.values_list("status", "attempts").get() == ("sending", 2)
