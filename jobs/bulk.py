"""Many rows of one table at once, faster than objects are made of them: COPY on PostgreSQL, one statement on SQLite."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model

ROWS_PER_STATEMENT = 10_000
"""Few enough for the time that a statement may take."""


def insert(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Store `rows` of the fields `names`; a foreign key is an id. In a transaction, which others may wait for.

    Each field that is left out has to have a default in the database, or be nullable.
    """
    fields = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(quote(field.column) for field in fields)  # type: ignore[union-attr, arg-type]
    marks = ", ".join(["%s"] * len(fields))
    left, written = iter(rows), 0
    with connection.cursor() as cursor, connection.wrap_database_errors:
        while some := list(islice(left, ROWS_PER_STATEMENT)):
            if connection.vendor == "postgresql":
                if written:
                    connection.check_constraints()  # else the commit looks all foreign keys up, in one statement's time
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in some:
                        copy.write_row(row)
            else:
                cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", some)  # noqa: S608 - names of ours
            written += len(some)


def stored(moment: Any) -> Any:
    """A time as the database keeps it."""
    return connection.ops.adapt_datetimefield_value(moment)
