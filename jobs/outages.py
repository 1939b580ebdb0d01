"""How it shows that the database is away, busy, or has cut us off."""

from django.db import InterfaceError, InternalError, OperationalError, connection

SIGNS = (OperationalError, InterfaceError, InternalError)
"""What Django raises then, and hardly ever else: what it was asked is tried again in a moment."""


def database_is_away(error: BaseException | None) -> bool:
    return isinstance(error, (*SIGNS, *driver_errors()))


def driver_errors() -> tuple[type[Exception], ...]:
    """The driver's own signs: Django passes on, as it is, what the end of a cursor raises."""
    driver = connection.Database  # type: ignore[attr-defined]
    return (driver.OperationalError, driver.InterfaceError)
