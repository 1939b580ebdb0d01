"""API keys, for people."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import escape

from jobs.dashboard import paging
from jobs.models import ApiKey
from jobs.models.api_key import FORM, SCOPES
from tests.dashboard.hostile import HOSTILE

FILLED = {"name": "nightly", "scopes": ["jobs:read", "account:read"]}


@pytest.fixture
def make_key(db):
    return lambda account, **overrides: ApiKey.objects.issue(account=account, **overrides)[0]


def made(client, **overrides):
    """The text of a key made with the form."""
    page = client.post("/dashboard/keys/new/", {**FILLED, **overrides}).content.decode()
    return re.search(r"<code>(\w+)</code>", page)[1]


def test_a_key_is_shown_once_and_opens_what_it_may(ada, alice):
    text = made(ada)

    key = ApiKey.objects.authenticate(text)
    assert (key.account, key.name, key.scopes, key.test) == (alice, "nightly", "jobs:read account:read", False)
    assert FORM.fullmatch(text)[3] not in ada.get("/dashboard/keys/").content.decode()


def test_the_page_that_shows_it_is_stored_nowhere(ada):
    answer = ada.post("/dashboard/keys/new/", FILLED)

    assert "no-store" in answer.headers["Cache-Control"]


def test_a_test_key_that_ends_tomorrow(ada):
    tomorrow = (timezone.now() + timedelta(days=1)).replace(second=0, microsecond=0)

    key = ApiKey.objects.authenticate(made(ada, test="on", expires_at=f"{tomorrow:%Y-%m-%dT%H:%M}"))

    assert (key.test, key.expires_at) == (True, tomorrow)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"scopes": []}, "This field is required"),
        ({"scopes": ["all"]}, "is not one of the available choices"),
        ({"expires_at": "2020-01-01T00:00"}, "This time has passed"),
        ({"expires_at": "soon"}, "Enter a valid date/time"),
        ({"name": "a" * 101}, "at most 100 characters"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_made(ada, wrong, says):
    page = ada.post("/dashboard/keys/new/", {**FILLED, **wrong}).content.decode()

    assert says in page
    assert not ApiKey.objects.exists()


def test_every_scope_is_offered_with_what_it_means(ada):
    page = ada.get("/dashboard/keys/new/").content.decode()

    assert [scope for scope, does in SCOPES.items() if f"{scope}: {does}" not in page] == []


def test_a_revoked_key_opens_nothing(ada, alice):
    key, text = ApiKey.objects.issue(account=alice)

    answer = ada.post(f"/dashboard/keys/{key.public_id}/revoke/", follow=True)

    assert ApiKey.objects.authenticate(text) is None
    assert f"{key.prefix} is revoked." in answer.content.decode()


def test_nobody_sees_or_revokes_keys_of_others(ada, bob, make_key):
    key = make_key(bob, name="bobs own")

    assert b"bobs own" not in ada.get("/dashboard/keys/").content
    assert ada.post(f"/dashboard/keys/{key.public_id}/revoke/").status_code == 404
    assert ApiKey.objects.usable().get() == key


def test_a_viewer_sees_the_list_alone(alice, make_person, browse, make_key):
    key = make_key(alice, name="nightly")
    viewer = browse(make_person(alice, role="viewer"))

    page = viewer.get("/dashboard/keys/").content

    assert b"nightly" in page
    assert b"data-dialog" not in page
    assert b"keys/new" not in page
    assert viewer.post(f"/dashboard/keys/{key.public_id}/revoke/").status_code == 403
    assert viewer.post("/dashboard/keys/new/", FILLED).status_code == 403
    assert ApiKey.objects.usable().get() == key


def test_a_member_makes_and_revokes(alice, make_person, browse):
    member = browse(make_person(alice, role="member"))

    key = ApiKey.objects.authenticate(made(member))
    member.post(f"/dashboard/keys/{key.public_id}/revoke/")

    assert not ApiKey.objects.usable().exists()


def test_each_status_is_told(ada, alice, make_key):
    make_key(alice)
    make_key(alice, expires_at=timezone.now() - timedelta(days=1))
    make_key(alice).revoke()

    page = ada.get("/dashboard/keys/").content.decode()

    assert re.findall(r"badge badge-(\w+)", page) == ["revoked", "expired", "usable"]


def test_many_keys_come_a_part_at_a_time(ada, alice, make_key, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(paging, "ROWS", 2)
    for name in "abc":
        make_key(alice, name=f"key {name}")

    with django_assert_num_queries(4):
        first = ada.get("/dashboard/keys/").content.decode()
    older = ada.get(f"/dashboard/keys/?{re.search(r'after=[0-9]+', first)[0]}").content.decode()

    assert re.findall("key [abc]", first.partition("<dialog")[0]) == ["key c", "key b"]
    assert "key a" in older
    assert "key b" not in older


def test_an_account_without_keys_is_told_what_to_do(ada):
    assert b"Make the first key" in ada.get("/dashboard/keys/").content


@pytest.mark.parametrize("text", HOSTILE)
def test_names_are_escaped(ada, alice, make_key, text):
    make_key(alice, name=text.replace("\0", "")[:100])

    page = ada.get("/dashboard/keys/").content.decode()

    assert escape(text.replace("\0", "")[:100]) in page
