"""schemathesis asks a live server all that the document allows, and more, and has nothing to report."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.api import waiting
from jobs.models import Account

pytestmark = pytest.mark.django_db(transaction=True)

CONFIG = Path(__file__).parent / "schemathesis.toml"
ROOT = Path(__file__).parents[2]
LONG_S = 720
WITHIN_S = 2 * LONG_S
ALIKE = ("scrape", "preview", "createSchedule", "changeSchedule")
"""Operations that take what `createJob` takes: each way to write an option wrongly is tried with that one alone."""


@pytest.fixture
def known(make_job, complete, fail):
    """Jobs that are there: one that has ended well, one that has not, and a live one."""
    ended, failed = make_job(2), make_job(1)
    for index in (0, 1):
        complete(ended, index)
    fail(failed, 0)
    return {"jobs": [ended.public_id, failed.public_id, make_job(1).public_id]}


@pytest.fixture
def run(server, make_key, alice, known, monkeypatch, settings, tmp_path):
    """Runs it with further arguments. No worker is there, and no answer is held back."""
    monkeypatch.setattr(waiting, "MOST_WAITERS", 0)
    settings.SCRPY_RATE_LIMIT = settings.SCRPY_ACCOUNT_RATE_LIMIT = settings.SCRPY_WRONG_KEY_LIMIT = None
    Account.objects.filter(pk=alice.pk).update(most_jobs=1_000_000)
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.api.fuzzed",
        "SCRPY_FUZZED_IDS": json.dumps(known),
        "SCRPY_FUZZED_KEY": make_key(alice),
    }
    document = f"http://127.0.0.1:{server.port}/v1/openapi.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "run", document]

    def ask(*arguments):
        return subprocess.run(
            [*command, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )

    return ask


def assert_nothing_to_report(ran):
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Tested: " in ran.stdout


def test_examples_random_requests_and_sequences_of_them_leave_nothing_to_report(run):
    assert_nothing_to_report(run("--phases", "examples,fuzzing,stateful", "--max-examples", "10", "--seed", "1"))


@pytest.mark.slow
def test_each_way_to_write_something_wrongly_leaves_nothing_to_report(run):
    but = [argument for name in ALIKE for argument in ("--exclude-operation-id", name)]

    assert_nothing_to_report(run("--phases", "coverage", "--seed", "1", *but))


@pytest.mark.slow
def test_a_long_run_of_everything_leaves_nothing_to_report(run):
    assert_nothing_to_report(run("--max-examples", "200", "--max-time", str(LONG_S)))
