"""Real threads, each with its own connection. Whoever comes first wins; nobody waits for ever; the sums are right."""

import re
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, Sum
from django.db.models.functions import Now

import jobs
from jobs.intake import InsufficientCredits, create_job
from jobs.models import DailyUsage, HostQueue, Job, LedgerEntry, Page, Worker
from jobs.models.page import PageStatus
from jobs.outages import SIGNS
from jobs.queue import leases
from jobs.queue.dispatch import dispatch
from jobs.queue.lock import planners_lock
from jobs.queue.plan import capacity
from jobs.queue.ready import lock
from jobs.queue.sweep import notice_lost_messages, sweep
from jobs.recording import JobAlreadyFinished, cancel_job, record_failure, record_success
from scraping.errors import ConnectionFailed, TooLarge
from tests.queue.making import (
    DUE,
    expire_leases,
    make_request,
    make_retries_due,
    show_that_workers_live,
    start_all,
    urls_of,
)
from tests.until import until

pytestmark = pytest.mark.django_db(transaction=True)
on_postgres = pytest.mark.skipif("sqlite" in settings.DATABASES["default"]["ENGINE"], reason="SQLite has one writer")
rounds = pytest.mark.parametrize("rounds", [20, pytest.param(1000, marks=pytest.mark.slow)])


def finish(page):
    return record_success(page, token=page.token, data="{}", status_code=200, final_url=page.url, duration_ms=1)


def assert_sums(job):
    """The job's counters, charges and balance, against its pages."""
    job.refresh_from_db()
    count = {status: job.pages.filter(status=status).count() for status in PageStatus}
    assert (job.completed_urls, job.failed_urls, job.cancelled_urls) == (
        count["completed"],
        count["failed"],
        count["cancelled"],
    )
    assert job.open_urls == count["pending"] + count["queued"] + count["running"]
    assert job.credits_used == LedgerEntry.objects.filter(job=job, page__isnull=False).count() == count["completed"]
    assert job.live == (job.open_urls > 0)


def test_planners_that_look_at_once_keep_to_the_lanes_and_the_hosts_limits(make_job, make_worker, at_once, queue):
    make_worker(6)
    job = make_job(20, 20, 20, host_concurrency=2)

    for _ in range(10):
        at_once(*[dispatch] * 4)

        runs = set(Page.objects.filter(token__isnull=False).values_list("token", "host_queue"))
        at_host = [host for _, host in runs]
        assert len(runs) <= capacity(6)
        assert all(at_host.count(host) <= 2 for host in at_host)
        for page in start_all(count=3):
            finish(page)
    assert_sums(job)


@rounds
def test_after_a_cancel_that_races_a_finish_nothing_is_recorded_and_the_sums_are_exact(
    rounds, make_account, make_job, make_worker, at_once, queue
):
    make_worker(2)
    account = make_account("limited", unlimited=False, credits=2 * rounds)
    charged = 0
    for _ in range(rounds):
        show_that_workers_live()
        job = make_job(2, account=account)
        first, last = start_all(job=job)
        finish(first)

        finished, cancelled = at_once(partial(finish, last), partial(cancel_job, job))

        assert_sums(job)
        assert finished is (job.status == "completed")
        assert isinstance(cancelled, JobAlreadyFinished) is finished
        charged += 1 + finished
    account.refresh_from_db()
    assert account.credits == 2 * rounds - charged


@rounds
def test_cancel_sweep_dispatch_and_retries_at_once_neither_deadlock_nor_miscount(
    rounds, make_account, make_job, make_worker, at_once, queue
):
    make_worker(4)
    account = make_account("limited", unlimited=False, credits=12 * rounds)
    for _ in range(rounds):
        show_that_workers_live()
        job = make_job(4, 4, 4, account=account, max_attempts=2)
        begun, broken, *_ = start_all(job=job, count=4)
        expire_leases(job.pages.exclude(pk__in=[begun.pk, broken.pk]))

        outcomes = at_once(
            partial(cancel_job, job),
            sweep,
            dispatch,
            partial(finish, begun),
            partial(record_failure, broken, ConnectionFailed(), token=broken.token),
            partial(leases.release_queued, job.pk, broken.token),
        )

        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        assert_sums(job)
        assert job.status == "cancelled"
        assert not job.pages.exclude(token=None).exists()
    account.refresh_from_db()
    assert account.credits == 12 * rounds - LedgerEntry.objects.filter(page__isnull=False).count()


@on_postgres
def test_leases_that_are_renewed_and_ended_at_once_do_not_deadlock(make_job, make_worker, at_once, queue):
    make_worker(16)
    make_job(*[8] * 8, host_concurrency=8)
    dispatch()
    tokens = sorted(set(Page.objects.filter(token__isnull=False).values_list("token", flat=True)), reverse=True)
    assert len(tokens) > 8
    worker = uuid4()
    for _ in range(40):
        outcomes = at_once(
            *[partial(leases.renew, tokens, worker=worker)] * 2, *[partial(leases.expire, Q(worker=worker))] * 2
        )

        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]


def test_two_clocks_that_sweep_at_once_spend_each_lost_attempt_once(make_job, make_worker, at_once, queue):
    make_worker(12)
    job = make_job(8, 8, 8, max_attempts=2)
    for _ in range(2):
        dispatch()
        begun = start_all(job=job)
        expire_leases()

        outcomes = at_once(*[clock_ticks] * 4)

        assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
        spent = Page.objects.filter(pk__in=[page.pk for page in begun]).values_list("attempts", "status")
        assert len(begun) > 1
        assert set(spent) <= {(1, "pending"), (1, "queued"), (2, "failed")}
        assert_sums(job)
        make_retries_due()
    assert Page.objects.filter(status="failed", error_code="worker_lost", attempts=2).exists()


def clock_ticks():
    notice_lost_messages()
    sweep()
    dispatch()


def test_twenty_posts_at_once_on_a_balance_for_seven_make_seven_jobs(make_account, at_once, queue):
    account = make_account("limited", unlimited=False, credits=7)
    request = make_request(urls_of(1))

    outcomes = at_once(*[partial(create_job, account=account, request=request)] * 20)

    account.refresh_from_db()
    assert sorted(type(outcome).__name__ for outcome in outcomes) == 13 * ["InsufficientCredits"] + 7 * ["Job"]
    assert all(isinstance(outcome, Job | InsufficientCredits) for outcome in outcomes)
    assert (Job.objects.count(), Page.objects.count(), account.credits) == (7, 7, 0)


def test_a_message_delivered_three_times_starts_each_page_once(make_job, make_worker, at_once, queue):
    make_worker(1)
    job = make_job(20)
    run = list(job.pages.filter(token=job.pages.exclude(token=None)[0].token))

    def render():
        started = [page for page in run if leases.start(page, token=page.token, worker=uuid4())]
        return [page.pk for page in started if finish(page)]

    outcomes = at_once(render, render, render)

    assert sorted(pk for finished in outcomes for pk in finished) == [page.pk for page in run]
    assert set(job.pages.filter(pk__in=[page.pk for page in run]).values_list("attempts", flat=True)) == {1}
    assert_sums(job)


@on_postgres
def test_a_retry_noted_while_a_planner_looks_is_not_forgotten(make_job, make_worker, queue):
    """The planner's statement waits for the retry's lock: what it read before is not what holds afterwards."""
    make_job(2, max_attempts=2)
    make_worker(1)
    dispatch()
    [page, _] = start_all()
    Worker.objects.update(target=4)
    make_all_ready()

    with planner_beside():
        record_failure(page, ConnectionFailed(), token=page.token)

    page.refresh_from_db()
    assert HostQueue.objects.get().ready_at == page.available_at
    assert Job.objects.get().ready_at


@on_postgres
def test_a_planner_that_calls_back_takes_its_locks_in_the_common_order(make_job, make_worker, bob, queue):
    job, _ = make_job(6, 6), make_job(1, account=bob)
    early, late = job.host_queues.order_by("pk")
    ready = {"ready_at": job.created_at}
    HostQueue.objects.exclude(pk=early.pk).update(ready_at=None)
    make_worker(2)
    dispatch()
    make_all_ready()

    with planner_beside() as wait:
        HostQueue.objects.filter(pk=late.pk).update(**ready)
        wait()
        Job.objects.filter(pk=job.pk).update(**ready)

    assert job.pages.filter(host_queue=late, token__isnull=False).exists()


@on_postgres
def test_a_finish_looks_up_what_its_page_refers_to_though_a_planner_holds_it(make_job, make_worker, queue, at_once):
    make_job(1)
    make_worker(1)
    dispatch()
    [page] = start_all()

    with transaction.atomic():
        lock(HostQueue.objects.all())
        at_once(partial(finish, page))

    assert Page.objects.get(pk=page.pk).status == PageStatus.COMPLETED


@on_postgres
def test_who_is_frozen_in_a_transaction_loses_it_and_planners_go_on(make_job, make_worker, queue, at_once):
    job = make_job(1)
    make_worker(1)
    holds, planned = threading.Event(), threading.Event()

    def freeze():
        with transaction.atomic(), planners_lock():
            holds.set()
            planned.wait(timeout=30)
            Job.objects.update(name="thawed")

    def plan():
        holds.wait(timeout=30)
        dispatch()
        planned.set()

    frozen, went_on = at_once(freeze, plan)

    assert (isinstance(frozen, SIGNS), went_on) == (True, None)
    assert (job.pages.get().status, Job.objects.get().name) == (PageStatus.QUEUED, job.name)


@on_postgres
def test_a_finish_locks_its_page_before_its_job(make_job, make_worker, queue, at_once):
    make_job(1)
    make_worker(1)
    dispatch()
    [page] = start_all()
    job_held = threading.Event()

    def look_at_the_page():
        with transaction.atomic():
            lock(Job.objects.all())
            job_held.set()
            until(waits_for_a_lock, what="a finish that waits for the job")
            return list(Page.objects.select_for_update(no_key=True, skip_locked=True))

    def finish_then():
        job_held.wait(timeout=30)
        return finish(page)

    assert at_once(look_at_the_page, finish_then) == [[], True]


def test_no_row_is_locked_with_its_keys():
    sources = "".join(path.read_text() for path in Path(jobs.__path__[0]).rglob("*.py"))
    locks = re.findall(r"select_for_update\(([^)]*)", sources)

    assert [lock for lock in locks if "no_key=True" not in lock] == []
    assert len(locks) > 10


def make_all_ready():
    HostQueue.objects.update(ready_at=Now() - DUE)
    Job.objects.update(ready_at=Now() - DUE)


@contextmanager
def planner_beside():
    """A transaction; once it has locked rows, a planner in another thread that comes to wait for them."""
    errors = []

    def look():
        try:
            dispatch()
        except Exception as error:  # noqa: BLE001 - the test judges
            errors.append(error)
        finally:
            connection.close()

    planner = threading.Thread(target=look)

    def wait():
        planner.start()
        until(waits_for_a_lock, what="a planner that waits for a lock")

    with transaction.atomic():
        yield wait
        if not planner.ident:
            wait()
    planner.join(timeout=30)
    assert not planner.is_alive()
    assert errors == []


def waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def test_pages_of_several_jobs_that_end_at_once_on_a_new_day_are_all_counted(make_job, make_worker, at_once, queue):
    make_worker(16)
    for _ in range(4):
        make_job(4, host_concurrency=4)
    dispatch()
    pages = start_all()

    def end(page):
        return fail_for_good(page) if page.index == 0 else finish(page)

    at_once(*[partial(end, page) for page in pages])

    counts = [Sum(name) for name in ("completed_urls", "failed_urls", "credits_used")]
    assert list(DailyUsage.objects.aggregate(*counts).values()) == [12, 4, 12]


def fail_for_good(page):
    return record_failure(page, TooLarge("The page is too large."), token=page.token)
