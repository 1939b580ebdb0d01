"""The first account, key and login: made once, told once, kept for their owner alone."""

import json

import pytest
from django.contrib.auth import authenticate, get_user_model

from jobs.models import Account, ApiKey
from scrpy.management.first_run import first_run

pytestmark = pytest.mark.django_db


def test_the_first_run_makes_a_key_and_a_login_that_work(tmp_path):
    made = first_run(tmp_path / "first-run.json", url="http://127.0.0.1:8000")

    key = ApiKey.objects.authenticate(made["apiKey"])
    assert key.account.unlimited
    assert authenticate(username=made["staffUser"], password=made["staffPassword"]).is_superuser


def test_what_was_made_is_left_in_a_file_for_its_owner_alone(tmp_path):
    note = tmp_path / "first-run.json"
    note.write_text("left by a run that was killed")
    note.chmod(0o644)

    made = first_run(note, url="http://127.0.0.1:8000")

    assert json.loads(note.read_text()) == made
    assert list(made) == ["apiKey", "staffUser", "staffPassword", "url"]
    assert note.stat().st_mode & 0o777 == 0o600


def test_a_second_run_makes_nothing(tmp_path):
    first_run(tmp_path / "first-run.json", url="http://127.0.0.1:8000")

    assert first_run(tmp_path / "second.json", url="http://127.0.0.1:8000") is None
    assert not (tmp_path / "second.json").exists()
    assert (Account.objects.count(), ApiKey.objects.count(), get_user_model().objects.count()) == (1, 1, 1)
