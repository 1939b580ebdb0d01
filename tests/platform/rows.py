"""The database, read past Django and past scrpy's own code: what must hold, whatever has happened."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

OPEN = "('pending', 'queued', 'running')"
LIVE = "('pending', 'running')"
CHARGED = "page.status = 'completed' AND page.reused_from IS NULL AND NOT job.free"


def count_of(status: str) -> str:
    return f"(SELECT COUNT(*) FROM jobs_page WHERE job_id = job.id AND status = '{status}')"


OFFENDERS: Mapping[str, str] = {
    "a job has as many pages as URLs": """
        SELECT public_id FROM jobs_job job
        WHERE total_urls <> (SELECT COUNT(*) FROM jobs_page WHERE job_id = job.id)""",
    "a job's counters count its pages": f"""
        SELECT public_id, completed_urls, failed_urls, cancelled_urls FROM jobs_job job
        WHERE completed_urls <> {count_of("completed")} OR failed_urls <> {count_of("failed")}
           OR cancelled_urls <> {count_of("cancelled")}
           OR credits_used <> (SELECT COUNT(*) FROM jobs_page page WHERE page.job_id = job.id AND {CHARGED})""",
    "a job has ended exactly if all its pages have": f"""
        SELECT public_id, status FROM jobs_job job
        WHERE (status IN {LIVE}) <> EXISTS (SELECT 1 FROM jobs_page WHERE job_id = job.id AND status IN {OPEN})
           OR (status IN {LIVE}) <> (completed_at IS NULL)""",
    "a job's status is what became of its pages": """
        SELECT public_id, status FROM jobs_job
        WHERE (status = 'completed' AND completed_urls <> total_urls)
           OR (status = 'partial' AND (completed_urls = 0 OR failed_urls = 0 OR cancelled_urls > 0))
           OR (status = 'failed' AND failed_urls <> total_urls)
           OR (cancelled_urls > 0 AND status <> 'cancelled')""",
    "a page that was visited and completed has one charge of one credit, another none": f"""
        SELECT page.id, page.status, COUNT(entry.id) AS charges, SUM(entry.amount) AS amount
        FROM jobs_page page JOIN jobs_job job ON job.id = page.job_id
        LEFT JOIN jobs_ledgerentry entry ON entry.page_id = page.id
        GROUP BY page.id, page.status, page.reused_from, job.free
        HAVING COALESCE(SUM(entry.amount), 0) <> (CASE WHEN {CHARGED} THEN -1 ELSE 0 END)
            OR COUNT(entry.id) <> (CASE WHEN {CHARGED} THEN 1 ELSE 0 END)""",
    "a charge is for a page": "SELECT id, amount FROM jobs_ledgerentry WHERE page_id IS NULL AND amount < 0",
    "a balance is what was granted, less what was charged and what is reserved": f"""
        SELECT name, credits FROM jobs_account account
        WHERE NOT unlimited AND credits <>
            (SELECT COALESCE(SUM(amount), 0) FROM jobs_ledgerentry WHERE account_id = account.id)
            - (SELECT COUNT(*) FROM jobs_page page JOIN jobs_job job ON job.id = page.job_id
               WHERE job.account_id = account.id AND NOT job.free AND page.status IN {OPEN})""",
    "the sequences of a job are 1, 2, … without a gap": """
        SELECT job_id FROM jobs_page GROUP BY job_id
        HAVING COUNT(DISTINCT sequence) <> SUM(CASE WHEN status IN ('completed', 'failed') THEN 1 ELSE 0 END)
            OR COUNT(sequence) <> COALESCE(MAX(sequence), 0) OR MIN(sequence) <> 1""",
    "a claim is held by pages in flight alone, and by all of them": """
        SELECT id, status, token FROM jobs_page
        WHERE (status IN ('queued', 'running')) <> (token IS NOT NULL)
           OR (token IS NULL AND (worker IS NOT NULL OR lease_expires_at IS NOT NULL))""",
    "a page has data if it is completed, and an error if it has failed": """
        SELECT id, status FROM jobs_page
        WHERE (status = 'completed') <> (data IS NOT NULL) OR (status = 'failed') <> (error_code IS NOT NULL)""",
    "a job keeps what its files take": """
        SELECT public_id, kept_bytes FROM jobs_job job
        WHERE kept_bytes <> (SELECT COALESCE(SUM(stored_bytes), 0) FROM jobs_artifact WHERE job_id = job.id)""",
    "attempts are bounded": """
        SELECT page.id, attempts FROM jobs_page page JOIN jobs_job job ON job.id = page.job_id
        WHERE attempts > max_attempts OR (page.status IN ('completed', 'failed') AND attempts < 1
            AND COALESCE(error_code, '') <> 'deadline_exceeded')""",
    "each page that has ended has told a plain endpoint once": """
        SELECT public_id, status FROM jobs_job job
        WHERE (SELECT COUNT(*) FROM jobs_webhookevent event
               JOIN jobs_delivery delivery ON delivery.event_id = event.id
               WHERE event.job_id = job.id AND event.event LIKE 'scrape.%%')
            <> (CASE WHEN webhook LIKE '"%%' THEN completed_urls + failed_urls ELSE 0 END)
            AND (webhook IS NULL OR webhook LIKE '"%%')""",
    "a job that has ended has told its endpoint once, any other never": f"""
        SELECT public_id, status FROM jobs_job job
        WHERE (SELECT COUNT(*) FROM jobs_webhookevent event
               JOIN jobs_delivery delivery ON delivery.event_id = event.id
               WHERE event.job_id = job.id AND event.event LIKE 'job.%%')
            <> (CASE WHEN status NOT IN {LIVE} AND webhook IS NOT NULL THEN 1 ELSE 0 END)""",
}
"""What must hold at every moment, and the rows where it does not. Each is one statement, so it sees one moment."""


@dataclass(frozen=True)
class Rows:
    """The platform's database: an SQLite file, or a PostgreSQL by its URL."""

    sqlite: Path
    url: str = ""

    def ask(self, statement: str, *parameters: object) -> list[dict[str, Any]]:
        """Rows as dicts; `%s` stands for a parameter."""
        if self.url:
            with psycopg.connect(self.url, row_factory=dict_row) as server:
                return server.execute(statement.encode(), parameters or None).fetchall()
        with closing(sqlite3.connect(f"file:{self.sqlite}?mode=ro", uri=True, timeout=20)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement.replace("%s", "?"), parameters)]

    def change(self, statement: str, *parameters: object) -> None:
        """As time would: due times are moved, nothing else is."""
        if self.url:
            with psycopg.connect(self.url) as server:
                server.execute(statement.encode(), parameters or None)
            return
        with closing(sqlite3.connect(self.sqlite, timeout=20)) as connection, connection:
            connection.execute(statement.replace("%s", "?"), parameters)

    def one(self, statement: str, *parameters: object) -> Any:
        """The only value of the only row."""
        (row,) = self.ask(statement, *parameters)
        (value,) = row.values()
        return value

    def pages(self, public_id: str) -> list[dict[str, Any]]:
        """A job's, in the order of its URLs."""
        return self.ask(
            "SELECT page.* FROM jobs_page page JOIN jobs_job job ON job.id = page.job_id"
            ' WHERE job.public_id = %s ORDER BY page."index"',
            public_id,
        )

    def forget_hosts(self) -> None:
        """Make an end of all pacing, as if a day had passed."""
        self.change("DELETE FROM jobs_host")

    def busy(self) -> bool:
        """Whether somebody is in the middle of a transaction that others may have to wait for."""
        if self.url:
            others = "datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
            return bool(self.one(f"SELECT COUNT(*) FROM pg_stat_activity WHERE {others}"))
        with closing(sqlite3.connect(self.sqlite, timeout=0, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
        return False

    def offences(self) -> dict[str, list[dict[str, Any]]]:
        """What does not hold, with the rows that say so."""
        found = {rule: self.ask(statement) for rule, statement in OFFENDERS.items()}
        return {rule: rows for rule, rows in found.items() if rows}


def create_database(server: str) -> str:
    """A new database on a PostgreSQL server; its URL."""
    name = f"platform_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return f"{server.rpartition('/')[0]}/{name}"


def drop_database(url: str, *, server: str) -> None:
    name = url.rpartition("/")[2]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
