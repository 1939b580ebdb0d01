"""What is still open of a job fails when its deadline is over, wherever it is."""

from datetime import timedelta

import pytest
from django.db.models import F

from jobs import recording
from jobs.models import Account, Job, LedgerEntry, Page, WebhookEvent
from jobs.queue import leases
from jobs.queue.clock import database_now
from jobs.queue.deadlines import end_overdue_jobs
from jobs.queue.dispatch import dispatch
from jobs.recording import record_success
from tests.queue.making import start_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def carol(make_account):
    return make_account("carol", unlimited=False, credits=100)


def make_overdue(job):
    Job.objects.filter(pk=job.pk).update(deadline_at=database_now() - timedelta(seconds=1))


def finish(page):
    return record_success(page, token=page.token, data="{}", status_code=200, final_url=page.url, duration_ms=1)


def test_open_pages_fail_and_what_had_ended_stays(make_job, make_worker, carol, queue):
    make_worker(2)
    job = make_job(9, account=carol, webhook='"https://hooks.example.com/"')
    dispatch()
    done, running = start_all(count=2)
    finish(done)
    make_overdue(job)

    assert end_overdue_jobs() == 1

    job.refresh_from_db()
    codes = dict(job.pages.values_list("index", "error_code"))
    assert codes.pop(done.index) is None
    assert set(codes.values()) == {"deadline_exceeded"}
    assert (job.status, job.completed_urls, job.failed_urls, job.open_urls) == ("partial", 1, 8, 0)
    assert sorted(job.pages.values_list("sequence", flat=True)) == list(range(1, 10))
    assert Account.objects.get(pk=carol.pk).credits == 99
    assert LedgerEntry.objects.filter(job=job).count() == 1
    assert WebhookEvent.objects.filter(job=job, event="job.completed").count() == 1
    assert not Page.objects.filter(token__isnull=False).exists()
    assert running.pk in job.pages.values_list("pk", flat=True)


def test_a_result_that_comes_after_the_deadline_is_refused(make_job, make_worker, queue):
    make_worker(1)
    job = make_job(1)
    dispatch()
    (late,) = start_all()
    make_overdue(job)
    end_overdue_jobs()

    assert not finish(late)

    assert not leases.release(late, token=late.token)
    assert Job.objects.get(pk=job.pk).status == "failed"
    assert Page.objects.get(pk=late.pk).error_code == "deadline_exceeded"


def test_pages_are_numbered_in_the_order_of_their_urls(make_job):
    job = make_job(3, 3)
    make_overdue(job)

    end_overdue_jobs()

    assert list(job.pages.order_by("sequence").values_list("index", flat=True)) == list(range(6))


def test_a_job_of_many_pages_fails_in_several_transactions_and_adds_up_in_each(make_job, monkeypatch):
    monkeypatch.setattr(recording, "OVERDUE_AT_ONCE", 4)
    seen = []
    fail_some = recording.fail_overdue_pages
    monkeypatch.setattr(recording, "fail_overdue_pages", lambda job: seen.append(count(job)) or fail_some(job))
    job = make_job(10)
    make_overdue(job)

    end_overdue_jobs()

    assert seen == [0, 4, 8, 10]
    assert count(job) == 10
    assert Job.objects.get(pk=job.pk).status == "failed"


def count(job):
    failed = Page.objects.filter(job=job, status="failed").count()
    assert Job.objects.get(pk=job.pk).failed_urls == failed
    return failed


def test_nothing_is_done_to_jobs_whose_deadline_is_yet_to_come_or_that_have_ended(make_job, django_assert_num_queries):
    job, ended = make_job(1), make_job(1)
    recording.cancel_job(ended)
    make_overdue(ended)

    with django_assert_num_queries(1):
        assert end_overdue_jobs() == 0

    assert Job.objects.get(pk=job.pk).live
    assert Job.objects.get(pk=ended.pk).status == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_a_deadline_that_races_the_last_finish_counts_each_page_once(make_job, make_worker, at_once, queue):
    make_worker(4)
    for _ in range(10):
        job = make_job(4)
        dispatch()
        pages = start_all(job=job)
        make_overdue(job)

        at_once(*(lambda page=page: finish(page) for page in pages), end_overdue_jobs, end_overdue_jobs)

        job.refresh_from_db()
        assert not job.live
        assert job.completed_urls == job.pages.filter(status="completed").count()
        assert job.failed_urls == job.pages.filter(status="failed").count()
        assert sorted(job.pages.values_list("sequence", flat=True)) == [1, 2, 3, 4]
        assert Page.objects.filter(job=job, sequence__gt=F("job__total_urls")).count() == 0
