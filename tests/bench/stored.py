"""Rows as years of use leave them, made by the database itself: jobs that have ended, with all their pages."""

import psycopg

from tests.platform.running import Platform

SELECTORS = '{"title":"h1","price":".price","stock":".stock"}'
DATA = '{"title":"A thing of some kind","price":"£51.77","stock":"In stock (22 available)"}'
ENDED = "2024-01-15 10:30:00+00:00"

COUNTED = "WITH RECURSIVE counted(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM counted WHERE n < {last}) SELECT"
JOBS = """
    INSERT INTO jobs_job (id, public_id, account_id, status, selectors, options, metadata, max_attempts,
        host_concurrency, total_urls, completed_urls, failed_urls, cancelled_urls, credits_used, reserves_credits,
        created_at, started_at, completed_at)
    {counted} n, 'job_stored' || n, {account}, 'completed', '{selectors}', '{{}}', '{{}}', 3,
        4, {pages}, {pages}, 0, 0, {pages}, TRUE, '{ended}', '{ended}', '{ended}'
    FROM counted"""
QUEUES = """
    INSERT INTO jobs_hostqueue (id, job_id, host) {counted} n, n, 'shop' || n || '.example.com:443' FROM counted"""
PAGES = """
    INSERT INTO jobs_page (job_id, host_queue_id, "index", url, canonical_url, status, attempts, available_at,
        started_at, finished_at, sequence, status_code, final_url, duration_ms, data)
    {counted} {job}, {job}, {index}, {url}, {url}, 'completed', 1, '{ended}',
        '{ended}', '{ended}', {index} + 1, 200, {url}, 400, '{data}'
    FROM counted"""
SET_ON = "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"


def public_id(job: int) -> str:
    return f"job_stored{job}"


def store_jobs(platform: Platform, *, account: str, first: int, jobs: int, pages: int) -> None:
    """So many jobs of an account, numbered from `first` on, of so many pages each."""
    rows = platform.rows
    owner = rows.one("SELECT id FROM jobs_account WHERE name = %s", account)
    told = {"account": owner, "selectors": SELECTORS, "pages": pages, "ended": ENDED, "data": DATA}
    of_jobs = COUNTED.format(first=first, last=first + jobs - 1)
    rows.change(JOBS.format(counted=of_jobs, **told))
    rows.change(QUEUES.format(counted=of_jobs))
    job, index = f"({first} + n / {pages})", f"(n % {pages})"
    url = f"'https://shop' || {job} || '.example.com/products/' || {index}"
    of_pages = COUNTED.format(first=0, last=jobs * pages - 1)
    rows.change(PAGES.format(counted=of_pages, job=job, index=index, url=url, **told))


def settle(platform: Platform) -> None:
    """Have the database do what it does in time by itself."""
    if not platform.rows.url:
        return
    with psycopg.connect(platform.rows.url, autocommit=True) as connection:
        for table in ("jobs_job", "jobs_hostqueue"):
            connection.execute(SET_ON.format(table=table).encode())
        connection.execute("VACUUM ANALYZE")
