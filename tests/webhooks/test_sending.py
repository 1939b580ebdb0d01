"""One try at one delivery, over a real connection."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook

from jobs.models import Delivery
from jobs.webhooks import claims, ladder, posting, sending
from jobs.webhooks.due import SENDER_LOST, ring_due
from jobs.webhooks.sending import deliver


def attempt_of(delivery):
    deliver([delivery.pk])
    delivery.refresh_from_db()
    return delivery.tries.order_by("pk").last()


def make_due(delivery):
    Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=Now() - timedelta(seconds=1))


def test_an_accepted_delivery_is_delivered_and_its_attempt_noted(make_delivery, endpoint):
    endpoint.answers(204, body=b"")
    delivery = make_delivery(to=endpoint.url)

    attempt = attempt_of(delivery)

    assert (delivery.status, delivery.attempts, delivery.next_attempt_at) == ("delivered", 1, None)
    assert (delivery.token, delivery.lease_expires_at) == (None, None)
    assert (attempt.status_code, attempt.excerpt) == (204, "")


def test_the_request_is_a_json_post_of_the_stored_bytes(make_delivery, endpoint):
    delivery = make_delivery(to=endpoint.url)

    deliver([delivery.pk])

    (sent,) = endpoint.received
    assert sent.path == "/hook?from=scrpy"
    assert sent.body == delivery.event.body.encode()
    assert sent.headers["Host"] == endpoint.pair
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["User-Agent"].startswith("scrpy/")
    assert sent.headers["X-Scrpy-Event"] == "job.completed"


def test_an_unmodified_standard_webhooks_client_verifies_a_delivery(make_delivery, endpoint):
    delivery = make_delivery(to=endpoint.url)

    deliver([delivery.pk])

    (sent,) = endpoint.received
    said = Webhook(delivery.event.account.webhook_secret).verify(sent.body, sent.headers)
    assert said == {"event": "job.completed", "name": "Café"}
    assert sent.headers["webhook-id"] == delivery.event.public_id


def test_the_scrpy_signature_is_an_hmac_of_the_raw_body_under_the_secret_as_written(make_delivery, endpoint):
    delivery = make_delivery(to=endpoint.url)

    deliver([delivery.pk])

    (sent,) = endpoint.received
    key = delivery.event.account.webhook_secret.encode()
    assert sent.headers["X-Scrpy-Signature"] == "sha256=" + hmac.new(key, sent.body, hashlib.sha256).hexdigest()
    age = datetime.now(UTC) - datetime.fromtimestamp(int(sent.headers["X-Scrpy-Timestamp"]), UTC)
    assert timedelta(0) <= age < timedelta(minutes=5)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 429, 500, 503])
def test_any_other_answer_is_tried_again_and_what_it_said_is_kept(make_delivery, endpoint, status):
    endpoint.answers(status, headers={"Location": f"http://{endpoint.pair}/elsewhere"}, body=b"not\0now \xff")
    delivery = make_delivery(to=endpoint.url)

    attempt = attempt_of(delivery)

    assert (delivery.status, delivery.attempts) == ("pending", 1)
    assert (attempt.status_code, attempt.excerpt) == (status, "not\ufffdnow \ufffd")
    assert [sent.path for sent in endpoint.received] == ["/hook?from=scrpy"]


def test_tries_follow_the_ladder_with_the_same_id_and_bytes_and_then_the_delivery_is_given_up(
    make_delivery, endpoint, monkeypatch
):
    monkeypatch.setattr(ladder, "JITTER", 0)
    endpoint.answers(500)
    delivery = make_delivery(to=endpoint.url)

    pauses_min = []
    while delivery.status == "pending":
        make_due(delivery)
        attempt = attempt_of(delivery)
        pauses_min += (
            [round((delivery.next_attempt_at - attempt.at) / timedelta(minutes=1))] if delivery.next_attempt_at else []
        )

    assert pauses_min == [1, 5, 15, 60, 180, 360, 720]
    assert (delivery.status, delivery.attempts, delivery.tries.count()) == ("given_up", 8, 8)
    assert len({(sent.headers["webhook-id"], sent.body) for sent in endpoint.received}) == 1


def test_an_endpoint_may_ask_for_another_pause(make_delivery, endpoint):
    endpoint.answers(503, headers={"Retry-After": "1800"})
    delivery = make_delivery(to=endpoint.url)

    attempt = attempt_of(delivery)

    assert round((delivery.next_attempt_at - attempt.at) / timedelta(minutes=1)) == 30


def test_an_endpoint_that_is_gone_is_given_up_at_once(make_delivery, endpoint):
    endpoint.answers(410)
    delivery = make_delivery(to=endpoint.url)

    attempt = attempt_of(delivery)

    assert (delivery.status, attempt.status_code) == ("given_up", 410)


def test_an_endpoint_that_never_answers_is_left_at_the_deadline(make_delivery, endpoint, monkeypatch):
    monkeypatch.setattr(posting, "TIMEOUT_S", 0.2)
    endpoint.stays_silent()
    delivery = make_delivery(to=endpoint.url)

    attempt = attempt_of(delivery)

    assert (delivery.status, attempt.status_code) == ("pending", None)
    assert attempt.excerpt == "No answer within 0.2 s."


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_an_answer_that_drips_in_is_cut_off_at_the_deadline(make_delivery, endpoint, monkeypatch, head):
    monkeypatch.setattr(posting, "TIMEOUT_S", 0.3)
    endpoint.drips(head)
    delivery = make_delivery(to=endpoint.url)

    attempt = attempt_of(delivery)

    assert (delivery.status, attempt.excerpt) == ("pending", "No answer within 0.3 s.")


def test_a_success_stands_even_if_its_body_never_ends(make_delivery, endpoint, monkeypatch):
    monkeypatch.setattr(posting, "TIMEOUT_S", 0.3)
    endpoint.drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    delivery = make_delivery(to=endpoint.url)

    attempt = attempt_of(delivery)

    assert (delivery.status, attempt.status_code) == ("delivered", 200)
    assert set(attempt.excerpt) == {"H"}


def test_of_a_huge_answer_only_the_beginning_is_kept(make_delivery, endpoint):
    endpoint.answers(200, body=b"x" * 10_000_000)
    delivery = make_delivery(to=endpoint.url)

    attempt = attempt_of(delivery)

    assert delivery.status == "delivered"
    assert attempt.excerpt == "x" * posting.MOST_KEPT_CHARS


def test_a_connection_that_breaks_is_tried_again(make_delivery, endpoint):
    endpoint.resets()
    delivery = make_delivery(to=endpoint.url)

    attempt = attempt_of(delivery)

    assert (delivery.status, attempt.status_code) == ("pending", None)
    assert attempt.excerpt == "The connection broke off before a whole answer had come."


def test_a_delivery_is_claimed_by_one_of_two_senders(make_delivery, endpoint, monkeypatch):
    delivery, winners = make_delivery(to=endpoint.url), []

    shares = claims.shares

    def claim_in_between():
        monkeypatch.setattr(claims, "shares", shares)
        winners.append(claims.claim(delivery.pk))
        return shares()

    monkeypatch.setattr(claims, "shares", claim_in_between)
    loser = claims.claim(delivery.pk)

    delivery.refresh_from_db()
    assert loser is None
    assert [winner.token for winner in winners] == [delivery.token]
    assert delivery.attempts == 1


def test_messages_that_come_twice_or_early_send_once(make_delivery, endpoint):
    endpoint.answers(500)
    delivery = make_delivery(to=endpoint.url)

    for _ in range(3):
        deliver([delivery.pk])

    assert len(endpoint.received) == 1


def test_a_message_for_a_delivery_that_is_no_more_does_nothing(make_delivery, endpoint):
    delivery = make_delivery(to=endpoint.url)
    Delivery.objects.all().delete()

    deliver([delivery.pk])

    assert endpoint.received == []


def test_a_sender_that_comes_back_late_cannot_note_its_answer_in_its_successors_place(make_delivery, bells):
    delivery = make_delivery(to="https://hooks.example.com/")
    late = claims.claim(delivery.pk)
    Delivery.objects.update(lease_expires_at=Now())
    ring_due()
    successor = claims.claim(delivery.pk)

    noted = claims.settle(late, posting.Answer(status_code=200, excerpt="", duration_ms=1), pause=None)

    delivery.refresh_from_db()
    assert (noted, delivery.status, delivery.token) == (False, "sending", successor.token)
    assert [attempt.excerpt for attempt in delivery.tries.all()] == [SENDER_LOST.excerpt]


def test_a_silent_endpoint_gets_no_more_than_its_share_of_senders(make_delivery, alice, endpoint):
    sending = [make_delivery(to="https://silent.example.com/", account=alice) for _ in range(4)]
    waiting = make_delivery(to="https://silent.example.com/", account=alice)
    healthy = make_delivery(to=endpoint.url, account=alice)
    assert all(claims.claim(delivery.pk) for delivery in sending)
    Delivery.objects.filter(pk=waiting.pk).update(lease_expires_at=Now() + claims.BELL_HOLDS)

    assert claims.claim(waiting.pk) is None
    assert claims.claim(healthy.pk)
    waiting.refresh_from_db()
    assert waiting.lease_expires_at is None  # so that it is rung for as soon as there is room


def test_an_account_gets_no_more_than_its_share_of_senders(make_delivery, alice, endpoint):
    sending = [make_delivery(to=f"https://{n}.example.com/", account=alice) for n in range(8)]
    waiting = make_delivery(to=endpoint.url, account=alice)
    neighbours = make_delivery(to=endpoint.url)
    assert all(claims.claim(delivery.pk) for delivery in sending)

    assert claims.claim(waiting.pk) is None
    assert claims.claim(neighbours.pk)


def test_who_was_turned_away_is_rung_for_when_a_place_is_free(make_delivery, alice, endpoint, bells):
    delivery, waiting = (make_delivery(to=endpoint.url, account=alice) for _ in range(2))

    deliver([delivery.pk])

    assert bells() == [[waiting.pk]]


def test_a_run_goes_over_one_connection_in_its_order(make_delivery, endpoint, alice):
    run = [make_delivery(to=endpoint.url, account=alice) for _ in range(5)]

    deliver([delivery.pk for delivery in run])

    assert [sent.headers["webhook-id"] for sent in endpoint.received] == [one.event.public_id for one in run]
    assert len({sent.sender for sent in endpoint.received}) == 1
    assert set(Delivery.objects.values_list("status", "attempts", "token")) == {("delivered", 1, None)}


def test_one_of_a_run_that_fails_climbs_the_ladder_and_holds_up_no_other(make_delivery, endpoint, alice):
    failing = iter([200, 500, 200])
    answers = endpoint.answers

    def answer(handler):
        answers(next(failing))
        endpoint.answer(handler)
        endpoint.answer = answer

    endpoint.answer = answer
    run = [make_delivery(to=endpoint.url, account=alice) for _ in range(3)]

    deliver([delivery.pk for delivery in run])

    assert list(Delivery.objects.order_by("pk").values_list("status", flat=True)) == [
        "delivered",
        "pending",
        "delivered",
    ]
    assert [one.tries.count() for one in run] == [1, 1, 1]


def test_a_sender_holds_one_delivery_of_its_run_at_a_time(make_delivery, endpoint, alice, monkeypatch):
    run = [make_delivery(to=endpoint.url, account=alice) for _ in range(3)]
    held, sent = [], sending.send

    def looking(delivery, line):
        held.append(list(Delivery.objects.filter(status="sending").values_list("pk", flat=True)))
        return sent(delivery, line)

    monkeypatch.setattr(sending, "send", looking)
    deliver([delivery.pk for delivery in run])

    assert held == [[delivery.pk] for delivery in run]


def test_a_sender_whose_time_is_over_leaves_the_rest_of_its_run_to_be_rung_for(
    make_delivery, endpoint, alice, bells, monkeypatch
):
    monkeypatch.setattr(sending, "GO_ON_FOR_S", 0)
    rung = Now() + claims.BELL_HOLDS
    run = [make_delivery(to=endpoint.url, account=alice, lease_expires_at=rung) for _ in range(4)]

    deliver([delivery.pk for delivery in run])

    assert [sent.headers["webhook-id"] for sent in endpoint.received] == [run[0].event.public_id]
    assert bells() == [[delivery.pk for delivery in run[1:]]]


def test_who_is_turned_away_is_so_with_the_whole_run(make_delivery, alice, django_assert_num_queries):
    for _ in range(claims.MOST_AT_ONCE_TO_A_URL):
        claims.claim(make_delivery(to="https://silent.example.com/", account=alice).pk)
    rung = Now() + claims.BELL_HOLDS
    run = [make_delivery(to="https://silent.example.com/", account=alice, lease_expires_at=rung) for _ in range(3)]

    with django_assert_num_queries(3):
        deliver([delivery.pk for delivery in run])

    assert Delivery.objects.filter(status="pending", lease_expires_at=None, attempts=0).count() == 3


def test_a_connection_that_the_endpoint_gives_up_is_made_anew(make_delivery, endpoint, alice):
    endpoint.answers(200, headers={"Connection": "close"})
    run = [make_delivery(to=endpoint.url, account=alice) for _ in range(3)]

    deliver([delivery.pk for delivery in run])

    assert set(Delivery.objects.values_list("status", "attempts")) == {("delivered", 1)}
    assert len({sent.sender for sent in endpoint.received}) == 3


def test_a_connection_that_the_endpoint_gives_up_without_a_word_costs_no_try(make_delivery, endpoint, alice):
    answer = endpoint.answer

    def hang_up(handler):
        answer(handler)
        handler.close_connection = True

    endpoint.answer = hang_up
    run = [make_delivery(to=endpoint.url, account=alice) for _ in range(3)]

    deliver([delivery.pk for delivery in run])

    assert set(Delivery.objects.values_list("status", "attempts")) == {("delivered", 1)}


def test_an_answer_that_was_not_read_to_its_end_is_not_taken_for_the_next_one(make_delivery, endpoint, alice):
    endpoint.answers(200, body=b"HTTP/1.1 500 Oh\r\n\r\n" * 10_000)
    run = [make_delivery(to=endpoint.url, account=alice) for _ in range(2)]

    deliver([delivery.pk for delivery in run])

    assert set(Delivery.objects.values_list("status", "attempts")) == {("delivered", 1)}


def test_another_delivery_of_a_run_costs_four_queries_in_one_transaction(
    make_delivery, endpoint, alice, django_assert_num_queries
):
    alone = [make_delivery(to=endpoint.url, account=alice).pk]
    with CaptureQueriesContext(connection) as for_one:
        deliver(alone)
    run = [make_delivery(to=endpoint.url, account=alice).pk for _ in range(11)]

    savepoint = 2  # what is a transaction outside of a test
    with django_assert_num_queries(len(for_one) + 10 * (4 + savepoint)):
        deliver(run)


def test_no_connection_to_the_database_is_held_while_sending(make_delivery, endpoint, given_back):
    held = []
    endpoint.answer = lambda handler: (held.append(not given_back), handler.send_error(500))

    deliver([make_delivery(to=endpoint.url).pk])

    assert held == [False]
