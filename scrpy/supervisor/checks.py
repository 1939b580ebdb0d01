"""What can be wrong before the first process starts, each said in one line that a person can act on."""

import asyncio
import errno
import socket
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from jobs.checks import explained, sandbox_impossible
from scraping.browser import BrowserPool, ChromiumMissing, find_chromium
from scraping.browser.launch import Sandbox
from scraping.errors import BrowserCrashed


class CannotStart(Exception):
    """Why `up` stops before, or while, it starts."""


def check_port(host: str, port: int, *, what: str) -> None:
    """Raises CannotStart if nobody can listen there now."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = "the port is taken" if error.errno == errno.EADDRINUSE else error.strerror
        raise CannotStart(
            f"{what} cannot listen on {host}:{port}: {reason}. "
            "Set SCRPY_PORT (and SCRPY_HOST) to an address that is free."
        ) from error


def check_chromium(configured: str | None) -> None:
    """Raises CannotStart if the workers would have no browser."""
    try:
        find_chromium(configured)
    except ChromiumMissing as error:
        raise CannotStart(f"{error} `make setup` does that.") from error


def check_sandbox(configured: str | None, sandbox: Sandbox) -> None:
    """Raises CannotStart if the workers would have no sandbox though it is insisted on. Then it starts a browser."""
    if impossible := sandbox_impossible():
        raise CannotStart(impossible)
    if sandbox == "on":
        try:
            asyncio.run(try_browser(find_chromium(configured)))
        except BrowserCrashed as error:
            raise CannotStart(explained(error)) from error


async def try_browser(executable: Path) -> None:
    """Have one in its sandbox for a moment. Raises: BrowserCrashed."""
    pool = BrowserPool(executable=executable, lanes=1, sandbox="on")
    try:
        await pool.start()
    finally:
        await pool.close()


def check_database() -> None:
    """Raises CannotStart if the database does not answer or its tables are not this version's. Queries."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        reason = str(error).partition("\n")[0]
        raise CannotStart(f"The database does not answer ({reason}). Check DATABASE_URL.") from error
    finally:
        connection.close()
    if missing:
        raise CannotStart(f"The database lacks {len(missing)} migrations. `make setup` applies them.")
