"""The rows of a large job, stored by the database's driver alone."""

import itertools
import sqlite3
import time
from typing import Any, Self

import psycopg

from tests.bench.stored import ENDED
from tests.platform.rows import Rows

COLUMNS = 'job_id, host_queue_id, "index", url, canonical_url, status, attempts, available_at'
URL = "https://shop.example.com/products/{}"


class BareJob:
    """One that is stored, which is given pages by one connection."""

    def __init__(self, rows: Rows, *, job: int) -> None:
        self._job = job
        self._indexes = itertools.count(1_000_000)
        self._on_postgres = bool(rows.url)
        self._connection: Any = psycopg.connect(rows.url) if rows.url else sqlite3.connect(rows.sqlite, timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def insert(self, count: int) -> float:
        """So many pages more, in one transaction; how many seconds it took."""
        rows = [
            (self._job, self._job, index, URL.format(index), URL.format(index), "pending", 0, ENDED)
            for index in itertools.islice(self._indexes, count)
        ]
        began = time.perf_counter()
        if self._on_postgres:
            with self._connection.cursor().copy(f"COPY jobs_page ({COLUMNS}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            self._connection.executemany(f"INSERT INTO jobs_page ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        self._connection.commit()
        return time.perf_counter() - began
