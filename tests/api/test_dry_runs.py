"""POST /v1/jobs?dryRun=true: what would run, and nothing is made."""

import orjson
import pytest

from jobs.api import dry_runs
from jobs.api.errors import MOST_PROBLEMS
from jobs.models import Account, IdempotencyKey, Job, Page

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(api):
    def post(urls, *, query="?dryRun=true", headers=None, **fields):
        body = orjson.dumps({"urls": urls, "selectors": {"title": "h1"}, **fields})
        return api.post(f"/v1/jobs{query}", body, content_type="application/json", headers=headers or {})

    return post


def test_a_dry_run_tells_what_would_run_and_makes_nothing(send, alice):
    Account.objects.filter(pk=alice.pk).update(unlimited=False, credits=5)
    urls = [
        "https://a.com/1",
        "https://a.com/2",
        "https://A.com:443/x/../1",
        "http://b.com/",
        "http://10.0.0.1/",
        "ftp://c",
    ]

    answer = send(urls)

    alice.refresh_from_db()
    told = answer.json()["dryRun"]
    assert (answer.status_code, alice.credits) == (200, 5)
    assert all(set(one) == {"field", "code", "message"} for one in told["refused"])
    assert [(one["field"], one["code"]) for one in told.pop("refused")] == [
        ("urls[4]", "blocked_address"),
        ("urls[5]", "invalid_url"),
    ]
    assert told == {
        "accepted": False,
        "totalUrls": 4,
        "duplicateUrls": 1,
        "refusedUrls": 2,
        "totalHosts": 2,
        "hosts": [{"host": "a.com:443", "urls": 3}, {"host": "b.com:80", "urls": 1}],
        "credits": {"needed": 4, "available": 5},
    }
    assert [model.objects.count() for model in (Job, Page)] == [0, 0]


def test_duplicates_are_not_among_what_would_run_where_they_are_dropped(send):
    told = send(["https://a.com/1"] * 3, options={"deduplicate": True}).json()["dryRun"]

    assert (told["accepted"], told["totalUrls"], told["duplicateUrls"]) == (True, 1, 2)
    assert told["hosts"] == [{"host": "a.com:443", "urls": 1}]


@pytest.mark.parametrize(("credits", "accepted"), [(1, False), (2, True)])
def test_whether_the_balance_holds_it_is_told(credits, accepted, send, alice):  # noqa: A002
    Account.objects.filter(pk=alice.pk).update(unlimited=False, credits=credits)

    told = send(["https://a.com/1", "https://a.com/2"]).json()["dryRun"]

    assert (told["accepted"], told["credits"]) == (accepted, {"needed": 2, "available": credits})


def test_an_account_without_limit_has_no_balance(send):
    assert send(["https://a.com/1"]).json()["dryRun"]["credits"] == {"needed": 1, "available": None}


def test_many_refusals_are_counted_and_the_first_are_named(send):
    told = send(["nowhere"] * (MOST_PROBLEMS + 1)).json()["dryRun"]

    assert (told["refusedUrls"], len(told["refused"]), told["totalUrls"]) == (MOST_PROBLEMS + 1, MOST_PROBLEMS, 0)


def test_of_many_hosts_those_with_the_most_urls_are_named(send, monkeypatch):
    monkeypatch.setattr(dry_runs, "MOST_HOSTS", 2)

    told = send(["https://a.com/", *["https://b.com/"] * 3, *["https://c.com/"] * 2]).json()["dryRun"]

    assert told["totalHosts"] == 3
    assert [one["host"] for one in told["hosts"]] == ["b.com:443", "c.com:443"]


@pytest.mark.parametrize(
    ("urls", "fields", "field", "code"),
    [
        (["https://a.com/"], {"selectors": {"a": "h1["}}, "selectors.a", "invalid_selector"),
        (["https://a.com/"], {"nane": "A"}, "nane", "unknown_field"),
        (["https://a.com/"], {"options": {"retries": 11}}, "options.retries", "out_of_range"),
        (["https://a.com/"], {"webhook": "nowhere"}, "webhook", "invalid_url"),
        ([], {}, "urls", "required"),
        ({}, {}, "urls", "invalid_type"),
    ],
)
def test_whatever_else_is_wrong_is_refused_as_ever(urls, fields, field, code, send):
    answer = send(urls, **fields)

    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["error"]["details"]] == [(field, code)]


def test_dry_run_false_makes_the_job(send):
    assert send(["https://a.com/"], query="?dryRun=false").status_code == 201
    assert Job.objects.count() == 1


@pytest.mark.parametrize("value", ["1", "yes", "", "True"])
def test_what_is_neither_true_nor_false_is_refused(value, send):
    answer = send(["https://a.com/"], query=f"?dryRun={value}")

    assert [(one["field"], one["code"]) for one in answer.json()["error"]["details"]] == [("dryRun", "invalid_choice")]
    assert not Job.objects.exists()


def test_a_dry_run_uses_no_key(send):
    for _ in range(2):
        assert send(["https://a.com/"], headers={"Idempotency-Key": "mine"}).status_code == 200

    assert not IdempotencyKey.objects.exists()


def test_a_dry_run_asks_only_for_the_key(send, django_assert_num_queries):
    send(["https://a.com/"])

    with django_assert_num_queries(1):
        send([f"https://h{number}.com/" for number in range(500)])
