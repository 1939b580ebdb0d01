"""With very many rows, by PostgreSQL's plans: no list, and no number of operations, reads a large table whole."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from jobs.models import Account, Job, Page
from tests.environment import ON_POSTGRES

pytestmark = pytest.mark.skipif(not ON_POSTGRES, reason="it is PostgreSQL's plans that are looked at")
JOBS, PAGES_A_JOB = 2_000, 100
LARGE = "jobs_page jobs_job jobs_delivery jobs_webhookevent jobs_ledgerentry"

FILL = """
    INSERT INTO jobs_job (public_id, account_id, kind, status, selectors, options, metadata, max_attempts,
        host_concurrency, total_urls, completed_urls, failed_urls, cancelled_urls, credits_used, reserves_credits,
        created_at, completed_at)
    SELECT 'job_' || n, %(account)s, 'job', 'partial', '{}', '{}', '{}', 3, 4, %(pages)s, %(pages)s - 5, 5, 0, 0, true,
        now() - interval '1 day', now() - interval '1 day'
    FROM generate_series(1, %(jobs)s) n;

    INSERT INTO jobs_hostqueue (job_id, host) SELECT id, 'store.com:443' FROM jobs_job;

    INSERT INTO jobs_page (job_id, host_queue_id, index, url, canonical_url, status, attempts, available_at,
        finished_at, sequence, error_code)
    SELECT q.job_id, q.id, n, 'https://store.com/' || n, 'https://store.com/' || n,
        CASE WHEN n < %(pages)s - 5 THEN 'completed' ELSE 'failed' END, 1, now() - interval '1 day',
        now() - interval '1 day' + q.id %% 1440 * interval '1 minute', n + 1,
        CASE WHEN n < %(pages)s - 5 THEN NULL ELSE 'http_error' END
    FROM jobs_hostqueue q, generate_series(0, %(pages)s - 1) n;

    INSERT INTO jobs_webhookevent (public_id, account_id, job_id, event, body, created_at)
    SELECT 'evt_' || id, account_id, id, 'job.completed', '{}', now() FROM jobs_job;

    INSERT INTO jobs_delivery (public_id, event_id, account_id, url, status, attempts)
    SELECT 'dlv_' || id, id, account_id, 'https://hooks.example.com/', 'delivered', 1 FROM jobs_webhookevent;

    INSERT INTO jobs_ledgerentry (account_id, job_id, amount, reason, created_at)
    SELECT account_id, id, -1, 'page completed', now() FROM jobs_job;

    ANALYZE jobs_job, jobs_hostqueue, jobs_page, jobs_webhookevent, jobs_delivery, jobs_ledgerentry;
"""


@pytest.fixture(scope="module")
def many(django_db_setup, django_db_blocker):
    """200,000 pages of 2,000 jobs, each with a delivery and a charge; gone again afterwards."""
    with django_db_blocker.unblock():
        account = Account.objects.create(name="many")
        with connection.cursor() as cursor:
            for statement in FILL.split(";\n"):
                cursor.execute(statement, {"account": account.pk, "jobs": JOBS, "pages": PAGES_A_JOB})
        yield account
        tables = "jobs_job, jobs_hostqueue, jobs_page, jobs_webhookevent, jobs_delivery, jobs_ledgerentry, jobs_account"
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables} CASCADE")
            cursor.execute(f"ANALYZE {tables}")


@pytest.fixture
def plans(many, staff):
    """The plans of all that an address asks the database about large tables, by what it asks."""

    def of(address):
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(address).status_code == 200
        asked = [query["sql"] for query in queries if re.search(rf'"({LARGE.replace(" ", "|")})"', query["sql"])]
        assert asked
        return {sql: planned(sql) for sql in asked}

    return of


def planned(sql):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


LISTS = [
    ("job", ""),
    ("job", "?status__exact=running"),
    ("job", "?account__id__exact={account}"),
    ("job", "?q=job_17"),
    ("job", "?p=1000"),
    ("page", ""),
    ("page", "?p=100000"),
    ("page", "?status__exact=failed"),
    ("page", "?q=job_17"),
    ("page", "?q=job_17&status__exact=failed"),
    ("page", "?q=job_17+https%3A%2F%2Fstore.com%2F5"),
    ("delivery", ""),
    ("delivery", "?status__exact=pending"),
    ("delivery", "?account__id__exact={account}"),
    ("delivery", "?q=job_17"),
    ("delivery", "?q=dlv_17"),
    ("ledgerentry", ""),
    ("ledgerentry", "?account__id__exact={account}"),
]


@pytest.mark.parametrize(("model", "query"), LISTS)
def test_no_list_reads_a_large_table_whole(plans, many, model, query):
    address = reverse(f"admin:jobs_{model}_changelist") + query.format(account=many.pk)

    for sql, plan in plans(address).items():
        assert "Seq Scan on jobs_" not in plan.replace("Seq Scan on jobs_account", ""), f"{sql}\n{plan}"
        assert "OFFSET" not in sql


@pytest.mark.parametrize("page", ["operations", "operations_now"])
def test_the_operations_page_reads_small_indexes(plans, page):
    for sql, plan in plans(reverse(f"admin:jobs_worker_{page}")).items():
        assert "Seq Scan on jobs_page" not in plan, f"{sql}\n{plan}"
        assert "Seq Scan on jobs_job" not in plan, f"{sql}\n{plan}"
        if '"error_code"' in sql:
            assert "page_failed" in plan


def test_the_overview_reads_small_indexes(plans):
    for sql, plan in plans(reverse("admin:index")).items():
        assert "Seq Scan on jobs_page" not in plan, f"{sql}\n{plan}"


@pytest.mark.parametrize("model", [Job, Page])
def test_a_row_and_what_belongs_to_it_are_found_by_index(plans, many, model):
    row = model.objects.order_by("-pk")[1_000]
    address = reverse(f"admin:jobs_{model._meta.model_name}_change", args=[row.pk])

    for sql, plan in plans(address).items():
        assert "Seq Scan on jobs_page" not in plan, f"{sql}\n{plan}"
        assert "Seq Scan on jobs_job" not in plan, f"{sql}\n{plan}"
