"""Whose time has come, and what dead senders held."""

from datetime import timedelta

from django.db.models.functions import Now

from jobs.models import Delivery
from jobs.webhooks import claims, due
from jobs.webhooks.due import ring_due
from jobs.webhooks.ladder import MOST_ATTEMPTS

URL = "https://hooks.example.com/"


def test_what_is_due_is_rung_for_once(make_delivery, bells):
    delivery = make_delivery(to=URL)

    assert [ring_due(), ring_due()] == [1, 0]
    assert bells() == [[delivery.pk]]


def test_what_is_not_due_yet_is_not_rung_for(make_delivery, bells):
    make_delivery(to=URL, next_attempt_at=Now() + timedelta(minutes=1))

    assert ring_due() == 0


def test_a_bell_that_nobody_heard_is_rung_again(make_delivery, bells):
    delivery = make_delivery(to=URL)
    ring_due()
    Delivery.objects.update(lease_expires_at=Now())

    ring_due()

    assert bells() == [[delivery.pk], [delivery.pk]]


def test_of_many_those_due_longest_are_rung_first(make_delivery, bells):
    since = [make_delivery(to=URL, next_attempt_at=Now() - timedelta(minutes=minutes)) for minutes in (1, 3, 2)]

    ring_due(limit=2)
    ring_due(limit=2)

    assert bells() == [[since[1].pk], [since[2].pk], [since[0].pk]]


def test_who_would_be_turned_away_is_not_rung_for(make_delivery, bells, alice):
    silent = [make_delivery(to=URL, account=alice) for _ in range(12)]
    for delivery in silent[:2]:
        claims.claim(delivery.pk)
    healthy = make_delivery(to="https://healthy.example.com/")

    ring_due()

    dealt = [[delivery.pk for delivery in silent[first::2]] for first in (2, 3)]
    assert bells() == [*dealt, [healthy.pk]]


def test_many_to_one_endpoint_are_dealt_out_to_as_many_senders_as_it_may_have(make_delivery, bells, monkeypatch):
    monkeypatch.setattr(claims, "RUN", 2)
    waiting = [make_delivery(to=URL).pk for _ in range(10)]
    Delivery.objects.update(account=Delivery.objects.first().account)

    assert ring_due() == 4

    assert bells() == [waiting[place::4][:2] for place in range(4)]
    assert Delivery.objects.filter(lease_expires_at=None).count() == 2


def test_an_account_whose_share_is_used_up_stands_in_nobodys_way(make_delivery, bells, alice):
    for number in range(claims.MOST_AT_ONCE_OF_AN_ACCOUNT):
        claims.claim(make_delivery(to=f"https://{number}.example.com/", account=alice).pk)
    for _ in range(3):
        make_delivery(to=URL, account=alice)
    healthy = make_delivery(to="https://healthy.example.com/")

    ring_due(limit=2)

    assert bells() == [[healthy.pk]]


def test_of_two_clocks_only_one_rings_for_a_delivery(make_delivery, bells, monkeypatch):
    first, second = make_delivery(to=URL), make_delivery(to=URL)
    ring_deliveries = due.ring_deliveries

    def ring_while_the_other_clock_rings(run):
        monkeypatch.setattr(due, "ring_deliveries", ring_deliveries)
        ring_due()
        return ring_deliveries(run)

    monkeypatch.setattr(due, "ring_deliveries", ring_while_the_other_clock_rings)
    ring_due()

    assert bells() == [[second.pk], [first.pk]]


def test_what_a_dead_sender_held_is_due_again_at_once(make_delivery, bells):
    delivery = make_delivery(to=URL)
    claims.claim(delivery.pk)
    assert ring_due() == 0
    Delivery.objects.update(lease_expires_at=Now() - timedelta(seconds=1))

    assert ring_due() == 1

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.token) == ("pending", 1, None)
    assert delivery.tries.get().status_code is None


def test_what_a_sender_held_is_free_as_soon_as_it_is_known_to_be_dead(make_delivery, bells):
    theirs, ours = make_delivery(to=URL), make_delivery(to=URL)
    for delivery in (theirs, ours):
        claims.claim(delivery.pk)
    Delivery.objects.filter(pk=theirs.pk).update(token=claims.sender_token(host="there", pid=7))

    claims.expire_sender(host="there", pid=7)
    ring_due()

    assert [Delivery.objects.get(pk=one.pk).status for one in (theirs, ours)] == ["pending", "sending"]


def test_a_delivery_that_kills_each_sender_is_given_up_after_its_attempts(make_delivery, bells):
    delivery = make_delivery(to=URL)

    for _ in range(MOST_ATTEMPTS):
        assert claims.claim(delivery.pk)
        Delivery.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
        ring_due()

    delivery.refresh_from_db()
    assert (delivery.status, delivery.tries.count()) == ("given_up", MOST_ATTEMPTS)
