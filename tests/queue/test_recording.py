"""What became of a page, and with it of its job."""

from datetime import timedelta

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.models import Job, Page, WebhookEvent
from jobs.queue import bell
from jobs.queue.clock import database_now
from jobs.queue.deadlines import end_overdue_jobs
from jobs.queue.dispatch import dispatch
from jobs.recording import (
    LONGEST_RETRY_S,
    JobAlreadyFinished,
    cancel_job,
    record_failure,
    record_start,
    record_success,
    retry_delay_s,
)
from scraping.errors import ConnectionFailed, HttpError, RateLimited
from tests.queue.making import start_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def make_running(make_job, make_worker, queue):
    """So many pages that have started, of one job."""

    def make(count, **overrides):
        make_worker(count)
        make_job(count, host_concurrency=count, **overrides)
        dispatch()
        return sorted(start_all(), key=lambda page: page.index)

    return make


def succeed(page):
    return record_success(
        page, token=page.token, data='{"title":"ä"}', status_code=200, final_url=page.url, duration_ms=7
    )


def fail(page, error):
    return record_failure(page, error, token=page.token, duration_ms=7)


def test_what_is_told_of_an_attempt_is_stored_with_its_end(make_running):
    read, broken = make_running(2)

    record_success(
        read, token=read.token, data="{}", status_code=200, final_url=read.url, duration_ms=7, trace='{"phases":{}}'
    )
    record_failure(broken, HttpError(status_code=404), token=broken.token, trace='{"console":[]}')

    ended = Page.objects.order_by("index").values_list("status", "trace")
    assert list(ended) == [("completed", '{"phases":{}}'), ("failed", '{"console":[]}')]


def test_a_job_runs_from_its_first_attempt_on(make_running):
    first, second = make_running(2)

    record_start(first)
    started_at = Job.objects.get().started_at
    with CaptureQueriesContext(connection) as asked:
        record_start(first)
    record_start(second)

    first.job.refresh_from_db()
    assert (first.job.status, first.job.started_at) == ("running", started_at)
    assert started_at is not None
    assert len(asked) == 0


def test_a_completed_page_keeps_what_it_gave(make_running):
    [page] = make_running(1)

    assert succeed(page)

    page.refresh_from_db()
    assert (page.data, page.status_code, page.final_url, page.duration_ms) == ('{"title":"ä"}', 200, page.url, 7)
    assert page.sequence == 1
    assert page.finished_at


def test_a_failed_page_keeps_why(make_running):
    [page] = make_running(1)

    assert fail(page, HttpError(status_code=404, final_url="https://example.com/lost"))

    page.refresh_from_db()
    assert (page.status, page.error_code, page.error_retryable) == ("failed", "http_error", False)
    assert (page.error_message, page.status_code) == ("The site answered 404.", 404)
    assert page.final_url == "https://example.com/lost"


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ((succeed, succeed), "completed"),
        ((succeed, lambda page: fail(page, HttpError(status_code=404))), "partial"),
        (
            (lambda page: fail(page, HttpError(status_code=404)), lambda page: fail(page, HttpError(status_code=404))),
            "failed",
        ),
    ],
)
def test_a_job_ends_with_its_last_page(make_running, outcomes, status):
    pages = make_running(2, webhook='"https://hooks.example.com/"')
    job = pages[0].job

    outcomes[0](pages[0])
    job.refresh_from_db()
    assert (job.live, job.completed_at) == (True, None)
    outcomes[1](pages[1])

    job.refresh_from_db()
    assert (job.status, job.ready_at) == (status, None)
    assert job.completed_at
    assert WebhookEvent.objects.filter(event__startswith="job.").count() == 1


def test_who_waits_for_a_job_hears_of_its_end_after_the_commit(make_running, django_capture_on_commit_callbacks):
    [page] = make_running(1)
    channel = bell.client().pubsub(ignore_subscribe_messages=True)
    channel.subscribe(bell.ENDED)

    with django_capture_on_commit_callbacks(execute=True):
        succeed(page)
        early = channel.get_message(timeout=0.05)
    heard = channel.get_message(timeout=5) or channel.get_message(timeout=5)
    channel.close()

    assert early is None
    assert heard["data"] == page.job.public_id


def test_a_cancelled_job_is_cancelled_again_without_change(make_running):
    done, _ = make_running(2)
    succeed(done)
    job = cancel_job(done.job)
    before = (job.status, job.completed_urls, job.cancelled_urls, job.completed_at)
    job.refresh_from_db()

    again = cancel_job(job)

    assert before[:3] == ("cancelled", 1, 1)
    assert (again.status, again.completed_urls, again.cancelled_urls, again.completed_at) == before


def test_a_job_that_ended_by_itself_cannot_be_cancelled(make_running):
    [page] = make_running(1)
    succeed(page)

    with pytest.raises(JobAlreadyFinished, match="it is completed"):
        cancel_job(page.job)


def test_pages_in_flight_are_no_longer_their_workers_after_a_cancel(make_running):
    [page] = make_running(1)
    cancel_job(page.job)

    assert not succeed(page)
    assert not fail(page, ConnectionFailed())

    page.refresh_from_db()
    assert (page.status, page.data, page.sequence) == ("cancelled", None, None)


def test_an_attempt_that_may_succeed_later_is_tried_again_until_none_is_left(make_running):
    [page] = make_running(1, max_attempts=2)

    fail(page, ConnectionFailed())

    page.refresh_from_db()
    assert (page.status, page.attempts, page.error_code) == ("pending", 1, None)
    assert page.available_at > database_now()


@pytest.mark.parametrize("attempts", range(1, 8))
def test_the_delay_doubles_with_each_attempt_within_its_jitter(attempts):
    delays_s = [retry_delay_s(attempts) for _ in range(100)]

    assert min(delays_s) >= min(0.75 * 2 ** (attempts - 1), LONGEST_RETRY_S)
    assert max(delays_s) <= min(1.25 * 2 ** (attempts - 1), LONGEST_RETRY_S)


@pytest.mark.parametrize(("asked_s", "delay_s"), [(45.0, 45.0), (120.0, 120.0), (86_400.0, 120.0)])
def test_a_site_that_asks_for_time_is_given_it_within_reason(asked_s, delay_s):
    assert retry_delay_s(1, asked_s=asked_s) == delay_s


@pytest.mark.parametrize("asked_s", [None, 0.0, -5.0, 0.1])
def test_a_site_that_asks_for_less_than_our_own_delay_gets_ours(asked_s):
    assert retry_delay_s(3, asked_s=asked_s) >= 3.0


def test_what_the_site_asked_for_is_when_the_page_is_due(make_running):
    [page] = make_running(1)
    before = database_now()

    fail(page, RateLimited(retry_after_s=90.0))

    page = Page.objects.select_related("job", "host_queue").get()
    assert min(page.available_at, page.host_queue.ready_at, page.job.ready_at) - before >= timedelta(seconds=90)


PLAIN, PICKY = '"https://hooks.example.com/"', '{"url":"https://hooks.example.com/","events":["scrape.failed"]}'


@pytest.mark.parametrize(
    ("webhook", "events"), [(PLAIN, ["scrape.completed", "scrape.failed"]), (PICKY, ["scrape.failed"])]
)
def test_pages_are_told_of_in_the_transaction_that_ends_them(make_running, webhook, events):
    first, second, _ = make_running(3, webhook=webhook)

    succeed(first)
    fail(second, HttpError(status_code=404))

    assert list(WebhookEvent.objects.order_by("pk").values_list("event", flat=True)) == events


def test_a_finish_that_is_refused_tells_nobody(make_running):
    page, _ = make_running(2, webhook=PLAIN)
    cancel_job(page.job)
    WebhookEvent.objects.all().delete()

    succeed(page)

    assert not WebhookEvent.objects.exists()


def test_a_webhook_costs_a_page_three_queries_and_none_costs_none(make_running, django_assert_num_queries):
    told, untold = make_running(2, webhook=PLAIN), make_running(2)
    with CaptureQueriesContext(connection) as without:
        succeed(untold[0])

    with django_assert_num_queries(len(without) + 3):
        succeed(told[0])


def test_pages_that_a_deadline_fails_are_told_of_in_order(make_job):
    job = make_job(3, 2, webhook=PLAIN)
    Job.objects.filter(pk=job.pk).update(deadline_at=job.created_at)

    end_overdue_jobs()

    bodies = [orjson.loads(event.body) for event in WebhookEvent.objects.order_by("pk")]
    assert [body["event"] for body in bodies] == ["scrape.failed"] * 5 + ["job.failed"]
    assert [body["data"]["index"] for body in bodies[:-1]] == list(range(5))
    assert {body["data"]["error"]["code"] for body in bodies[:-1]} == {"deadline_exceeded"}
