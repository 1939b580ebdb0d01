"""GET /v1/usage: what an account has used, what is left, and that nobody counts its pages to know."""

from datetime import timedelta

import limits
import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from jobs.models import Account, DailyUsage, Job, Page
from jobs.models.usage import PARTS, THIS_HOUR, TODAY
from jobs.queue.clock import database_now
from jobs.recording import cancel_job, end_overdue_job
from jobs.usage import standing_of
from tests.api.conftest import start_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def usage(api):
    return lambda query="": api.get(f"/v1/usage{query}").json()["usage"]


def totals(used):
    return used["completedUrls"], used["failedUrls"], used["creditsUsed"]


def test_what_ended_today_is_counted_and_charged_on_the_last_day(usage, make_job, complete, fail):
    job = make_job(4)
    complete(job, 0)
    complete(job, 1)
    fail(job, 2)

    days = usage()["days"]

    assert len(days) == 30
    assert days[-1] == {
        "date": database_now().date().isoformat(),
        "completedUrls": 2,
        "failedUrls": 1,
        "creditsUsed": 2,
    }
    assert {totals(day) for day in days[:-1]} == {(0, 0, 0)}


def test_earlier_days_are_days_of_their_own(usage, make_job, complete, fail):
    job = make_job(3)
    complete(job, 0)
    DailyUsage.objects.update(day=F("day") - timedelta(days=6))
    fail(job, 1)

    days = usage("?days=7")["days"]

    assert [totals(day) for day in days] == [(1, 0, 1), *[(0, 0, 0)] * 5, (0, 1, 0)]
    assert [day["date"] for day in days] == sorted({day["date"] for day in days})
    assert totals(usage("?days=6")["days"][0]) == (0, 0, 0)


def test_a_page_that_is_free_is_counted_and_not_charged(usage, make_job, complete):
    complete(make_job(1, kind=Job.Kind.REEXTRACT, free=True), 0)

    assert totals(usage()["days"][-1]) == (1, 0, 0)


def test_what_fails_at_the_deadline_is_counted_and_what_is_cancelled_is_not(usage, make_job):
    end_overdue_job(make_job(3))
    cancel_job(make_job(5))

    assert totals(usage()["days"][-1]) == (0, 3, 0)


def test_credits_that_live_jobs_hold_are_reserved_until_their_pages_end(usage, alice, make_job, complete, fail):
    Account.objects.filter(pk=alice.pk).update(unlimited=False, credits=10)
    alice.refresh_from_db()
    job = make_job(5)
    complete(job, 0)
    fail(job, 1)
    make_job(2)
    cancel_job(make_job(1))

    assert usage()["credits"] == {"available": 4, "reserved": 5, "unlimited": False}


def test_an_account_without_limit_has_nothing_left_or_reserved(usage, make_job):
    make_job(5)

    assert usage()["credits"] == {"available": None, "reserved": 0, "unlimited": True}


def test_what_runs_now_is_live_jobs_and_claimed_urls(usage, make_job, complete):
    complete(make_job(1), 0)
    make_job(2)
    start_page(make_job(2), 1)

    assert usage()["running"] == {"jobs": 2, "urls": 1}


def test_limits_are_the_operators_and_the_accounts_own(usage, settings, alice):
    settings.SCRPY_MAX_URLS_PER_JOB = 7
    settings.SCRPY_RETENTION_DAYS = 3
    settings.SCRPY_RATE_LIMIT = None
    settings.SCRPY_ACCOUNT_RATE_LIMIT = limits.parse("20/second")
    Account.objects.filter(pk=alice.pk).update(most_jobs=5, most_pages=6)

    assert usage()["limits"] == {
        "urlsPerJob": 7,
        "urlsPerUpload": 100_000,
        "liveJobs": 5,
        "urlsAtOnce": 6,
        "requestsOfKey": None,
        "requestsOfAccount": "20/second",
        "testUrlsPerJob": 25,
        "testUrlsPerDay": 500,
        "retentionDays": 3,
    }


def test_each_account_sees_its_own(usage, bobs_api, make_job, complete):
    complete(make_job(2), 0)

    bobs = bobs_api.get("/v1/usage").json()["usage"]

    assert totals(usage()["days"][-1]) == (1, 0, 1)
    assert (totals(bobs["days"][-1]), bobs["running"]) == ((0, 0, 0), {"jobs": 0, "urls": 0})


def test_usage_stays_when_the_job_is_purged(usage, api, make_job, complete):
    job = make_job(1)
    complete(job, 0)

    api.post(f"/v1/jobs/{job.public_id}/purge")

    assert totals(usage()["days"][-1]) == (1, 0, 1)


def test_usage_takes_four_queries_and_reads_no_page_that_has_ended(usage, make_job, complete):
    for _ in range(3):
        job = make_job(3)
        for index in range(3):
            complete(job, index)
    usage()

    with CaptureQueriesContext(connection) as asked:  # the key, where the account stands, what day it is, the days
        usage("?days=90")

    assert len(asked) == 4
    assert not [query for query in asked if '"jobs_page"' in query["sql"] and '"token" IS NOT NULL' not in query["sql"]]


def make_history(account, live, *, jobs=500, pages=5):
    """Ended jobs of an account, so many that it matters how rows are found."""
    ended = {"account": account, "status": "cancelled", "completed_at": live.created_at}
    limits = {"max_attempts": 1, "host_concurrency": 1, "total_urls": pages, "cancelled_urls": pages}
    made = Job.objects.bulk_create(Job(selectors="{}", **ended, **limits) for _ in range(jobs))
    (waiting,) = live.pages.all()
    Page.objects.bulk_create(
        Page(job=job, host_queue=waiting.host_queue, index=index, url="u", canonical_url="u", status="cancelled",
             available_at=live.created_at)
        for job in made for index in range(pages)
    )  # fmt: skip
    start_page(live, 0)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE jobs_job")
        cursor.execute("ANALYZE jobs_page")


def test_live_jobs_and_claimed_pages_are_found_by_indexes_of_these_alone(alice, make_job):
    make_history(alice, make_job(1))
    with CaptureQueriesContext(connection) as asked:
        standing_of(alice)

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{asked[0]['sql']}")
        plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
    assert plan.count("job_live_of_account") == 3
    assert "page_claim" in plan


def test_counting_costs_one_query_more_where_a_day_has_begun(make_job, complete):
    job = make_job(3)
    complete(job, 0)

    with CaptureQueriesContext(connection) as asked:
        complete(job, 1)

    assert len([query for query in asked if "dailyusage" in query["sql"]]) == 1


@pytest.mark.parametrize("days", ["0", "91", "-1", "", "x", "1.5", "%00", "9" * 40])
def test_days_out_of_range_are_refused_by_name(days, api):
    answer = api.get(f"/v1/usage?days={days}")

    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["error"]["details"]] == [("days", "out_of_range")]


def test_a_job_and_its_retry_are_told_by_the_keys_that_they_were_made_with(api, alice, make_client):
    body = {"urls": ["https://store.com/1"], "selectors": {"title": "h1"}}
    job = Job.objects.get(public_id=api.post("/v1/jobs", body, format="json").json()["job"]["id"])
    job.pages.update(status="failed", error_code="http_error", error_message="404", sequence=1)
    Job.objects.update(status="failed", failed_urls=1, completed_at=Now(), ready_at=None)
    other = make_client(alice)

    retry = other.post(f"/v1/jobs/{job.public_id}/retry").json()["job"]

    first, second = alice.keys.order_by("-pk")[:2]
    assert {job.api_key, Job.objects.get(public_id=retry["id"]).api_key} == {first, second}


def test_a_worker_that_knows_no_keys_yet_counts_in_one_row(alice, make_client):
    make_client(alice)
    keyed, plain = Job(pk=16, account=alice, api_key=alice.keys.latest("pk")), Job(pk=32, account=alice)
    DailyUsage.objects.add(keyed, completed=1)
    DailyUsage.objects.add(plain, completed=1)

    as_before = DailyUsage.objects.filter(account=alice, day=TODAY, hour=THIS_HOUR, part=keyed.pk % PARTS)

    assert as_before.update(completed_urls=F("completed_urls") + 1) == 1
