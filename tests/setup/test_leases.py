"""A dead worker's leases end at once, if need be at the second try."""

import asyncio

import pytest
from django.db import OperationalError

from scrpy.supervisor import leases


@pytest.fixture
def database(monkeypatch):
    """Stands in for `expire_worker`: notes the pids, and is away as often as `database.away` says."""

    class Database:
        away = 0

        def __init__(self):
            self.expired = []

        def expire_worker(self, *, host: str, pid: int) -> None:
            if self.away:
                self.away -= 1
                raise OperationalError("the database is away")
            self.expired.append(pid)

    stand_in = Database()
    monkeypatch.setattr(leases, "expire_worker", stand_in.expire_worker)
    monkeypatch.setattr(leases, "PAUSES_S", (0, 0, 0))
    return stand_in


def test_leases_are_expired_once(database):
    asyncio.run(leases.expire_leases("worker", 4711))

    assert database.expired == [4711]


def test_a_database_that_is_away_is_asked_again(database):
    database.away = 2

    asyncio.run(leases.expire_leases("worker", 4711))

    assert database.expired == [4711]


def test_a_database_that_stays_away_is_left_to_the_clock(database):
    database.away = 99

    asyncio.run(leases.expire_leases("worker", 4711))

    assert database.expired == []
