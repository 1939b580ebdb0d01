"""Claims that end: at shutdown, with their worker, with their time."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from jobs.models import Job, Page, Worker
from jobs.models.page import PageStatus
from jobs.queue import bell, leases
from jobs.queue.clock import database_now
from jobs.queue.dispatch import dispatch
from jobs.queue.sweep import forget_dead_workers, notice_lost_messages, sweep
from tests.queue.making import expire_leases, make_retries_due, start, start_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def running(make_job, make_worker, queue):
    """A page that has started, of a job with two attempts."""
    make_worker(1)
    make_job(1, max_attempts=2)
    dispatch()
    return start_all()[0]


def test_a_released_page_waits_again_and_has_spent_no_attempt(running):
    assert leases.release(running, token=running.token)

    running.refresh_from_db()
    assert (running.status, running.attempts, running.token, running.worker) == ("pending", 0, None, None)
    make_retries_due()
    assert dispatch() == 1


def test_a_page_whose_worker_died_has_spent_an_attempt(running):
    expire_leases()

    assert sweep() == 1

    running.refresh_from_db()
    assert (running.status, running.attempts, running.token) == ("pending", 1, None)


def test_a_page_that_kills_every_worker_fails_once_its_attempts_are_spent(running):
    expire_leases()
    sweep()
    make_retries_due()
    dispatch()
    start_all()
    expire_leases()
    sweep()

    running.refresh_from_db()
    assert (running.status, running.attempts, running.error_code) == ("failed", 2, "worker_lost")
    assert Job.objects.get().status == "failed"


def test_a_sweep_leaves_alone_what_is_held(running):
    assert sweep() == 0

    running.refresh_from_db()
    assert running.status == "running"


def test_a_page_that_was_claimed_but_never_started_waits_again_unspent(make_job, make_worker, queue):
    make_worker(2)
    job = make_job(2)
    dispatch()
    expire_leases()

    sweep()

    assert list(job.pages.values_list("status", "attempts", "token")) == 2 * [("pending", 0, None)]


def test_renewing_extends_the_claims_that_stand_and_tells_which_those_are(running):
    expire_leases()
    worker, gone = uuid4(), uuid4()

    standing = leases.renew([running.token, gone], worker=worker)

    running.refresh_from_db()
    assert standing == {running.token}
    assert running.worker == worker
    assert running.lease_expires_at > database_now()


def test_renewing_nothing_is_nothing(db):
    assert leases.renew([], worker=uuid4()) == set()


def test_the_pages_of_a_dead_process_are_taken_back_at_once_and_no_others(make_job, make_worker, queue):
    dead, alive = make_worker(1, pid=7), make_worker(1, pid=8)
    make_job(3, host_concurrency=8)
    dispatch()
    lost, kept, waiting = Page.objects.order_by("index")
    for page, worker in ((lost, dead), (kept, alive)):
        leases.start(page, token=page.token, worker=worker.pk)

    leases.expire_worker(host="here", pid=7)
    sweep()

    assert [Page.objects.get(pk=page.pk).status for page in (lost, kept, waiting)] == ["pending", "running", "pending"]
    assert list(Worker.objects.all()) == [alive]


def test_a_process_that_never_worked_takes_nothing_with_it(running):
    leases.expire_worker(host="elsewhere", pid=1)

    assert sweep() == 0


def test_what_an_emptied_redis_has_forgotten_is_rung_for_again_and_nothing_else(make_job, make_worker, bells, queue):
    worker = make_worker(4)
    job = make_job(4)
    tick()
    held, *unheard = job.pages.order_by("index")
    leases.start(held, token=held.token, worker=worker.pk)
    before = bells()

    bell.client().flushall()
    tick()
    make_retries_due()
    tick()

    held.refresh_from_db()
    assert (held.status, held.attempts) == ("running", 1)
    assert len(bells()) == len(unheard) == 3
    assert not set(bells()) & set(before)


def tick():
    """As the clock does."""
    notice_lost_messages()
    sweep()
    dispatch()


def test_what_redis_remembers_is_not_rung_for_again(make_job, make_worker, bells, queue):
    make_worker(2)
    make_job(2)
    tick()
    before = bells()

    tick()

    assert bells() == before
    assert len(before) == 2


def test_the_rest_of_a_run_goes_back_while_its_started_page_stays(make_job, make_worker, queue):
    make_worker(1)
    job = make_job(40)
    dispatch()
    token = job.pages.exclude(token=None)[0].token
    first, *rest = job.pages.filter(token=token).order_by("index")
    start(first)

    assert leases.release_queued(job.pk, token) == len(rest) > 0

    assert Page.objects.get(pk=first.pk).status == PageStatus.RUNNING
    assert set(job.pages.filter(pk__in=[page.pk for page in rest]).values_list("status", "token")) == {
        ("pending", None)
    }


def test_workers_that_were_not_heard_of_for_ten_minutes_are_forgotten(make_worker):
    make_worker(1, last_seen_at=database_now() - timedelta(minutes=11))
    recent = make_worker(1)

    forget_dead_workers()

    assert list(Worker.objects.all()) == [recent]


def test_pages_of_several_jobs_are_called_back_in_one_order_of_locks(make_job, make_worker, queue):
    jobs = [make_job(3), make_job(3)]
    make_worker(6)
    dispatch()

    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        assert leases.call_back(Page.objects.filter(job__in=jobs)) == 6

    tables = [re.search(r'"(jobs_[a-z]+)"', query["sql"])[1] for query in queries if "jobs_" in query["sql"]]
    assert tables == ["jobs_page"] * 2 + ["jobs_hostqueue"] * 2 + ["jobs_job"] * 2
