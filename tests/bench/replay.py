"""Statements as a connection was given them, and the same given again to the database's driver alone."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from django.db import connection

Statement = tuple[str, Any, bool]
"""The text, its parameters, and whether these are many sets of them."""
BEGIN, COMMIT = ("BEGIN", None, False), ("COMMIT", None, False)


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """What this thread asks of the database, with the ends of transactions."""
    statements: list[Statement] = []
    commit, set_autocommit = connection._commit, connection._set_autocommit  # type: ignore[attr-defined]

    def note(execute: Callable[..., object], sql: str, parameters: Any, many: bool, context: object) -> object:
        statements.append((sql, parameters, many))
        return execute(sql, parameters, many, context)

    def note_commit() -> None:
        statements.append(COMMIT)
        commit()

    def note_begin(autocommit: bool) -> None:
        if connection.vendor == "postgresql" and not autocommit:  # on SQLite it is a statement like others
            statements.append(BEGIN)
        set_autocommit(autocommit)

    with ExitStack() as noting:
        noting.enter_context(connection.execute_wrapper(note))
        noting.enter_context(mock.patch.object(connection, "_commit", note_commit))
        noting.enter_context(mock.patch.object(connection, "_set_autocommit", note_begin))
        yield statements


def replay(statements: Sequence[Statement]) -> float:
    """Give them all to the driver, and read what it answers; how many seconds that took."""
    connection.ensure_connection()
    cursor = connection.connection.cursor()
    if connection.vendor == "sqlite":
        statements = [(sql.replace("%s", "?").replace("%%", "%"), given, many) for sql, given, many in statements]
    began = time.perf_counter()
    for sql, given, many in statements:
        (cursor.executemany if many else cursor.execute)(sql, *(() if given is None else (given,)))
        if cursor.description:
            cursor.fetchall()
    return time.perf_counter() - began
