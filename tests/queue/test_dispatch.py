"""What a dispatch claims, for whom, and at what price; and what is left when nobody hears the bell."""

from collections import Counter
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from jobs.models import Account, HostQueue, Job, Page
from jobs.models.page import PageStatus
from jobs.queue import leases
from jobs.queue.dispatch import dispatch
from jobs.queue.plan import capacity
from jobs.queue.sweep import sweep
from jobs.recording import record_success
from tests.queue.making import DUE, start_all

pytestmark = pytest.mark.django_db


def claimed(**which):
    return Page.objects.filter(token__isnull=False, **which)


def finish_all(pages):
    for page in pages:
        assert record_success(page, token=page.token, data="{}", status_code=200, final_url=page.url, duration_ms=1)


def grow_older():
    """As if some time had passed since everyone came: SQLite's clock ticks in milliseconds."""
    Job.objects.exclude(ready_at=None).update(ready_at=F("ready_at") - DUE)
    HostQueue.objects.exclude(ready_at=None).update(ready_at=F("ready_at") - DUE)


def test_a_claim_is_a_token_with_a_lease_that_a_message_names(make_job, make_worker, bells):
    make_worker(2)
    job = make_job(2)

    dispatch()

    pages = job.pages.all()
    assert [page.status for page in pages] == ["queued", "queued"]
    assert bells() == [str(page.token) for page in pages]
    assert all(page.lease_expires_at for page in pages)


def test_nothing_is_claimed_while_no_worker_lives(make_job, make_worker, bells):
    make_job(5)

    assert dispatch() == 0
    assert not claimed().exists()
    assert bells() == []


def test_a_worker_that_was_not_heard_of_for_long_is_fed_no_more(make_job, make_worker, bells):
    worker = make_worker(4)
    type(worker).objects.update(last_seen_at=F("last_seen_at") - DUE)
    make_job(5)

    assert dispatch() == 0


def test_pages_of_a_job_are_claimed_in_their_order(make_job, make_worker, queue):
    make_worker(2)
    job = make_job(9)

    dispatch()

    first = list(claimed(job=job).order_by("index").values_list("index", flat=True))
    assert first == list(range(len(first)))


def test_a_small_job_beside_one_that_has_claimed_everything_is_claimed_at_once(make_job, make_worker, bob, queue):
    make_worker(4)
    big = make_job(500, host_concurrency=16)
    dispatch()
    start_all(count=4)
    assert claimed(job=big).values("token").distinct().count() == capacity(4)

    small = make_job(3, account=bob)
    grow_older()
    dispatch()

    assert claimed(job=small).exists()
    assert claimed(job=big, status=PageStatus.RUNNING).count() == 4


def test_a_small_job_is_done_before_the_big_one_beside_it_has_started_ten_more(make_job, make_worker, bob, queue):
    make_worker(4)
    big = make_job(500, host_concurrency=16)
    dispatch()
    running = start_all(count=4)
    small = make_job(3, account=bob)
    before = big.pages.filter(attempts__gt=0).count()

    while Job.objects.get(pk=small.pk).live:
        grow_older()
        dispatch()
        finish_all(running)
        running = start_all(count=4)

    assert big.pages.filter(attempts__gt=0).count() - before <= 10


def test_pages_that_were_called_back_keep_their_attempts_and_are_claimed_anew(make_job, make_worker, bob, queue):
    make_worker(2)
    big = make_job(40, host_concurrency=16)
    dispatch()
    stale = {page.pk: page.token for page in claimed(job=big)}
    make_job(2, account=bob)
    grow_older()
    dispatch()

    called_back = [page for page in Page.objects.filter(pk__in=stale) if page.token != stale[page.pk]]
    assert called_back
    assert {page.attempts for page in called_back} == {0}
    assert not any(leases.start(page, token=stale[page.pk], worker=uuid4()) for page in called_back)


def test_a_job_of_a_thousand_hosts_fills_the_lanes(make_job, make_worker, queue):
    make_worker(16)
    make_job(*[1] * 1000)

    dispatch()

    assert claimed().values("token").distinct().count() == capacity(16)


def test_a_host_at_its_limit_holds_up_no_other_host_of_its_job(make_job, make_worker, queue):
    make_worker(8)
    job = make_job(30, 1, 1, 1, host_concurrency=1)

    dispatch()

    at_host = Counter(
        claimed(job=job).values_list("host_queue__host", "token").distinct().values_list("host_queue__host", flat=True)
    )
    assert sorted(at_host) == sorted(job.host_queues.values_list("host", flat=True))
    assert set(at_host.values()) == {1}


def test_forty_jobs_at_their_hosts_limits_do_not_starve_another(make_job, make_worker, make_account, queue, settings):
    settings.SCRPY_HOST_CONCURRENCY = 1_000
    make_worker(60)
    owner = make_account("crowd")
    for _ in range(40):
        make_job(9, account=owner, host_concurrency=1)
    while dispatch():
        grow_older()

    late = make_job(3, account=owner)
    for _ in range(4):
        grow_older()
        dispatch()

    assert claimed(job=late).count() == 3


@pytest.mark.parametrize("accounts", [1, 24])
def test_more_jobs_than_one_look_takes_in_do_not_call_each_other_back_for_ever(
    make_job, make_worker, make_account, accounts, queue
):
    make_worker(20)
    owners = [make_account(f"account {index}") for index in range(accounts)]
    jobs = [make_job(100, account=owners[index % accounts], host_concurrency=64) for index in range(24)]
    for _ in range(4):
        grow_older()
        dispatch()
    settled = set(claimed().values_list("token", flat=True))
    for _ in range(4):
        grow_older()
        dispatch()

    assert set(claimed().values_list("job", flat=True)) == {job.pk for job in jobs}
    assert len(settled) == capacity(20)
    assert set(claimed().values_list("token", flat=True)) == settled


@pytest.mark.parametrize("accounts", [1, 30])
def test_every_one_of_many_jobs_gets_its_turn(make_job, make_worker, make_account, accounts, queue):
    make_worker(4)
    owners = [make_account(f"account {index}") for index in range(accounts)]
    jobs = [make_job(2, account=owners[index % accounts]) for index in range(60)]

    for _ in range(60):
        grow_older()
        dispatch()
        finish_all(start_all())

    assert {Job.objects.get(pk=job.pk).status for job in jobs} == {"completed"}


def test_a_dispatch_asks_as_little_with_300_live_jobs_as_with_one(make_job, make_worker, make_account, queue):
    make_worker(8)
    make_job(100)
    with CaptureQueriesContext(connection) as with_one:
        dispatch()
    Job.objects.all().delete()
    owners = [make_account(f"account {index}") for index in range(30)]
    for index in range(300):
        make_job(10, account=owners[index % 30])
    grow_older()
    with CaptureQueriesContext(connection) as with_many:
        dispatch()

    assert len(with_one) <= 60
    assert len(with_many) <= 80


def test_an_idle_dispatch_asks_hardly_anything(make_worker, queue):
    make_worker(8)

    with CaptureQueriesContext(connection) as asked:
        dispatch()

    assert len(asked) <= 2


def test_pages_that_redis_was_not_there_to_be_told_of_are_claimed_anew_by_the_next_sweep(make_job, make_worker):
    make_worker(2)
    job = make_job(2)
    assert dispatch() == 2
    first = set(claimed(job=job).values_list("token", flat=True))

    assert sweep() == 2
    grow_older()
    dispatch()

    assert claimed(job=job).count() == 2
    assert not first & set(claimed(job=job).values_list("token", flat=True))


def test_a_page_whose_retry_is_not_due_is_not_claimed(make_job, make_worker, queue):
    make_worker(2)
    job = make_job(2)
    late, due = job.pages.order_by("index")
    Page.objects.filter(pk=late.pk).update(available_at=late.available_at + DUE)

    dispatch()

    assert list(claimed(job=job)) == [due]
    assert HostQueue.objects.get().ready_at == Job.objects.get().ready_at == late.available_at + DUE


def test_a_job_has_no_more_runs_in_flight_than_it_wants(make_job, make_worker):
    make_worker(8)
    job = make_job(3, 3, 3, concurrency=2)

    dispatch()
    first = set(claimed(job=job).values_list("token", flat=True))
    finish_all(start_all(job=job))
    grow_older()
    dispatch()

    assert len(first) == 2
    assert len(set(claimed(job=job).values_list("token", flat=True))) == 2


def runs_of(account):
    return claimed(job__account=account).values("token").distinct().count()


def test_an_account_has_no_more_runs_in_flight_than_it_may(alice, bob, make_job, make_worker, queue, settings):
    settings.SCRPY_ACCOUNT_CONCURRENCY = 3
    Account.objects.filter(pk=bob.pk).update(most_pages=5)
    make_worker(16)
    for account in (alice, bob):
        make_job(9, 9, account=account, host_concurrency=9)
        make_job(9, account=account, host_concurrency=9)

    rounds = []
    for _ in range(3):
        grow_older()
        dispatch()
        rounds.append((runs_of(alice), runs_of(bob)))
        finish_all(start_all())

    assert rounds == [(3, 5)] * 3


def test_jobs_of_an_account_that_is_full_do_not_hide_those_of_others(
    alice, bob, make_job, make_worker, queue, settings
):
    settings.SCRPY_ACCOUNT_CONCURRENCY = 2
    make_worker(16)
    for _ in range(80):
        make_job(1)
    first = make_job(1, account=bob)
    dispatch()
    late = make_job(1, account=bob)

    grow_older()
    dispatch()

    assert runs_of(alice) == 2
    assert claimed(job__in=[first, late]).count() == 2


def test_nothing_is_called_back_for_an_account_that_is_full(alice, bob, make_job, make_worker, queue, settings):
    Account.objects.filter(pk=bob.pk).update(most_pages=1)
    make_worker(2)
    make_job(60)
    make_job(1, account=bob)
    make_job(1, account=bob)
    dispatch()
    tokens = set(claimed(job__account=alice).values_list("token", flat=True))
    assert (runs_of(alice), runs_of(bob)) == (2, 1)

    for _ in range(3):
        grow_older()
        dispatch()

    assert set(claimed(job__account=alice).values_list("token", flat=True)) == tokens
