"""Very many rows on PostgreSQL, and the plans by which they are read."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

JOBS, PAGES_A_JOB, PARTS = 2_000, 100, 20
LARGE = ("jobs_page", "jobs_job", "jobs_hostqueue", "jobs_delivery", "jobs_webhookevent", "jobs_ledgerentry")
TOUCHES_LARGE = re.compile(rf"^(SELECT|UPDATE|DELETE|INSERT|WITH).*\b({'|'.join(LARGE)})\b", re.DOTALL)

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
    FROM jobs_hostqueue q, generate_series(0, %(pages)s - 1) n WHERE q.id %% %(parts)s = %(part)s;

    INSERT INTO jobs_webhookevent (public_id, account_id, job_id, event, body, created_at)
    SELECT 'evt_' || id, account_id, id, 'job.completed', '{}', now() FROM jobs_job;

    INSERT INTO jobs_delivery (public_id, event_id, account_id, url, status, attempts)
    SELECT 'dlv_' || id, id, account_id, 'https://hooks.example.com/', 'delivered', 1 FROM jobs_webhookevent;

    INSERT INTO jobs_ledgerentry (account_id, job_id, amount, reason, created_at)
    SELECT account_id, id, -1, 'page completed', now() FROM jobs_job;

    ANALYZE jobs_job, jobs_hostqueue, jobs_page, jobs_webhookevent, jobs_delivery, jobs_ledgerentry;
"""


@contextmanager
def many_rows() -> Iterator[Any]:
    """200,000 pages of 2,000 jobs of an account, each job with a delivery and a charge; gone again afterwards."""
    from jobs.models import Account

    account = Account.objects.create(name="many")
    tables = "jobs_job, jobs_hostqueue, jobs_page, jobs_webhookevent, jobs_delivery, jobs_ledgerentry, jobs_account"
    sizes = {"account": account.pk, "jobs": JOBS, "pages": PAGES_A_JOB, "parts": PARTS}
    try:
        with connection.cursor() as cursor:
            for statement in FILL.split(";\n"):
                for part in range(
                    PARTS if "%(part)s" in statement else 1
                ):  # the longest, within what a statement may take
                    cursor.execute(statement, {**sizes, "part": part})
        yield account
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables} CASCADE")
            cursor.execute(f"ANALYZE {tables}")


@contextmanager
def plans() -> Iterator[dict[str, str]]:
    """The plan of all that is asked about large tables meanwhile, by what is asked; known when it is over."""
    known: dict[str, str] = {}
    with CaptureQueriesContext(connection) as queries:
        yield known
    asked = [query["sql"] for query in queries if TOUCHES_LARGE.search(query["sql"])]
    assert asked
    known.update({sql: planned(sql) for sql in asked})


def planned(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def read_whole(plans: Mapping[str, str], tables: Sequence[str] = LARGE) -> list[str]:
    """The statements that read one of `tables` from end to end, with their plans."""
    scans = re.compile(rf"Seq Scan on ({'|'.join(tables)})\b")
    return [f"{sql}\n{plan}" for sql, plan in plans.items() if scans.search(plan)]
