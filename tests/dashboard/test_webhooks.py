"""Webhooks, for people: the secret, deliveries, and one to try an endpoint."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import escape

from jobs.dashboard import paging, webhooks
from jobs.models import Delivery
from tests.dashboard import making
from tests.dashboard.hostile import HOSTILE

TEST = "/dashboard/webhooks/test/"


def ids(page):
    return re.findall(r'href="/dashboard/webhooks/(dlv_\w+)/"', page.content.decode())


def test_the_secret_is_shown_to_owners_who_ask(ada, alice):
    before = ada.get("/dashboard/webhooks/").content.decode()

    shown = ada.post("/dashboard/webhooks/secret/")

    assert alice.webhook_secret not in before
    assert alice.webhook_secret in shown.content.decode()
    assert "no-store" in shown.headers["Cache-Control"]


def test_a_rolled_secret_is_told_with_how_long_both_sign(ada, alice):
    old = alice.webhook_secret

    page = ada.post("/dashboard/webhooks/secret/roll/", follow=True).content.decode()

    alice.refresh_from_db()
    assert alice.webhook_secrets[1:] == [old]
    assert page.count(f"{alice.both_secrets_until:%Y-%m-%d %H:%M} UTC") == 2


def test_after_a_day_only_the_new_secret_is_spoken_of(ada, alice):
    alice.roll_webhook_secret()
    alice.webhook_secret_rolled_at = timezone.now() - timedelta(hours=25)
    alice.save()

    page = ada.get("/dashboard/webhooks/").content

    assert b"Rolled" in page
    assert b"signs as well until" not in page


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_others_neither_see_nor_roll_it(alice, make_person, browse, role):
    other, before = browse(make_person(alice, role=role)), alice.webhook_secret

    answers = [other.post(f"/dashboard/webhooks/secret/{what}").status_code for what in ("", "roll/")]

    alice.refresh_from_db()
    assert (answers, alice.webhook_secret) == ([403, 403], before)
    assert b'data-dialog="roll"' not in other.get("/dashboard/webhooks/").content


def test_a_test_is_put_on_its_way_and_can_be_watched(ada):
    answer = ada.post(TEST, {"url": "https://hooks.example.com/scrpy"})

    delivery = Delivery.objects.get()
    assert (delivery.event.event, delivery.url) == ("webhook.test", "https://hooks.example.com/scrpy")
    assert answer.url == f"/dashboard/webhooks/{delivery.public_id}/"
    assert b"Not tried yet" in ada.get(answer.url).content


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "This field is required"),
        ("http://hooks.example.com/", "https URLs only"),
        ("https://127.0.0.1/", "127.0.0.1"),
        ("nonsense", "not an absolute URL"),
        ("javascript:alert(1)", "javascript"),
    ],
)
def test_an_address_that_cannot_be_is_refused_with_the_reason(ada, settings, url, says):
    settings.SCRPY_WEBHOOK_ALLOW_HTTP = False

    page = ada.post(TEST, {"url": url}).content.decode()

    assert says in re.search(r'id="id_url_error">(.*?)</ul>', page, re.DOTALL)[1]
    assert not Delivery.objects.exists()


def test_deliveries_are_listed_with_their_last_answer(ada, alice, make_job):
    making.make_delivery(alice, "pending", (503, None), job=make_job(alice, completed=1, name="Lamps"))

    page = " ".join(ada.get("/dashboard/webhooks/").content.decode().split())

    assert re.search(r"Lamps.*badge-pending.*hooks.example.com.*none, <time", page)


def test_deliveries_are_filtered_by_status(ada, alice):
    making.make_delivery(alice)
    lost = making.make_delivery(alice, "given_up")

    assert ids(ada.get("/dashboard/webhooks/?status=given_up")) == [lost.public_id]
    assert len(ids(ada.get("/dashboard/webhooks/?status=nonsense"))) == 2
    assert b"None of these" in ada.get("/dashboard/webhooks/?status=pending").content


def test_those_of_a_status_are_looked_for_among_the_latest(ada, alice, monkeypatch):
    monkeypatch.setattr(webhooks, "SEARCHED", 1)
    making.make_delivery(alice, "given_up")
    making.make_delivery(alice)

    assert ids(ada.get("/dashboard/webhooks/?status=given_up")) == []


def test_a_delivery_shows_what_was_sent_and_each_try(ada, alice):
    delivery = making.make_delivery(alice, "given_up", (502, None))

    page = ada.get(f"/dashboard/webhooks/{delivery.public_id}/").content.decode()

    assert "Bad gateway" in page
    assert "No answer within 15 s." in page
    assert "&quot;event&quot;: &quot;job.completed&quot;" in page


def test_it_is_followed_until_nothing_can_change(ada, alice):
    waits, ended = making.make_delivery(alice, "pending"), making.make_delivery(alice)

    pages = [ada.get(f"/dashboard/webhooks/{one.public_id}/outcome/").content for one in (waits, ended)]

    assert [b"hx-get" in page for page in pages] == [True, False]


def test_a_delivery_is_sent_again(ada, alice):
    delivery = making.make_delivery(alice, "given_up")

    ada.post(f"/dashboard/webhooks/{delivery.public_id}/resend/")

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("pending", 0)


def test_nobody_sees_or_resends_deliveries_of_others(ada, bob):
    delivery = making.make_delivery(bob, "given_up")

    answers = [
        ada.get(f"/dashboard/webhooks/{delivery.public_id}/").status_code,
        ada.get(f"/dashboard/webhooks/{delivery.public_id}/outcome/").status_code,
        ada.post(f"/dashboard/webhooks/{delivery.public_id}/resend/").status_code,
    ]

    assert answers == [404, 404, 404]
    assert ids(ada.get("/dashboard/webhooks/")) == []
    assert Delivery.objects.get().status == "given_up"


def test_a_viewer_resends_and_tries_nothing(alice, make_person, browse):
    delivery = making.make_delivery(alice, "given_up")
    viewer = browse(make_person(alice, role="viewer"))

    page = viewer.get("/dashboard/webhooks/").content

    assert b"data-dialog" not in page
    assert b"Try an endpoint" not in page
    assert viewer.post(f"/dashboard/webhooks/{delivery.public_id}/resend/").status_code == 403


def test_many_come_a_part_at_a_time_by_few_queries(ada, alice, make_job, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(paging, "ROWS", 2)
    job = make_job(alice, completed=1)
    made = [making.make_delivery(alice, job=job).public_id for _ in range(3)]

    with django_assert_num_queries(5):
        first = ada.get("/dashboard/webhooks/?status=delivered")
    onward = re.search(r"\?status=delivered&amp;after=[0-9]+", first.content.decode())[0]
    older = ada.get(f"/dashboard/webhooks/{onward.replace('&amp;', '&')}")

    assert (ids(first), ids(older)) == (made[:0:-1], made[:1])


def test_one_delivery_takes_two_queries(ada, alice, django_assert_num_queries):
    delivery = making.make_delivery(alice)

    with django_assert_num_queries(5):
        ada.get(f"/dashboard/webhooks/{delivery.public_id}/")


def test_an_account_without_deliveries_is_told_how_to_get_some(ada):
    assert b"No deliveries yet" in ada.get("/dashboard/webhooks/").content


@pytest.mark.parametrize("text", HOSTILE)
def test_what_strangers_answer_is_escaped(ada, alice, text):
    text = text.replace("\0", "")
    delivery = making.make_delivery(alice, url=text)
    delivery.tries.update(excerpt=text)

    page = ada.get(f"/dashboard/webhooks/{delivery.public_id}/").content.decode()
    ada.get("/dashboard/webhooks/")

    assert escape(text[:80]) in page
    assert 'href="javascript' not in page
