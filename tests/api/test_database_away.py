"""A database that takes no writes, is full, or whose answer is lost: 503, nothing half-made, nothing done twice."""

import json
import sqlite3
from contextlib import closing

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.signals import connection_created

from jobs.models import Account, ApiKey, HostQueue, Job, Page
from scrpy.patience import WEB

pytestmark = pytest.mark.django_db(transaction=True)
on_sqlite = pytest.mark.skipif("sqlite" not in connection.vendor, reason="PostgreSQL has other troubles")
BODY = {"urls": [f"https://store.com/{n}" for n in range(50)], "selectors": {"title": "h1"}}
AWAY = (503, "service_unavailable")


@pytest.fixture
def ask(server, make_key, alice):
    key = make_key(alice)

    def send(method, path, body=None, **headers):
        with closing(server.connect()) as asked:
            asked.request(
                method,
                path,
                body and json.dumps(body),
                {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers},
            )
            response = asked.getresponse()
            answer = json.loads(response.read())
        return response.status, answer.get("error", {}).get("code")

    return send


@pytest.fixture
def limited(alice):
    """Alice, who has credits for two such jobs."""
    Account.objects.filter(pk=alice.pk).update(unlimited=False, credits=100)
    return Account.objects.filter(pk=alice.pk)


def nothing_was_made(account):
    return not (Job.objects.exists() or HostQueue.objects.exists() or Page.objects.exists()) and account.get().credits


@on_sqlite
def test_while_another_writer_holds_sqlite_writing_is_refused_and_reading_goes_on(ask, limited, monkeypatch):
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "timeout", WEB.lock_s)
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        assert ask("POST", "/v1/jobs", BODY) == AWAY
        assert ask("GET", "/v1/jobs") == (200, None)

    assert nothing_was_made(limited) == 100
    assert ApiKey.objects.get().last_used_at is None
    assert ask("POST", "/v1/jobs", BODY) == (201, None)


@on_sqlite
def test_when_the_disk_of_sqlite_is_full_nothing_is_half_made(ask, limited):
    def fill(connection, **_kwargs):
        connection.cursor().execute("PRAGMA max_page_count = 1")  # as many as there are

    large = {**BODY, "urls": [f"https://store.com/{n}/{'x' * 8_000}" for n in range(99)]}
    connection_created.connect(fill)
    try:
        assert ask("POST", "/v1/jobs", large) == AWAY
        assert ask("GET", "/v1/jobs") == (200, None)
    finally:
        connection_created.disconnect(fill)

    assert nothing_was_made(limited) == 100
    assert ask("POST", "/v1/jobs", BODY) == (201, None)


def test_a_commit_whose_answer_is_lost_is_not_done_twice_under_a_key(ask, limited, monkeypatch):
    backend, lost = type(connections["default"]), []
    commit = backend._commit

    def lose_the_answer(self):
        commit(self)
        if not lost and Job.objects.exists():
            lost.append(True)
            raise OperationalError("the connection is lost")

    monkeypatch.setattr(backend, "_commit", lose_the_answer)

    answers = [ask("POST", "/v1/jobs", BODY, **{"Idempotency-Key": "mine"}) for _ in range(3)]

    assert answers == [AWAY, (201, None), (201, None)]
    assert (Job.objects.count(), Page.objects.count(), limited.get().credits) == (1, 50, 50)
