"""How long each kind of process waits for its database."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Patience:
    """All in whole seconds. A server that is stopped keeps to none of its own limits: `answer_s` is ours."""

    connect_s: int
    pool_s: int
    """For a connection, while all are out."""
    lock_s: int
    statement_s: int
    answer_s: int


WEB = Patience(connect_s=3, pool_s=3, lock_s=3, statement_s=4, answer_s=5)
"""A client waits for what these ask."""
BACKGROUND = Patience(connect_s=5, pool_s=10, lock_s=20, statement_s=60, answer_s=70)
IDLE_S = 5
"""After so long PostgreSQL ends a transaction that is asked nothing more: it is frozen, and others want the locks."""
RECONNECT_S = 4
"""For how long the pool tries for a connection that it has lost; later it tries again when one is wanted."""


def set_patience(database: MutableMapping[str, Any], patience: Patience) -> None:
    """Have connections to `database`, an entry of Django's DATABASES, wait so long. Before the first is made."""
    options = database.setdefault("OPTIONS", {})
    if "sqlite" in database["ENGINE"]:
        options["timeout"] = patience.lock_s
        return
    from scrpy.postgres import answered_within  # noqa: PLC0415 - psycopg takes a while to import

    options["connect_timeout"] = patience.connect_s
    options["options"] = (
        f"-c statement_timeout={patience.statement_s}s -c lock_timeout={patience.lock_s}s"
        f" -c idle_in_transaction_session_timeout={IDLE_S}s"
    )
    options["pool"] = {
        **options.get("pool", {}),
        "timeout": patience.pool_s,
        "reconnect_timeout": RECONNECT_S,
        "connection_class": answered_within(patience.answer_s),
    }
