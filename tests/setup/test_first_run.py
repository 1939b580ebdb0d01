"""The first account, key and login: made once, told once, kept for their owner alone."""

import json

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.http import HttpRequest

from jobs.models import Account, ApiKey, Membership
from scrpy.management.first_run import ensure_owner, first_run

pytestmark = pytest.mark.django_db


def test_the_first_run_makes_a_key_and_a_login_that_work(tmp_path):
    made = first_run(tmp_path / "first-run.json", url="http://127.0.0.1:8000")

    key = ApiKey.objects.authenticate(made["apiKey"])
    assert key.account.unlimited
    assert authenticate(HttpRequest(), username=made["staffUser"], password=made["staffPassword"]).is_superuser


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


def test_the_first_of_staff_owns_the_first_account(tmp_path):
    first_run(tmp_path / "first-run.json", url="http://127.0.0.1:8000")

    ensure_owner()
    ensure_owner()

    membership = Membership.objects.get()
    assert (membership.user.username, membership.account.name, membership.role) == ("admin", "default", "owner")


def test_where_there_are_members_nobody_becomes_one(tmp_path, make_account):
    first_run(tmp_path / "first-run.json", url="http://127.0.0.1:8000")
    user = get_user_model().objects.create_user("ada")
    Membership.objects.create(user=user, account=make_account("alice"), role="viewer")

    ensure_owner()

    assert Membership.objects.count() == 1
