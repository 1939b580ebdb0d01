"""How often may be asked. The counts are in a real Valkey, which may be away."""

import os
import signal
from unittest.mock import Mock

import orjson
import pytest
from django.test import RequestFactory
from limits import parse
from rest_framework.test import APIClient

from jobs.api import rates
from jobs.api.metrics import UNCOUNTED
from jobs.models import ApiKey
from jobs.models.api_key import LIVE_PREFIX
from jobs.queue import bell
from tests.until import until

pytestmark = pytest.mark.django_db

HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@pytest.fixture
def limited(queue, settings):
    """`limited(key="3/hour")`: these limits, and no others."""

    def limit(*, key="0", account="0", wrong="0"):
        for name, text in (("RATE", key), ("ACCOUNT_RATE", account), ("WRONG_KEY", wrong)):
            setattr(settings, f"SCRPY_{name}_LIMIT", None if text == "0" else parse(text))

    limit()
    return limit


@pytest.fixture
def stopped(queue):
    """A Valkey that takes connections and never answers."""
    pid = bell.client().info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    yield pid
    os.kill(pid, signal.SIGCONT)


def statuses(client, count, path="/v1/jobs"):
    return [client.get(path).status_code for _ in range(count)]


def remaining(answer):
    return int(answer["RateLimit-Remaining"])


def with_key(text, **headers):
    client = APIClient(**headers)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def wrong_keys(count, **headers):
    """Answers to keys that are of the right form, and nobody's."""
    texts = (f"{LIVE_PREFIX}{number:012d}_{'b' * 32}" for number in range(count))
    return [with_key(text, **headers).get("/v1/jobs") for text in texts]


def test_every_answer_to_a_key_tells_how_often_it_may_still_ask(limited, api):
    limited(key="5/hour")
    nothing = api.post("/v1/jobs", b"{", content_type="application/json")

    answers = [
        nothing,
        api.get("/v1/jobs"),
        api.get("/v1/jobs/none"),
        api.get("/v1/jobs?limit=0"),
        api.head("/v1/jobs"),
    ]

    assert [answer.status_code for answer in answers] == [400, 200, 404, 400, 200]
    assert [answer["RateLimit-Limit"] for answer in answers] == ["5"] * 5
    assert [remaining(answer) for answer in answers] == [4, 3, 2, 1, 0]
    assert all(3_500 < int(answer["RateLimit-Reset"]) <= 3_600 for answer in answers)


def test_without_a_scope_the_answer_tells_it_too_and_without_a_key_it_does_not(limited, make_client, alice):
    limited(key="5/hour")

    assert remaining(make_client(alice, scopes=["account:read"]).get("/v1/jobs")) == 4
    for answer in (APIClient().get("/v1/jobs"), *wrong_keys(1), APIClient().get("/healthz")):
        assert not any(name in answer for name in HEADERS)


def test_one_request_too_many_is_429_and_asks_nothing_of_the_database(limited, api, django_assert_num_queries):
    limited(key="3/hour", account="100/hour")
    assert statuses(api, 3) == [200] * 3

    with django_assert_num_queries(0):
        answer = api.get("/v1/jobs")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (429, "rate_limited")
    assert error["message"] == f"This API key may ask 3 times a hour; try again in {answer['Retry-After']} s."
    assert [answer[name] for name in HEADERS] == ["3", "0", answer["Retry-After"]]
    assert int(answer["Retry-After"]) > 0


def test_keys_of_an_account_share_what_the_account_may_and_others_have_their_own(
    limited, make_client, alice, bobs_api, django_assert_num_queries
):
    limited(key="3/hour", account="4/hour")
    one, other = make_client(alice), make_client(alice)

    assert statuses(one, 2) + statuses(other, 2) == [200] * 4
    with django_assert_num_queries(0):
        answer = other.get("/v1/jobs")

    assert (answer.status_code, answer["RateLimit-Limit"]) == (429, "4")
    assert answer.json()["error"]["message"].startswith("This account may ask 4 times")
    assert bobs_api.get("/v1/jobs").status_code == 200


def test_an_answer_tells_of_the_limit_that_leaves_less(limited, make_client, alice):
    limited(key="3/hour", account="4/hour")
    make_client(alice).get("/v1/jobs")

    one = make_client(alice)
    answers = [one.get("/v1/jobs") for _ in range(2)]

    assert [(answer["RateLimit-Limit"], remaining(answer)) for answer in answers] == [("3", 2), ("3", 1)]


def test_what_was_refused_does_not_count(limited, api):
    limited(key="2/second")
    while api.get("/v1/jobs").status_code == 200:
        pass

    assert until(
        lambda: api.get("/v1/jobs").status_code == 200, what="the second is over, though it was asked all along"
    )


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_no_way_past_the_limit(limited, make_key, alice, at_once):
    limited(key="5/hour")
    text = make_key(alice)

    answers = at_once(*[lambda: with_key(text).get("/v1/jobs").status_code] * 20)

    assert sorted(answers) == [200] * 5 + [429] * 15


def test_where_there_is_no_limit_nothing_is_counted(limited, api):
    answer = api.get("/v1/jobs")

    assert answer.status_code == 200
    assert not any(name in answer for name in HEADERS)
    assert bell.client().keys("scrpy:rates*") == []


def test_what_is_counted_is_forgotten_and_tells_no_key(limited, api):
    limited(key="3/minute", account="3/minute", wrong="3/minute")
    api.get("/v1/jobs")
    wrong_keys(1)

    names = bell.client().keys("*")
    assert len(names) == 4
    assert all(0 < bell.client().ttl(name) <= 60 for name in names)
    assert not any(LIVE_PREFIX in name for name in names)


# -- wrong keys ------------------------------------------------------------------------------------------


def test_who_sends_wrong_keys_is_soon_refused_without_a_look(limited, django_assert_num_queries):
    limited(wrong="3/hour")

    assert [answer.status_code for answer in wrong_keys(3)] == [401] * 3
    with django_assert_num_queries(0):
        (answer,) = wrong_keys(1)

    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")
    assert int(answer["Retry-After"]) > 0
    assert answer.json()["error"]["message"].startswith("Too many wrong API keys came from your address")


def test_what_is_no_key_by_its_form_costs_nothing_and_is_not_counted(limited, django_assert_num_queries):
    limited(wrong="1/hour")

    with django_assert_num_queries(0):
        answers = [with_key(text).get("/v1/jobs") for text in ("x", "sk_live_", "x" * 5_000)]

    assert [answer.status_code for answer in answers] == [401] * 3
    assert bell.client().keys("*") == []


def test_a_key_that_was_good_is_not_taken_for_a_wrong_one_of_its_neighbour(limited, api, make_client, alice):
    limited(wrong="1/hour")
    api.get("/v1/jobs")

    wrong_keys(1)

    assert api.get("/v1/jobs").status_code == 200
    assert make_client(alice).get("/v1/jobs").status_code == 429
    assert with_key(ApiKey.objects.issue(account=alice)[1], REMOTE_ADDR="192.0.2.1").get("/v1/jobs").status_code == 200


def test_a_key_that_is_revoked_is_a_wrong_one_from_then_on(limited, alice):
    limited(key="9/hour", account="9/hour", wrong="2/hour")
    key, text = ApiKey.objects.issue(account=alice)
    client = with_key(text)
    client.get("/v1/jobs")

    key.revoke()

    assert statuses(client, 3) == [401, 401, 429]


@pytest.mark.parametrize(
    ("https", "forwarded", "peer", "network"),
    [
        (False, "203.0.113.9", "192.0.2.1", "192.0.2.1/32"),
        (True, "203.0.113.9", "192.0.2.1", "203.0.113.9/32"),
        (True, "198.51.100.1, 203.0.113.9", "192.0.2.1", "203.0.113.9/32"),
        (True, "203.0.113.9, unknown", "192.0.2.1", "192.0.2.1/32"),
        (True, "203.0.113.9,", "192.0.2.1", "192.0.2.1/32"),
        (True, "", "192.0.2.1", "192.0.2.1/32"),
        (True, "2001:db8:1:2:3:4:5:6", "192.0.2.1", "2001:db8:1:2::/64"),
        (False, "", "::ffff:192.0.2.1", "192.0.2.1/32"),
        (False, "", "", "unknown"),
    ],
)
def test_the_address_is_what_the_client_cannot_choose(https, forwarded, peer, network, settings):
    settings.HTTPS = https
    request = RequestFactory(REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded).get("/v1/jobs")

    assert rates.address_of(request) == network


# -- without Redis ---------------------------------------------------------------------------------------


def uncounted():
    return UNCOUNTED._value.get()


def warnings(caplog):
    return [record for record in caplog.records if "requests are not counted" in record.message]


def test_while_redis_is_away_all_may_ask_which_is_counted_and_said_once(api, settings, caplog, monkeypatch):
    settings.SCRPY_RATE_LIMIT = parse("1/hour")
    monkeypatch.setattr(rates, "REST_S", 0)
    bell.client.cache_clear()
    before = uncounted()

    assert statuses(api, 3) == [200] * 3

    assert uncounted() - before >= 3
    assert len(warnings(caplog)) == 1
    assert b"scrpy_rate_limits_uncounted_total" in api.get("/metrics").content


@pytest.mark.parametrize(
    "error",
    [
        ValueError("I/O operation on closed file."),
        OSError(9, "Bad file descriptor"),
        AttributeError("'NoneType' object has no attribute 'readline'"),
    ],
)
def test_a_connection_that_another_thread_gives_up_costs_nobody_an_answer(limited, api, monkeypatch, error):
    limited(key="1/hour")
    monkeypatch.setattr(rates.RedisStorage, "acquire_entry", Mock(side_effect=error))

    assert statuses(api, 2) == [200] * 2


def test_a_redis_that_hangs_holds_up_one_request_and_not_the_next(limited, api, stopped, monkeypatch):
    limited(key="1/hour")
    asked = []
    monkeypatch.setattr(rates.RedisStorage, "acquire_entry", noted(rates.RedisStorage.acquire_entry, asked))
    before = uncounted()

    assert statuses(api, 3) == [200] * 3

    assert len(asked) == 1
    assert uncounted() - before == 3


def test_once_redis_is_back_it_counts_again(limited, api, stopped, monkeypatch):
    limited(key="2/hour")
    monkeypatch.setattr(rates, "REST_S", 0)
    assert statuses(api, 1) == [200]

    os.kill(stopped, signal.SIGCONT)

    assert until(lambda: api.get("/v1/jobs").status_code == 429, what="requests are counted again")


def noted(function, calls):
    def call(*arguments, **named):
        calls.append(arguments)
        return function(*arguments, **named)

    return call


# -- through the web server ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_is_held_back_counts_once(limited, server, make_key, make_job, alice):
    limited(key="9/hour", account="5/hour")
    headers = {"Authorization": f"Bearer {make_key(alice)}"}
    told = []

    for path in (f"/v1/jobs/{make_job(1).public_id}?wait=1", "/v1/jobs", "/v1/none"):
        connection = server.connect()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        told.append((answer.status, answer.headers["RateLimit-Remaining"]))
        connection.close()

    assert told == [(200, "4"), (200, "3"), (404, None)]


@pytest.mark.django_db(transaction=True)
def test_a_refusal_through_the_web_server_has_the_one_shape(limited, server, make_key, alice):
    limited(key="1/hour")
    connection, key = server.connect(), make_key(alice)
    answers = []
    for _ in range(2):
        connection.request("GET", "/v1/jobs", headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        answers.append((answer, orjson.loads(answer.read())))
    connection.close()

    (_, fine), (refused, body) = answers
    assert fine["success"] is True
    assert (refused.status, body["error"]["code"], body["requestId"]) == (
        429,
        "rate_limited",
        refused.headers["X-Request-Id"],
    )
