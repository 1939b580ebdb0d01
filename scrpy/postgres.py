"""Connections to PostgreSQL that do not wait for ever for a server that says nothing any more."""

from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

T = TypeVar("T")
POLL_S = 0.1


class Answered(Connection[Any]):
    """Closed when an answer takes longer than `answer_s`: a server that is stopped keeps to no timeout of its own.

    What it was asked then it may do yet, or not. One connection that is lost is taken for all that are idle: after a
    restart the pool would find out one by one, and pause in between.
    """

    answer_s: float

    def wait(self, gen: PQGen[T], interval: float = POLL_S, timeout: float | None = None) -> T:
        """Raises: OperationalError."""
        try:
            return super().wait(gen, interval, self.answer_s if timeout is None else timeout)
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            if self.closed and isinstance(pool := getattr(self, "_pool", None), ConnectionPool):
                pool.drain()
            raise


def answered_within(answer_s: float) -> type[Answered]:
    """The class of connections that wait so long, for a pool to make."""
    return type("Answered", (Answered,), {"answer_s": answer_s})
