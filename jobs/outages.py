"""How it shows that the database is away, busy, or has cut us off."""

from django.db import InterfaceError, InternalError, OperationalError

SIGNS = (OperationalError, InterfaceError, InternalError)
"""What Django raises then, and hardly ever else: what it was asked is tried again in a moment."""


def database_is_away(error: BaseException | None) -> bool:
    return isinstance(error, SIGNS)
