"""A request becomes a job and its pages: all of it or nothing, at a bounded price."""

from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.accounts import grant
from jobs.intake import InsufficientCredits, TooMuch, create_job
from jobs.models import Account, HostQueue, Job, LedgerEntry, Page
from jobs.queue.dispatch import dispatch
from jobs.recording import cancel_job, record_failure, record_success
from jobs.rereading import create_reextract
from scraping.errors import InvalidSelector
from tests.queue.making import make_request, make_retries_due, start_all, urls_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def limited(make_account):
    return make_account("limited", unlimited=False, credits=5)


def balance(account):
    account.refresh_from_db()
    return account.credits


def test_a_job_of_ten_thousand_urls_is_written_in_few_queries(alice):
    request = make_request(urls_of(*[100] * 100))

    with CaptureQueriesContext(connection) as asked:
        job = create_job(account=alice, request=request)

    writes = [query for query in asked if "INSERT" in query["sql"]]
    assert job.pages.count() == job.total_urls == 10_000
    assert job.host_queues.count() == 100
    assert len(asked) - len(writes) <= 8
    assert len(writes) <= 10_000 * len(Page._meta.concrete_fields) // 900 + 10, "SQLite takes so many values at once"


def test_an_account_has_as_many_live_jobs_as_it_may_and_no_more(alice, bob, make_job, settings):
    settings.SCRPY_ACCOUNT_JOBS = 2
    first, _ = make_job(1), make_job(1)

    with pytest.raises(TooMuch, match="may have 2 live jobs at once: wait until one has ended, or cancel one"):
        make_job(1)
    make_job(1, account=bob)
    cancel_job(first)
    make_job(1)

    assert Job.objects.live().filter(account=alice).count() == 2


def test_an_account_may_be_given_a_limit_of_its_own(alice, bob, make_job, settings):
    settings.SCRPY_ACCOUNT_JOBS = 1
    Account.objects.filter(pk=alice.pk).update(most_jobs=3)
    for _ in range(3):
        make_job(1)
    make_job(1, account=bob)

    for account in (alice, bob):
        with pytest.raises(TooMuch):
            make_job(1, account=account)


def test_a_job_that_is_one_too_many_leaves_nothing_behind(limited, make_job, settings):
    settings.SCRPY_ACCOUNT_JOBS = 1
    make_job(1, account=limited)

    with pytest.raises(TooMuch):
        make_job(2, account=limited)

    assert balance(limited) == 4
    assert (Job.objects.count(), HostQueue.objects.count(), Page.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_twenty_jobs_at_once_are_no_way_past_the_limit(alice, make_job, settings, at_once):
    settings.SCRPY_ACCOUNT_JOBS = 5

    made = at_once(*[lambda: make_job(3)] * 20)

    assert sum(isinstance(one, Job) for one in made) == 5
    assert sum(isinstance(one, TooMuch) for one in made) == 15
    assert Job.objects.live().count() == 5


def test_kept_pages_are_read_again_within_the_limit(alice, make_job, settings):
    settings.SCRPY_ACCOUNT_JOBS = 1
    source = make_job(1)

    with pytest.raises(TooMuch):
        create_reextract(source=source, request=make_request([], free=True))


def test_pages_keep_the_order_and_the_text_of_what_was_sent(alice):
    urls = ["HTTP://Example.com:80/b", "https://example.com/a?q=ä", "HTTP://Example.com:80/b"]

    job = create_job(account=alice, request=make_request(urls))

    assert list(job.pages.order_by("index").values_list("index", "url")) == list(zip(count(), urls, strict=False))
    assert job.pages.get(index=0).canonical_url == "http://example.com/b"


def test_pages_of_one_host_and_port_wait_in_one_queue(alice):
    urls = ["https://example.com/1", "https://EXAMPLE.com:443/2", "http://example.com/3", "https://other.com/"]

    job = create_job(account=alice, request=make_request(urls))

    assert sorted(queue.pages.count() for queue in job.host_queues.all()) == [1, 1, 2]


def test_a_post_reserves_a_credit_per_url(limited, make_job):
    make_job(3, account=limited)

    assert balance(limited) == 2


def test_a_job_that_the_balance_does_not_hold_leaves_nothing_behind(limited, make_job):
    with pytest.raises(InsufficientCredits, match="needs 6 credits, one per URL; 5 are left"):
        make_job(6, account=limited)

    assert balance(limited) == 5
    assert not Job.objects.exists()
    assert not HostQueue.objects.exists()
    assert not Page.objects.exists()


def test_an_unlimited_account_is_counted_and_never_refused(alice, make_job, make_worker, queue):
    make_worker(2)
    job = make_job(2)
    dispatch()
    for page in start_all():
        record_success(page, token=page.token, data="{}", status_code=200, final_url=page.url, duration_ms=1)

    job.refresh_from_db()
    assert (job.credits_used, balance(alice)) == (2, 0)


def test_what_is_not_completed_is_given_back(limited, make_job, make_worker, queue):
    make_worker(2)
    job = make_job(4, account=limited)
    dispatch()
    succeeded, failed = start_all(count=2)
    record_success(succeeded, token=succeeded.token, data="{}", status_code=200, final_url="", duration_ms=1)
    record_failure(failed, InvalidSelector("Bad.", field="title"), token=failed.token)
    cancel_job(job)

    assert balance(limited) == 4
    assert list(LedgerEntry.objects.filter(page__isnull=False).values_list("amount", "page")) == [(-1, succeeded.pk)]


def test_credits_granted_later_do_for_the_next_job(limited, make_job):
    grant(limited, amount=2, reason="paid")

    make_job(7, account=limited)

    assert balance(limited) == 0
    assert list(LedgerEntry.objects.order_by("pk").values_list("amount", "reason")) == [
        (5, "opening balance"),
        (2, "paid"),
    ]


def test_workers_hear_of_a_job_once_it_is_committed(make_job, make_worker, bells, django_capture_on_commit_callbacks):
    make_worker(4)

    with django_capture_on_commit_callbacks(execute=True):
        job = make_job(3)
        heard_before_commit = bells()

    assert heard_before_commit == []
    assert sorted(bells()) == sorted(str(page.token) for page in job.pages.all())


def test_a_job_is_made_although_redis_is_away(make_job, make_worker, django_capture_on_commit_callbacks):
    make_worker(4)

    with django_capture_on_commit_callbacks(execute=True):
        job = make_job(3)

    assert job.pages.filter(token__isnull=False).count() == 3


def test_a_job_whose_first_page_fails_for_good_still_renders_the_others(make_job, make_worker, queue):
    make_worker(1)
    job = make_job(2, host_concurrency=1)
    dispatch()
    [page] = start_all()
    record_failure(page, InvalidSelector("Bad.", field="title"), token=page.token)
    make_retries_due()
    dispatch()
    [page] = start_all()
    record_success(page, token=page.token, data="{}", status_code=200, final_url=page.url, duration_ms=1)

    job.refresh_from_db()
    assert (job.status, job.completed_urls, job.failed_urls) == ("partial", 1, 1)


def test_later_copies_of_a_url_are_dropped_if_that_is_asked_for(make_account):
    account = make_account("carol", unlimited=False)
    grant(account, amount=3, reason="test")
    urls = ["https://example.com/a#1", "HTTPS://EXAMPLE.com:443/b", "https://example.com/b", "https://example.com/a#1"]

    job = create_job(account=account, request=make_request(urls, deduplicate=True))

    account.refresh_from_db()
    assert list(job.pages.order_by("index").values_list("index", "url")) == [(0, urls[0]), (1, urls[1])]
    assert (job.total_urls, job.duplicates_dropped, account.credits) == (2, 2, 1)


def test_copies_are_kept_if_it_is_not(alice):
    job = create_job(account=alice, request=make_request(["https://example.com/a"] * 3))

    assert (job.total_urls, job.duplicates_dropped) == (3, 0)
