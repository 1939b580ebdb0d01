"""Hosts and their pace, for people."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.html import escape

from jobs.dashboard import hosts
from jobs.models import Host, HostQueue, Page
from tests.dashboard import making
from tests.dashboard.hostile import HOSTILE

LATER = timedelta(hours=1)


def make_wait(job, host, waiting=1):
    """URLs of a live job that wait for a host."""
    queue = HostQueue.objects.create(job=job, host=host, ready_at=timezone.now())
    first = job.pages.count()
    Page.objects.bulk_create(
        making.make_page(job, queue, first + number, "pending", None, f"https://{host}/{{}}")
        for number in range(waiting)
    )
    return queue


@pytest.fixture
def job(alice, make_job):
    return make_job(alice, waiting=1)


def rows(answer):
    """What each row says, a text each."""
    body = answer.content.decode().partition('<tbody role="rowgroup">')[2].partition("</tbody>")[0]
    return [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in body.split("</tr>")[:-1]]


def test_what_waits_and_what_is_in_flight_is_told_by_host(ada, alice, make_job, job):
    make_wait(job, "a.example:443", waiting=3)
    make_job(alice, completed=1, waiting=5)

    assert rows(ada.get("/dashboard/hosts/")) == [
        "a.example:443 1 job 3 0 at full speed now not read",
        "store.com:443 2 jobs 1 5 at full speed now not read",
    ]


@pytest.mark.parametrize(
    ("known", "own_ms", "says"),
    [
        ({"delay_ms": 2_000, "crawl_delay_ms": 500}, 0, "every 2.0 s it said that it was too much"),
        ({"crawl_delay_ms": 3_000}, 500, "every 3.0 s as its robots.txt asks"),
        ({}, 700, "every 700 ms as a job asks"),
    ],
)
def test_a_pace_is_told_with_its_reason(ada, alice, make_job, known, own_ms, says):
    job = make_job(alice, host_delay_ms=own_ms)
    make_wait(job, "a.example:443")
    Host.objects.create(host="a.example:443", slowed_at=timezone.now(), next_at=timezone.now() + LATER, **known)
    type(job).objects.filter(pk=job.pk).update(completed_at=None, status="pending")

    (row,) = rows(ada.get("/dashboard/hosts/"))

    assert says in row
    assert re.search(r"in \d+ (hour|min)", row)


def test_a_robots_txt_that_was_read_is_told(ada, job):
    make_wait(job, "a.example:443")
    Host.objects.create(host="a.example:443", robots="", robots_at=timezone.now())

    assert "read now" in rows(ada.get("/dashboard/hosts/"))[0]


def test_a_proxy_of_ones_own_is_not_a_part_of_the_name(ada, job):
    make_wait(job, f"a.example:443 by {job.pk}")

    assert rows(ada.get("/dashboard/hosts/"))[0].startswith("a.example:443 1 job, by a proxy of your own")


def test_what_others_have_in_flight_at_the_same_host_is_not_told(ada, alice, bob, make_job, job):
    make_job(alice, completed=1, waiting=5)
    make_job(bob, completed=1, waiting=7)

    assert rows(ada.get("/dashboard/hosts/")) == ["store.com:443 2 jobs 1 5 at full speed now not read"]


def test_hosts_of_others_are_not_shown(ada, bob, make_job):
    make_wait(make_job(bob, waiting=1), "bobs.example:443")
    Host.objects.create(host="bobs.example:443", delay_ms=500)

    page = ada.get("/dashboard/hosts/").content

    assert b"bobs.example" not in page
    assert b"Nothing waits for any host" in page


def test_jobs_that_have_ended_wait_for_nothing(ada, alice, make_job):
    make_job(alice, completed=3)

    assert rows(ada.get("/dashboard/hosts/")) == []


def test_many_hosts_come_a_part_at_a_time_by_few_queries(ada, job, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(hosts, "ROWS", 2)
    for letter in "cab":
        make_wait(job, f"{letter}.example:443")

    with django_assert_num_queries(7):
        first = ada.get("/dashboard/hosts/")
    onward = re.search(r"\?after=[^\"]+", first.content.decode())[0]
    older = ada.get(f"/dashboard/hosts/{onward}")

    assert [row[0] for row in rows(first)] == ["a", "b"]
    assert [row[0] for row in rows(older)] == ["c"]


@pytest.mark.parametrize("text", HOSTILE)
def test_names_are_escaped(ada, job, text):
    text = text.replace("\0", "").partition(" ")[0][:300]
    make_wait(job, text)

    assert escape(text) in ada.get("/dashboard/hosts/?after=%00").content.decode()
