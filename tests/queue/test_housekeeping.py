"""The clock, and how long things are kept."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from jobs import clock
from jobs.accounts import open_account
from jobs.models import HostQueue, Job, LedgerEntry, Page, WebhookEvent
from jobs.queue.clock import database_now
from jobs.queue.dispatch import dispatch
from jobs.recording import cancel_job, record_success
from jobs.retention import JOBS_AT_ONCE, purge_old_jobs
from tests.queue.making import start_all


@pytest.fixture
def duties(monkeypatch):
    """Stand-ins for what the clock does, and how often each was done."""
    done = []

    def broken():
        done.append("broken")
        raise OperationalError("the database is away")

    def often():
        done.append("often")

    def rarely():
        done.append("rarely")

    monkeypatch.setattr(clock, "DUTIES", ((broken, 1.0), (often, 1.0), (rarely, 60.0)))
    return done


@pytest.fixture
def time(monkeypatch):
    """The clock's time, which stands still until it is moved."""

    class Time:
        now = 1000.0

        def monotonic(self):
            return self.now

    monkeypatch.setattr(clock, "time", Time())
    return clock.time


def due_now():
    return {duty: 0.0 for duty, _ in clock.DUTIES}


@pytest.mark.django_db
def test_a_duty_that_fails_stops_no_other(duties, time):
    clock.tick(due_now())

    assert duties == ["broken", "often", "rarely"]


@pytest.mark.django_db
def test_each_duty_is_done_in_its_own_time(duties, time):
    due = due_now()

    clock.tick(due)
    clock.tick(due)
    time.now += 1.0
    clock.tick(due)
    time.now += 59.0
    clock.tick(due)

    assert duties.count("often") == duties.count("broken") == 3
    assert duties.count("rarely") == 2


@pytest.mark.django_db
@pytest.mark.parametrize("duty", [duty for duty, _ in clock.DUTIES], ids=lambda duty: duty.__name__)
def test_a_duty_with_nothing_to_do_does_nothing(duty, django_assert_max_num_queries, queue):
    with django_assert_max_num_queries(4):
        duty()


@pytest.fixture
def make_old_job(make_job, make_worker, queue):
    """A job with one completed page that ended so many days ago."""
    make_worker(1)

    def make(*, days, **overrides):
        job = make_job(1, webhook='"https://hooks.example.com/"', **overrides)
        dispatch()
        for page in start_all(job=job):
            record_success(page, token=page.token, data="{}", status_code=200, final_url="", duration_ms=1)
        Job.objects.filter(pk=job.pk).update(completed_at=database_now() - timedelta(days=days))
        return job

    return make


@pytest.mark.django_db
def test_old_jobs_go_with_all_that_was_kept_of_them_and_charges_stay(make_old_job, settings):
    settings.SCRPY_RETENTION_DAYS = 30
    account = open_account("paying", credits=1)
    make_old_job(days=31, account=account)
    kept = make_old_job(days=29)

    assert purge_old_jobs() == 1

    assert list(Job.objects.all()) == [kept]
    assert {row.job for model in (Page, HostQueue, WebhookEvent) for row in model.objects.all()} == {kept}
    assert list(LedgerEntry.objects.filter(account=account).values_list("amount", "page", "job")) == [
        (1, None, None),
        (-1, None, None),
    ]


@pytest.mark.django_db
def test_previews_are_kept_for_an_hour(make_old_job):
    make_old_job(days=2 / 24, kind=Job.Kind.PREVIEW)
    kept = [make_old_job(days=0.5 / 24, kind=Job.Kind.PREVIEW), make_old_job(days=2 / 24)]

    assert purge_old_jobs() == 1

    assert list(Job.objects.order_by("pk")) == kept


@pytest.mark.django_db
def test_a_live_job_is_kept_however_old(make_job, settings):
    settings.SCRPY_RETENTION_DAYS = 1
    make_job(1)
    Job.objects.update(created_at=database_now() - timedelta(days=99))

    assert purge_old_jobs() == 0


@pytest.mark.django_db
def test_old_jobs_go_a_few_at_a_time(make_job, settings):
    settings.SCRPY_RETENTION_DAYS = 1
    for _ in range(JOBS_AT_ONCE + 1):
        cancel_job(make_job(1))
    Job.objects.update(completed_at=database_now() - timedelta(days=2))

    assert [purge_old_jobs(), purge_old_jobs(), purge_old_jobs()] == [JOBS_AT_ONCE, 1, 0]
