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


@pytest.fixture
def known(make_job, complete, fail):
    ended, failed = make_job(2), make_job(1)
    for index in (0, 1):
        complete(ended, index)
    fail(failed, 0)
    return {"jobs": [ended.public_id, failed.public_id, make_job(1).public_id]}


@pytest.fixture
def run(server, make_key, alice, known, monkeypatch, settings, tmp_path):
    """Runs it with further arguments; what it prints, and whether it was content."""
    monkeypatch.setattr(waiting, "MOST_WAITERS", 0)
    settings.SCRPY_RATE_LIMIT = settings.SCRPY_ACCOUNT_RATE_LIMIT = settings.SCRPY_WRONG_KEY_LIMIT = None
    Account.objects.filter(pk=alice.pk).update(most_jobs=1_000_000)
    key = make_key(alice)

    def ask(*arguments):
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "run"]
        where = f"http://127.0.0.1:{server.port}/v1/openapi.json"
        env = {
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.api.fuzzed",
            "SCRPY_FUZZED_IDS": json.dumps(known),
            "SCRPY_FUZZED_KEY": key,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "default",
        }
        return subprocess.run(
            [*command, where, *arguments],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=3_600,
            check=False,
        )

    return ask


def test_a_bounded_run_has_nothing_to_report(run):
    ran = run("--max-examples", "5", "--seed", "1")

    print(ran.stdout[-100000:], ran.stderr[-3000:])
    assert ran.returncode == 0
