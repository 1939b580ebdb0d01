"""The pace that hosts are asked at: kept by all who must, changed by what hosts answer."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db.models import F

from jobs.models import Host, HostQueue, Job, Page
from jobs.options import DEADLINE_MS
from jobs.queue import hosts
from jobs.queue.clock import database_now
from jobs.queue.dispatch import dispatch, until_next_ready
from jobs.queue.hosts import forget_hosts, heed, learn_robots, recover, slow_down
from jobs.recording import record_failure, record_success
from scraping.errors import RateLimited
from tests.queue.making import DUE, start_all

pytestmark = pytest.mark.django_db

STORE = "h0.example.com:443"
TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS
ROBOTS = '{"respectRobots":true}'


@pytest.fixture(autouse=True)
def workers(make_worker, queue):
    return make_worker(8)


def claimed(**which):
    return Page.objects.filter(token__isnull=False, **which)


def claimed_next():
    """The pages that are claimed by one more dispatch, in order."""
    before = set(claimed().values_list("pk", flat=True))
    dispatch()
    return list(claimed().exclude(pk__in=before).order_by("pk"))


def let_time_pass():
    """As if the longest delay were over."""
    Host.objects.exclude(next_at=None).update(next_at=F("next_at") - DUE)
    HostQueue.objects.exclude(ready_at=None).update(ready_at=F("ready_at") - DUE)
    Job.objects.exclude(ready_at=None).update(ready_at=F("ready_at") - DUE)


def finish(page):
    assert record_success(page, token=page.token, data="{}", status_code=200, final_url=page.url, duration_ms=1)


def test_a_job_with_a_delay_starts_one_page_at_its_host_and_the_next_when_it_is_over(make_job):
    job = make_job(3, host_delay_ms=60_000)

    first, too_early = claimed_next(), claimed_next()
    let_time_pass()
    second = claimed_next()

    assert [[page.index for page in pages] for pages in (first, too_early, second)] == [[0], [], [1]]
    assert HostQueue.objects.get(job=job).ready_at == Host.objects.get(host=STORE).next_at


def test_planners_know_when_a_delay_is_over_and_do_not_look_before(make_job, django_assert_max_num_queries):
    make_job(2, host_delay_ms=60_000)
    dispatch()

    with django_assert_max_num_queries(3):
        dispatch()

    assert timedelta(seconds=30) < until_next_ready() <= timedelta(seconds=60)


def test_a_paced_host_holds_up_no_other_host_of_its_job_and_no_other_job(make_job, bob):
    slow = make_job(5, 5, host_delay_ms=60_000)
    Host.objects.create(host=STORE, next_at=database_now() + DUE)
    quick = make_job(4, account=bob)

    dispatch()

    assert set(claimed(job=slow).values_list("host_queue__host", flat=True)) == {"h1.example.com:443"}
    assert claimed(job=quick).count() == 4


def test_jobs_that_keep_a_delay_at_one_host_take_turns_there(make_job, make_account):
    jobs = [make_job(9, account=make_account(name), host_delay_ms=1_000) for name in ("carol", "dave", "erin")]

    turns = []
    for _ in range(6):
        (page,) = claimed_next()
        turns.append(page.job_id)
        finish(start_all(job=page.job)[0])
        let_time_pass()

    assert set(turns[:3]) == set(turns[3:]) == {job.pk for job in jobs}


def test_a_host_that_says_it_is_too_much_slows_every_job_down(make_job, bob):
    slow_down(STORE, TOO_MANY)
    make_job(3)
    make_job(3, account=bob)

    assert claimed_next() == []
    let_time_pass()
    assert len(claimed_next()) == 1
    assert claimed_next() == []


def test_what_has_not_started_at_a_host_is_called_back_when_it_says_that_it_is_too_much(make_job, bob):
    make_job(20, host_concurrency=1)
    elsewhere = make_job(0, 3, account=bob)
    dispatch()
    (running,) = start_all(job=Job.objects.exclude(pk=elsewhere.pk).get())

    heed(running, status_code=429)

    assert list(claimed().exclude(job=elsewhere)) == [running]
    assert claimed(job=elsewhere).count() == 3
    assert Page.objects.filter(job=running.job, status="pending", attempts=0).count() == 19


def test_a_host_is_left_alone_for_as_long_as_it_asks_but_not_for_ever():
    slow_down(STORE, TOO_MANY, asked_s=120)
    asked = Host.objects.get(host=STORE).next_at - database_now()
    slow_down("else.com:443", TOO_MANY, asked_s=10**12)
    for_ever = Host.objects.get(host="else.com:443").next_at - database_now()

    assert timedelta(seconds=100) < asked <= timedelta(seconds=120)
    assert for_ever <= timedelta(minutes=10)


def test_lanes_that_are_told_side_by_side_that_it_is_too_much_count_once():
    for _ in range(5):
        slow_down(STORE, TOO_MANY)

    assert Host.objects.get(host=STORE).delay_ms == 500


def test_the_delay_doubles_each_time_up_to_a_minute():
    delays = []
    for _ in range(10):
        slow_down(STORE, TOO_MANY)
        delays.append(Host.objects.get(host=STORE).delay_ms)
        Host.objects.update(slowed_at=F("slowed_at") - DUE)

    assert delays == [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]


def test_a_503_is_believed_more_slowly_than_a_429():
    slow_down(STORE, HTTPStatus.SERVICE_UNAVAILABLE)

    assert Host.objects.get(host=STORE).delay_ms == 100


def test_each_success_shortens_the_delay_until_there_is_none():
    slow_down(STORE, TOO_MANY)
    recover(STORE)
    after_one = Host.objects.get(host=STORE).delay_ms
    for _ in range(15):
        recover(STORE)

    assert after_one == 400
    assert Host.objects.get(host=STORE).delay_ms == 0


def test_what_is_no_fault_of_the_host_neither_slows_it_down_nor_lets_it_recover(make_job):
    slow_down(STORE, TOO_MANY)
    make_job(1)
    page = Page.objects.select_related("host_queue", "job").get()

    for status_code in (None, 404, 500):
        heed(page, status_code=status_code)

    assert Host.objects.get(host=STORE).delay_ms == 500


def test_a_success_at_a_host_that_was_never_slowed_down_writes_nothing(make_job, django_assert_num_queries):
    make_job(1)
    page = Page.objects.select_related("host_queue", "job").get()

    with django_assert_num_queries(1):
        heed(page, status_code=200)

    assert not Host.objects.exists()


def test_a_page_that_was_refused_is_tried_again_and_no_sooner_than_its_host_may_be_asked(make_job):
    job = make_job(1)
    dispatch()
    (page,) = start_all()

    record_failure(page, RateLimited("too many", status_code=429, retry_after_s=60), token=page.token)
    heed(page, status_code=429, asked_s=60)

    assert claimed_next() == []
    assert Page.objects.get(job=job).status == "pending"
    assert Page.objects.get(job=job).available_at > database_now() + timedelta(seconds=30)


def test_what_comes_through_a_callers_proxy_slows_down_that_job_alone(make_job, bob):
    proxied = make_job(3, options='{"proxy":{"server":"http://proxy.example.com:3128"}}')
    page = proxied.pages.select_related("host_queue").first()

    heed(page, status_code=429)
    direct = make_job(3, account=bob)
    dispatch()

    assert page.host_queue.address == STORE
    assert claimed(job=direct).count() == 3
    assert not claimed(job=proxied).exists()


def test_while_a_hosts_robots_txt_is_not_known_one_page_that_heeds_it_starts_there(make_job, monkeypatch):
    monkeypatch.setattr(hosts, "UNKNOWN_ROBOTS_DELAY_MS", 60_000)  # longer than a slow machine takes for two looks
    make_job(5, options=ROBOTS)

    assert len(claimed_next()) == 1
    assert claimed_next() == []


def test_once_it_is_known_only_the_delay_that_it_asks_for_is_kept(make_job, bob):
    make_job(0, 4, options=ROBOTS)
    learn_robots("h1.example.com:443", robots="", crawl_delay_ms=0)
    learn_robots(STORE, robots="", crawl_delay_ms=30_000)
    slow = make_job(5, account=bob, options=ROBOTS)
    heedless = make_job(4, account=bob)

    dispatch()

    assert claimed(host_queue__host="h1.example.com:443").count() == 4
    assert claimed(job=slow).count() == 1
    assert claimed(job=heedless).count() == 4


def test_hosts_are_forgotten_a_day_after_they_were_last_heard_of():
    learn_robots("known.com:443", robots="", crawl_delay_ms=0)
    slow_down("slow.com:443", TOO_MANY)
    slow_down("old.com:443", TOO_MANY)
    long_ago = database_now() - hosts.FORGOTTEN_AFTER - DUE
    Host.objects.filter(host="old.com:443").update(next_at=long_ago, slowed_at=long_ago)

    forget_hosts()

    assert set(Host.objects.values_list("host", flat=True)) == {"known.com:443", "slow.com:443"}


def test_every_job_has_a_deadline(make_job):
    job = make_job(1)

    assert job.deadline_at == job.created_at + timedelta(milliseconds=DEADLINE_MS)
