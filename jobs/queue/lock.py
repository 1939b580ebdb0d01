"""The lock under which planners plan, and whoever would upset their plans works."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

PLANNERS_LOCK = 0x73637270


@contextmanager
def planners_lock() -> Iterator[None]:
    """A transaction that no other planner or sweep shares. SQLite's IMMEDIATE transactions are that already."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PLANNERS_LOCK])
        yield
