"""API keys: shown once, revoked, never edited."""

import re
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from jobs.models import ApiKey
from jobs.models.api_key import SCOPES, TEST_PREFIX


def make_key(staff, account, **fields):
    data = {"account": account.pk, "name": "CI", "scopes": ["jobs:read"], **fields}
    return staff.post(reverse("admin:jobs_apikey_add"), data)


def text_in(answer):
    found = re.search(r"sk_live_\w+_\w{32}", answer.content.decode())
    return found and found[0]


def test_a_key_is_made_and_its_text_works(staff, alice):
    answer = make_key(staff, alice)

    key = ApiKey.objects.authenticate(text_in(answer))
    assert (key.account, key.name, key.scopes) == (alice, "CI", "jobs:read")
    assert key.expires_at is None
    assert ApiKey.objects.count() == 1


def test_a_key_is_shown_in_the_answer_that_makes_it_and_never_again(staff, alice):
    answer = make_key(staff, alice)

    key, text = ApiKey.objects.get(), text_in(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    for page in ("admin:index", "admin:jobs_apikey_changelist"):
        assert text not in staff.get(reverse(page)).content.decode()
    shown = staff.get(reverse("admin:jobs_apikey_change", args=[key.pk])).content.decode()
    assert key.prefix in shown
    assert key.secret_hash not in shown
    assert text not in shown
    assert all(text not in str(session.get_decoded()) for session in Session.objects.all())


def test_a_key_may_expire(staff, alice):
    make_key(staff, alice, expires_at_0="2100-01-01", expires_at_1="00:00:00")

    assert ApiKey.objects.get().expires_at.year == 2100


def test_a_key_is_not_made_expired_or_without_a_scope(staff, alice):
    yesterday = timezone.now() - timedelta(days=1)

    make_key(staff, alice, expires_at_0=f"{yesterday:%Y-%m-%d}", expires_at_1="00:00:00")
    make_key(staff, alice, scopes=[])
    make_key(staff, alice, scopes=["everything"])

    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_refused_from_then_on(staff, alice):
    key, text = ApiKey.objects.issue(account=alice)
    revoke = f"/admin/jobs/apikey/{key.pk}/revoke/"

    asked = staff.get(revoke)
    assert b"cannot be undone" in asked.content
    assert ApiKey.objects.authenticate(text)
    staff.post(revoke, {"_form_submitted": "on"})

    assert ApiKey.objects.authenticate(text) is None
    page = staff.get(reverse("admin:jobs_apikey_change", args=[key.pk])).content.decode()
    assert "revoked" in page
    assert revoke not in page


def test_a_key_cannot_be_edited(staff, alice):
    key, _ = ApiKey.objects.issue(account=alice)

    answer = staff.post(reverse("admin:jobs_apikey_change", args=[key.pk]), {"name": "x", "secret_hash": "y"})

    assert answer.status_code == 403


def test_a_whole_key_finds_its_row(staff, alice):
    key, text = ApiKey.objects.issue(account=alice)
    other, _ = ApiKey.objects.issue(account=alice)

    page = staff.get(reverse("admin:jobs_apikey_changelist"), {"q": text}).content.decode()

    assert key.prefix in page
    assert other.prefix not in page


def test_a_test_key_is_made_where_the_box_is_ticked(staff, alice):
    text = re.search(rf"{TEST_PREFIX}\w+_\w{{32}}", make_key(staff, alice, test="on").content.decode())[0]

    key = ApiKey.objects.authenticate(text)
    page = staff.get(reverse("admin:jobs_apikey_changelist"), {"q": text}).content.decode()
    assert key.test
    assert key.prefix in page


def test_the_form_lists_what_a_key_can_be_allowed(staff):
    page = staff.get(reverse("admin:jobs_apikey_add")).content.decode()

    assert [scope for scope in SCOPES if f'value="{scope}"' not in page] == []
