"""Usage, for people."""

import re

import orjson
import pytest
from django.utils.html import escape

from jobs.accounts import grant, open_account
from jobs.dashboard import paging
from jobs.dashboard.usage import LIMITS
from jobs.models import ApiKey, DailyUsage, LedgerEntry
from jobs.usage import limits_of
from tests.dashboard import making
from tests.dashboard.hostile import HOSTILE


def text_of(answer):
    return " ".join(re.sub("<[^>]+>", " ", answer.content.decode()).split())


def chart(answer):
    return orjson.loads(re.search(r'id="throughput-data"[^>]*>(.*?)</script>', answer.content.decode())[1])


def test_the_chart_and_the_table_say_what_was_used(ada, alice):
    making.make_usage(alice)
    completed = sum(DailyUsage.objects.values_list("completed_urls", flat=True))

    answer = ada.get("/dashboard/usage/")

    assert sum(chart(answer)["completed"]) == completed
    assert f"{completed:,} URLs completed" in text_of(answer)


@pytest.mark.parametrize(("query", "days"), [("", 30), ("?days=90", 90), ("?days=9000", 30)])
def test_so_many_days_are_shown(ada, query, days):
    data = chart(ada.get(f"/dashboard/usage/{query}"))

    assert (len(data["times"]), data["words"]) == (days, f"{days} days")


def test_what_each_key_has_used_is_told_the_one_with_most_urls_first(ada, alice):
    first, second = [ApiKey.objects.issue(account=alice, name=name)[0] for name in ("nightly", "by hand")]
    for key, completed in ((first, 2), (second, 30), (None, 1)):
        job = making.make_job(alice, waiting=40)
        job.api_key = key
        DailyUsage.objects.add(job, completed=completed, failed=1, credits_used=completed)

    page = text_of(ada.get("/dashboard/usage/"))

    assert f"by hand {second.prefix} 30 1 30 nightly {first.prefix} 2 1 2 Without a key" in page


def test_what_a_key_used_is_told_when_it_is_gone(ada, alice):
    key = ApiKey.objects.issue(account=alice, name="old")[0]
    job = making.make_job(alice, waiting=9)
    job.api_key = key
    DailyUsage.objects.add(job, completed=3)
    key.delete()

    assert "A key that is gone deleted by staff 3 0 0" in text_of(ada.get("/dashboard/usage/"))


def test_keys_of_others_are_not_told(ada, alice, bob):
    key = ApiKey.objects.issue(account=bob, name="bobs own")[0]
    job = making.make_job(bob, waiting=9)
    job.api_key = key
    DailyUsage.objects.add(job, completed=3)

    assert "bobs own" not in text_of(ada.get("/dashboard/usage/"))


def test_credits_are_told_as_they_can_be_spent(make_person, browse, make_job):
    account = open_account("counted", credits=100)
    make_job(account, waiting=7)

    page = text_of(browse(make_person(account)).get("/dashboard/usage/"))

    assert "Credits left 100 and 7 reserved" in page


def test_the_ledger_says_why(ada, alice, make_job):
    job = make_job(alice, completed=1, name="Lamps")
    grant(alice, amount=1_500, reason="invoice 7")
    LedgerEntry.objects.create(account=alice, job=job, amount=-1, reason="page completed", unlimited=True)

    page = text_of(ada.get("/dashboard/usage/"))

    assert "+1,500 invoice 7" in page
    assert "-1 page completed (counted alone) Lamps" in page


def test_a_ledger_of_others_is_not_shown(ada, bob):
    grant(bob, amount=5, reason="bobs own")

    assert b"bobs own" not in ada.get("/dashboard/usage/").content


def test_a_long_ledger_comes_a_part_at_a_time(ada, alice, monkeypatch):
    monkeypatch.setattr(paging, "ROWS", 2)
    for number in range(3):
        grant(alice, amount=number + 1, reason=f"grant {number}")

    first = ada.get("/dashboard/usage/?days=90").content.decode()
    onward = re.search(r"\?days=90&amp;after=[0-9]+", first)[0].replace("&amp;", "&")
    older = ada.get(f"/dashboard/usage/{onward}").content.decode()

    assert re.findall("grant [0-9]", first) == ["grant 2", "grant 1"]
    assert re.findall("grant [0-9]", older) == ["grant 0"]


def test_every_limit_is_named(ada, alice):
    assert LIMITS.keys() == limits_of(alice).keys()
    assert f"Live jobs {alice.job_limit:,}" in text_of(ada.get("/dashboard/usage/"))


def test_it_takes_few_queries(ada, alice, django_assert_num_queries):
    making.make_full(alice)
    for _ in range(9):
        LedgerEntry.objects.create(account=alice, job=alice.jobs.last(), amount=-1, reason="page completed")

    with django_assert_num_queries(9):
        ada.get("/dashboard/usage/")


@pytest.mark.parametrize("text", HOSTILE)
def test_reasons_are_escaped(ada, alice, text):
    text = text.replace("\0", "")[:200]
    grant(alice, amount=1, reason=text)

    assert escape(text) in ada.get("/dashboard/usage/").content.decode()
