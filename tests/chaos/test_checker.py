"""The checker finds nothing off after a good run, and says what is off wherever something was spoilt."""

import shutil
import sqlite3
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.chaos.checker import Evidence, judge, recovery_s
from tests.chaos.history import Claim, Strike, now
from tests.chaos.run import run
from tests.environment import ON_POSTGRES
from tests.platform.rows import Rows

pytestmark = pytest.mark.skipif(ON_POSTGRES, reason="the checker asks both databases in the same words")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """What a small run without any harm has left behind."""
    kept = tmp_path_factory.mktemp("evidence") / "kept.sqlite3"

    def keep(evidence):
        with closing(sqlite3.connect(evidence.rows.sqlite)) as source, closing(sqlite3.connect(kept)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            for (trigger,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                copy.execute(f"DROP TRIGGER {trigger}")
        return replace(evidence, rows=Rows(kept), received=list(evidence.received))

    return run(seed=2, urls=24, kills=0, workers=1, conclude=keep)


@pytest.fixture
def evidence(good, tmp_path):
    """The same, to be spoilt."""
    spoilt = shutil.copy(good.rows.sqlite, tmp_path / "spoilt.sqlite3")
    return Evidence(Rows(spoilt), deepcopy(good.history), list(good.received))


def test_of_a_good_run_there_is_nothing_to_say(evidence):
    verdict = judge(evidence)

    assert verdict.details() == []
    assert verdict.urls == 24


@pytest.mark.parametrize(
    ("found", "change"),
    [
        ("lost", "DELETE FROM jobs_page WHERE id = (SELECT MIN(id) FROM jobs_page WHERE status = 'completed')"),
        ("lost", "UPDATE jobs_page SET url = url || 'x' WHERE id = (SELECT MIN(id) FROM jobs_page)"),
        ("lost", "UPDATE jobs_page SET status = 'queued' WHERE id = (SELECT MIN(id) FROM jobs_page)"),
        (
            "charges_off",
            "DELETE FROM jobs_ledgerentry WHERE id = (SELECT MIN(id) FROM jobs_ledgerentry WHERE amount < 0)",
        ),
        ("charges_off", "UPDATE jobs_account SET credits = credits - 1 WHERE name = 'carol'"),
        ("others", "UPDATE jobs_job SET credits_used = 0 WHERE credits_used > 0"),
        ("others", "UPDATE jobs_page SET sequence = NULL WHERE id = (SELECT MIN(id) FROM jobs_page)"),
        ("others", "UPDATE jobs_page SET attempts = 99 WHERE id = (SELECT MIN(id) FROM jobs_page)"),
        ("doubled", "UPDATE jobs_job SET public_id = 'job_nobodys' WHERE id = (SELECT MIN(id) FROM jobs_job)"),
        (
            "events_missing",
            "UPDATE jobs_delivery SET status = 'sending' WHERE id = (SELECT MIN(id) FROM jobs_delivery)",
        ),
    ],
)
def test_what_is_wrong_in_the_database_is_told(evidence, found, change):
    evidence.rows.change(change)

    assert getattr(judge(evidence), found)


def test_a_second_charge_is_told(evidence):
    for change in (
        "CREATE TABLE unguarded AS SELECT * FROM jobs_ledgerentry",
        "INSERT INTO unguarded SELECT * FROM jobs_ledgerentry WHERE amount < 0 LIMIT 1",
        "DROP TABLE jobs_ledgerentry",
        "ALTER TABLE unguarded RENAME TO jobs_ledgerentry",
    ):
        evidence.rows.change(change)

    verdict = judge(evidence)
    assert verdict.doubled
    assert verdict.charges_off


def first_with_data(evidence):
    return next(story for story in evidence.history.stories if any(result["data"] for result in story.results))


def lose_result(evidence):
    first_with_data(evidence).results.pop()


def give_result_twice(evidence):
    story = first_with_data(evidence)
    story.results.append(story.results[0])


def give_foreign_data(evidence):
    next(one for one in first_with_data(evidence).results if one["data"])["data"]["title"] = "Product of another"


def count_backwards(evidence):
    story = first_with_data(evidence)
    story.polls.append({**story.polls[-1], "completedUrls": story.polls[-1]["completedUrls"] - 1})


def change_answer(evidence):
    story = first_with_data(evidence)
    story.polls.append(deepcopy(story.polls[-1]))
    story.polls[-1]["results"][0]["data"] = {"title": "something else"}


def lose_event(evidence):
    evidence.received[:] = [each for each in evidence.received if each.body != evidence.received[0].body]


def alter_event(evidence):
    evidence.received.append(replace(evidence.received[0], body=evidence.received[0].body.replace(b"}", b" }", 1)))


@pytest.mark.parametrize(
    ("found", "spoil"),
    [
        ("lost", lose_result),
        ("lost", give_foreign_data),
        ("doubled", give_result_twice),
        ("others", count_backwards),
        ("others", change_answer),
        ("events_missing", lose_event),
        ("others", alter_event),
    ],
)
def test_what_clients_were_told_wrong_is_told(evidence, found, spoil):
    spoil(evidence)

    assert getattr(judge(evidence), found)


def test_a_victims_page_that_nobody_took_back_is_told(evidence):
    page = evidence.rows.ask("SELECT id, token, status FROM jobs_page LIMIT 1")[0]
    evidence.history.strikes.append(
        Strike("worker", "supervisor", 1, 1, held=[Claim("jobs_page", page["id"], page["token"], "running")])
    )

    assert judge(evidence).others


def test_recovery_is_from_the_strike_until_what_was_held_is_out_of_the_victims_hands(evidence):
    strike = Strike("worker", "supervisor", 1, 1, held=[Claim("jobs_page", 1, "x", "running")])
    strike.freed_at = strike.at + timedelta(seconds=2)
    stopped = Strike("queue", "nobody", 1, 1, counts_from_end=True, over_at=now(), held=strike.held)
    stopped.freed_at = stopped.over_at + timedelta(seconds=3)

    assert [recovery_s(evidence.rows, evidence.history, one) for one in (strike, stopped)] == [2, 3]
