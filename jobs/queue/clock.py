"""The database's clock, which all due times are measured by."""

from datetime import datetime

from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime


def database_now() -> datetime:
    """The time on the database's clock. One query."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')")
            parsed = parse_datetime(cursor.fetchone()[0])
            assert parsed
            return parsed.replace(tzinfo=timezone.get_current_timezone())
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        now: datetime = cursor.fetchone()[0]
        return now
