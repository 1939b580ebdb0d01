"""Many rows of one table at once, faster than objects are made of them: COPY on PostgreSQL, one statement on SQLite."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model


def insert(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Store `rows` of the fields `names`; a foreign key is an id. In a transaction, which others may wait for.

    Each field that is left out has to have a default in the database, or be nullable.
    """
    fields = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(quote(field.column) for field in fields)  # type: ignore[union-attr, arg-type]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # type: ignore[arg-type]  # noqa: S608 - names of ours


def stored(moment: Any) -> Any:
    """A time as the database keeps it."""
    return connection.ops.adapt_datetimefield_value(moment)
