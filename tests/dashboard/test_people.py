"""Signing in and out, passwords and sessions."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.core import mail
from django.db.models.functions import Now

from jobs.models import Session
from jobs.retention import forget_sessions

RIGHT = {"username": "ada", "password": "open sesame"}


@pytest.fixture
def person(alice, make_person):
    return make_person(alice, username="ada", email="ada@example.com")


def test_the_right_password_leads_where_one_was_going(client, person):
    answer = client.post("/dashboard/sign-in/?next=/dashboard/jobs/", {**RIGHT, "next": "/dashboard/jobs/"})

    assert answer.url == "/dashboard/jobs/"


def test_nobody_is_led_to_another_site(client, person):
    answer = client.post("/dashboard/sign-in/", {**RIGHT, "next": "https://evil.example/"})

    assert answer.url == "/dashboard/"


@pytest.fixture
def locked(client, person):
    """A client that has failed as often as one may."""
    for _ in range(settings.AXES_FAILURE_LIMIT):
        last = client.post("/dashboard/sign-in/", {**RIGHT, "password": "wrong"})
    assert last.status_code == 429
    return client


def test_after_many_failures_even_the_right_password_waits(locked):
    answer = locked.post("/dashboard/sign-in/", RIGHT)

    assert answer.status_code == 429
    assert b"Too many attempts" in answer.content


def test_the_lock_is_of_one_name_at_one_address(locked, make_person):
    make_person(username="grace")

    elsewhere = locked.post("/dashboard/sign-in/", RIGHT, REMOTE_ADDR="192.0.2.7")
    another = locked.post("/dashboard/sign-in/", {**RIGHT, "username": "grace"})

    assert (elsewhere.status_code, another.status_code) == (302, 302)


def test_a_header_that_anybody_can_write_is_no_way_past_the_lock(locked):
    answer = locked.post("/dashboard/sign-in/", RIGHT, headers={"X-Forwarded-For": "192.0.2.7"})

    assert answer.status_code == 429


def test_behind_a_proxy_the_address_that_it_added_counts(locked, settings):
    settings.HTTPS = True

    answer = locked.post("/dashboard/sign-in/", RIGHT, headers={"X-Forwarded-For": "127.0.0.1, 192.0.2.7"})

    assert answer.status_code == 302


def test_the_admin_locks_as_well(locked):
    assert locked.post("/admin/login/", RIGHT).status_code == 429


def test_a_forgotten_password_is_reset_by_mail(client, person):
    client.post("/dashboard/password/forgotten/", {"email": "ada@example.com"})
    link = re.search(r"http://testserver(\S+)", mail.outbox[0].body)[1]

    form = client.get(link, follow=True).request["PATH_INFO"]
    new = {"new_password1": "a longer sesame", "new_password2": "a longer sesame"}
    client.post(form, new)

    assert client.post("/dashboard/sign-in/", {**RIGHT, "password": "a longer sesame"}).status_code == 302
    assert b"This link is spent" in client.get(link, follow=True).content


def test_nobody_learns_whether_an_address_is_known(client, db):
    answer = client.post("/dashboard/password/forgotten/", {"email": "nobody@example.com"})

    assert (answer.url, mail.outbox) == ("/dashboard/password/sent/", [])


def test_a_changed_password_ends_the_other_sessions(client, person, browse):
    client.post("/dashboard/sign-in/", RIGHT)
    other = browse(person)

    new = {"old_password": "open sesame", "new_password1": "a longer sesame", "new_password2": "a longer sesame"}
    client.post("/dashboard/password/", new)

    assert client.get("/dashboard/").status_code == 200
    assert other.get("/dashboard/").status_code == 302
    assert Session.objects.filter(user=person).count() == 1


def test_one_sees_and_ends_ones_own_sessions_alone(client, person, browse, ben):
    client.post("/dashboard/sign-in/", RIGHT, headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"})
    other = browse(person)
    bens = Session.objects.get(user__username="ben")

    page = client.get("/dashboard/profile/").content.decode()
    for name in [*re.findall(r'name="session"\s+value="(\w+)"', page), bens.name]:
        client.post("/dashboard/profile/sessions/end/", {"session": name})

    assert "Firefox on Linux" in page
    assert not [session for session in Session.objects.all() if session.session_key in page]
    assert (client.get("/dashboard/").status_code, other.get("/dashboard/").status_code) == (200, 302)
    assert ben.get("/dashboard/").status_code == 200


def test_all_other_sessions_end_at_once(client, person, browse):
    client.post("/dashboard/sign-in/", RIGHT)
    others = [browse(person), browse(person)]

    client.post("/dashboard/profile/sessions/end/", {"all": "on"})

    assert [other.get("/dashboard/").status_code for other in others] == [302, 302]
    assert client.get("/dashboard/").status_code == 200


def test_who_signs_out_is_out(client, person):
    client.post("/dashboard/sign-in/", RIGHT)

    client.post("/dashboard/sign-out/")

    assert client.get("/dashboard/").status_code == 302


def test_sessions_that_have_run_out_are_forgotten_and_others_are_not(ada, ben):
    Session.objects.filter(user__username="ben").update(expire_date=Now() - timedelta(seconds=1))

    forget_sessions()

    assert [session.user.username for session in Session.objects.all()] == ["ada"]
