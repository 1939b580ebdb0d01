"""Claims that end: at shutdown, with their worker, with their time."""

from datetime import timedelta
from uuid import uuid4

import pytest

from jobs.models import Job, Page, Worker
from jobs.models.page import PageStatus
from jobs.queue import leases
from jobs.queue.clock import database_now
from jobs.queue.dispatch import dispatch
from jobs.queue.sweep import forget_dead_workers, sweep
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


def test_pages_whose_messages_died_with_the_queue_are_taken_back_but_not_those_in_a_workers_hands(
    make_job, make_worker, queue
):
    worker = make_worker(2)
    job = make_job(2)
    dispatch()
    in_hand, unheard = job.pages.order_by("pk")
    leases.renew([in_hand.token], worker=worker.pk)

    leases.expire_unheard()
    sweep()

    assert [Page.objects.get(pk=page.pk).status for page in (in_hand, unheard)] == ["queued", "pending"]


def test_pages_that_could_not_be_rung_for_are_claimed_anew_within_seconds(make_job, make_worker, queue, settings):
    make_worker(1)
    job = make_job(1)
    queue.client.close()
    queue.client.connection_pool.connection_kwargs["path"] = "/nonexistent"

    dispatch()

    page = job.pages.get()
    assert page.status == PageStatus.QUEUED
    assert page.lease_expires_at <= database_now() + leases.UNRUNG_LEASE


def test_a_process_that_never_worked_takes_nothing_with_it(running):
    leases.expire_worker(host="elsewhere", pid=1)

    assert sweep() == 0


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
