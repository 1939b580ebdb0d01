"""The operations page: what all of it is busy with, by few and cheap questions, also while Redis is away."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.models import Delivery, Page, Schedule, WebhookEvent, Worker
from jobs.queue import bell

PAGE, NOW = "admin:jobs_worker_operations", "admin:jobs_worker_operations_now"


@pytest.fixture
def look(staff):
    """The text of the page, without its marks."""

    def at(name=PAGE, **query):
        answer = staff.get(reverse(name), query)
        assert answer.status_code == 200
        return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())

    return at


def claim(job, *, status="running", worker=None):
    page = job.pages.filter(status="pending").first()
    lease = timezone.now() + timedelta(seconds=20)
    Page.objects.filter(pk=page.pk).update(status=status, token=uuid4(), worker=worker, lease_expires_at=lease)


def fail(job, code, *, ago):
    page = job.pages.filter(status="pending").first()
    Page.objects.filter(pk=page.pk).update(status="failed", error_code=code, finished_at=timezone.now() - ago)


def test_it_says_what_waits_what_runs_and_where(look, make_job):
    worker = Worker.objects.create(host="box", pid=7, lanes=16, target=8, browsers=2, memory_bytes=300 * 2**20)
    job = make_job(total_urls=5, ready_at=timezone.now() - timedelta(minutes=3))
    claim(job, worker=worker.pk)
    claim(job, status="queued")

    page = look()

    assert "Pages pending 3 The oldest has waited 3 min" in page
    assert "Pages in flight 1 1 queued · 16 lanes, 8 wanted" in page
    assert re.search(r"box:7 1 of 16 8 2 300.0.MB", page)
    assert "Oldest lease held Ends" in page


def test_failures_of_the_last_hour_are_counted_by_code(look, staff, make_job):
    job = make_job(total_urls=6)
    for code, minutes in (("http_error", 0), ("http_error", 30), ("timeout", 59), ("timeout", 61)):
        fail(job, code, ago=timedelta(minutes=minutes))

    page = look()

    assert "Failures in an hour 3" in page
    assert page.index("http_error 2") < page.index("timeout 1")
    assert 'aria-label="2 in an hour, 1 in the worst minute, 1 in the present one"' in (
        staff.get(reverse(NOW)).content.decode()
    )


def test_what_is_due_and_not_done_shows(look, make_job, alice):
    event = WebhookEvent.objects.create(account=alice, event="webhook.test", body="{}")
    long_ago = timezone.now() - timedelta(hours=3)
    Delivery.objects.create(event=event, account=alice, url="https://x.com/", next_attempt_at=long_ago)
    Schedule.objects.create(account=alice, cron="* * * * *", urls="[]", selectors="{}", options="{}", next_at=long_ago)

    page = look()

    assert "Deliveries due 1 The oldest has waited 3 h" in page
    assert "Schedules due 1 The oldest has waited 3 h" in page


def test_clocks_are_seen_through_redis(look, queue):
    bell.note_clock("box:42")

    assert "1 clock seen: box:42" in look()


def test_a_clock_that_was_not_seen_is_missed(look, queue):
    assert "No clock was seen lately" in look()


def test_while_redis_is_away_it_says_so_and_shows_all_else(look, make_job):
    make_job(total_urls=5)

    page = look()

    assert "Redis is away" in page
    assert "Pages pending 5" in page


def test_it_asks_few_questions_however_much_there_is(staff, make_job):
    for _ in range(5):
        job = make_job(total_urls=20)
        Worker.objects.create(host="box", pid=job.pk, lanes=16, target=8)
        claim(job)
        fail(job, f"code {job.pk}", ago=timedelta(minutes=job.pk % 50))

    with CaptureQueriesContext(connection) as queries:
        staff.get(reverse(NOW))

    of_its_own = [query["sql"] for query in queries if re.search('FROM "jobs_(?!session)', query["sql"])]
    assert len(of_its_own) == 6
    assert len(queries) <= 9


def test_only_its_part_is_fetched_again_and_it_can_be_paused(staff, db):
    page = staff.get(reverse(PAGE)).content.decode()
    paused = staff.get(reverse(PAGE), {"paused": ""}).content.decode()
    part = staff.get(reverse(NOW)).content.decode()

    assert f'hx-get="{reverse(NOW)}"' in page
    assert 'hx-trigger="every 5s"' not in paused
    assert "<html" not in part


def test_who_is_no_longer_logged_in_gets_the_login_and_not_a_piece_of_it(client, db):
    answer = client.get(reverse(NOW))

    assert (answer.status_code, answer["HX-Refresh"], answer.content) == (200, "true", b"")
    assert client.get(reverse(PAGE)).url.startswith(reverse("admin:login"))


def test_who_may_not_see_workers_sees_nothing_of_it(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("viewer", is_staff=True))

    assert [client.get(reverse(name)).status_code for name in (PAGE, NOW)] == [403, 403]
    assert reverse(PAGE) not in client.get(reverse("admin:index")).content.decode()
