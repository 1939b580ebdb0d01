"""With very many rows of ended jobs, by PostgreSQL's plans: no step of a page's life reads a large table whole."""

import pytest
from django.db import connection

from jobs.models import Artifact, DeliveryAttempt, Page, Schedule, ScheduleRun, Variant
from jobs.queue.deadlines import end_overdue_jobs
from jobs.queue.dispatch import dispatch, until_next_ready
from jobs.queue.leases import expire_worker, release, release_queued, renew, start
from jobs.queue.sweep import sweep
from jobs.recording import cancel_job, record_failure, record_start, record_success
from scraping.errors import HttpError, NavigationTimeout
from tests.environment import ON_POSTGRES
from tests.many_rows import LARGE, plans, read_whole
from tests.queue.making import expire_leases

pytestmark = [
    pytest.mark.skipif(not ON_POSTGRES, reason="it is PostgreSQL's plans that are looked at"),
    pytest.mark.usefixtures("many", "queue"),
]

DELETED_TOO = (Artifact, DeliveryAttempt, Schedule, ScheduleRun, Variant)
DELETED = (*LARGE, *(model._meta.db_table for model in DELETED_TOO))
UNINDEXED = """
    SELECT key.conrelid::regclass::text, key.conname FROM pg_constraint key
    WHERE key.contype = 'f' AND key.confrelid::regclass::text = ANY(%s) AND NOT EXISTS (
        SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = key.conrelid AND a.attnum = key.conkey[1]
        WHERE i.indrelid = key.conrelid AND i.indkey[0] = key.conkey[1]
        AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = '(' || a.attname || ' IS NOT NULL)')
    )
"""


@pytest.fixture
def worker(make_worker):
    return make_worker(4).pk


@pytest.fixture
def make_queued(make_job, worker):
    """A page of a job that a worker has been rung for."""

    def make():
        job = make_job(5)
        assert dispatch()
        return Page.objects.select_related("job").filter(job=job, token__isnull=False).first()

    return make


def complete(page):
    return record_success(
        page, token=page.token, data="{}", status_code=200, final_url=page.canonical_url, duration_ms=1
    )


def test_pages_are_dispatched_by_index(make_job, worker):
    make_job(5)

    with plans() as known:
        assert dispatch()
        until_next_ready()

    assert read_whole(known) == []


def test_a_page_is_started_and_completed_by_index(make_queued, worker):
    page = make_queued()

    with plans() as known:
        assert start(page, token=page.token, worker=worker)
        record_start(page)
        assert renew([page.token], worker=worker)
        assert complete(page)

    assert read_whole(known) == []


@pytest.mark.parametrize("error", [HttpError("It answered 404.", status_code=404), NavigationTimeout("It was late.")])
def test_a_page_fails_or_is_put_off_by_index(make_queued, worker, error):
    page = make_queued()

    with plans() as known:
        assert start(page, token=page.token, worker=worker)
        page.attempts += 1
        assert record_failure(page, error, token=page.token)

    assert read_whole(known) == []


def test_a_claim_is_given_back_by_index(make_queued, worker):
    page = make_queued()

    with plans() as known:
        assert start(page, token=page.token, worker=worker)
        assert release(page, token=page.token)
        release_queued(page.job_id, page.token)

    assert read_whole(known) == []


def test_what_the_dead_had_is_found_by_index(make_queued, worker):
    page = make_queued()
    start(page, token=page.token, worker=worker)
    expire_leases()

    with plans() as known:
        expire_worker(host="here", pid=1)
        assert sweep()
        end_overdue_jobs()

    assert read_whole(known) == []


def test_a_job_is_cancelled_by_index(make_queued):
    page = make_queued()

    with plans() as known:
        cancel_job(page.job)

    assert read_whole(known) == []


def test_whoever_refers_to_a_row_that_is_deleted_is_found_by_index():
    """PostgreSQL looks for them itself, once for each row."""
    with connection.cursor() as cursor:
        cursor.execute(UNINDEXED, [list(DELETED)])
        assert cursor.fetchall() == []
