"""The list of jobs."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from jobs.dashboard import jobs
from jobs.models import Job
from tests.dashboard.hostile import HOSTILE


def ids(answer):
    return re.findall(r'class="title-cell"\s+id="(job_\w+)"', answer.content.decode())


def names(answer):
    by_id = dict(Job.objects.values_list("public_id", "name"))
    return [by_id[one] for one in ids(answer)]


@pytest.fixture
def three(alice, make_job):
    make_job(alice, completed=1, name="Lamps", ago=timedelta(days=9))
    make_job(alice, failed=1, name="Old lamps", ago=timedelta(days=5))
    make_job(alice, waiting=1, name="Chairs", ago=timedelta(hours=1))


def test_the_latest_come_first_and_previews_never(ada, alice, three, make_job):
    make_job(alice, completed=1, name="A try", kind="preview")

    assert names(ada.get("/dashboard/jobs/")) == ["Chairs", "Old lamps", "Lamps"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=lamp", ["Old lamps", "Lamps"]),
        ("status=failed", ["Old lamps"]),
        ("q=lamp&status=completed", ["Lamps"]),
        ("q=sofa", []),
        ("status=nonsense", ["Chairs", "Old lamps", "Lamps"]),
        ("since=nonsense&q=a%00b", ["Chairs", "Old lamps", "Lamps"]),
    ],
)
def test_what_is_asked_for_is_in_the_address(ada, three, query, found):
    assert names(ada.get(f"/dashboard/jobs/?{query}")) == found


def test_dates_bound_the_list_on_both_sides(ada, three):
    def day(job):
        return f"{job.created_at:%Y-%m-%d}"

    chairs, lamps = Job.objects.get(name="Chairs"), Job.objects.get(name="Lamps")

    assert names(ada.get(f"/dashboard/jobs/?since={day(chairs)}")) == ["Chairs"]
    assert names(ada.get(f"/dashboard/jobs/?until={day(lamps)}")) == ["Lamps"]
    assert names(ada.get(f"/dashboard/jobs/?since={day(lamps)}&until={day(lamps)}")) == ["Lamps"]
    assert names(ada.get("/dashboard/jobs/?until=2001-01-01")) == []


def test_a_job_is_found_by_its_id_or_the_beginning_of_it(ada, three, bob, make_job):
    lamps, bobs = Job.objects.get(name="Lamps"), make_job(bob, completed=1)

    assert names(ada.get(f"/dashboard/jobs/?q={lamps.public_id}")) == ["Lamps"]
    assert names(ada.get(f"/dashboard/jobs/?q={lamps.public_id[:12]}")) == ["Lamps"]
    assert names(ada.get(f"/dashboard/jobs/?q={bobs.public_id}")) == []


def test_a_search_looks_at_the_latest_alone(ada, three, monkeypatch):
    monkeypatch.setattr(jobs, "SEARCHED", 2)

    assert names(ada.get("/dashboard/jobs/?q=lamp")) == ["Old lamps"]


def test_paging_forth_and_back_shows_each_job_once(ada, alice, make_job, monkeypatch):
    monkeypatch.setattr(jobs, "ROWS", 2)
    made = [make_job(alice, completed=1).public_id for _ in range(5)][::-1]

    first = ada.get("/dashboard/jobs/?status=completed")
    second = follow(ada, first, "next")
    third = follow(ada, second, "next")
    back = follow(ada, third, "prev")

    assert [ids(page) for page in (first, second, third)] == [made[:2], made[2:4], made[4:]]
    assert ids(back) == made[2:4]
    assert b'rel="next"' not in third.content
    assert b'rel="prev"' not in first.content
    assert b'rel="prev"' not in follow(ada, back, "prev").content


def follow(client, answer, rel):
    query = re.search(rf'rel="{rel}"\s+href="([^"]+)"', answer.content.decode())[1].replace("&amp;", "&")
    assert "status=completed" in query
    return client.get("/dashboard/jobs/" + query)


@pytest.mark.parametrize("edge", ["job_0", "", "x", "%00", "1%20OR%201=1"])
def test_an_edge_that_is_no_job_is_the_beginning(ada, three, edge):
    assert len(ids(ada.get(f"/dashboard/jobs/?after={edge}&before={edge}"))) == 3


def test_rows_are_asked_for_again_while_something_runs_and_not_after(ada, alice, three):
    live = ada.get("/dashboard/jobs/").content.decode()
    rows = re.search(r'hx-get="(/dashboard/jobs/rows/\?ids=[^"]+)"', live)[1]

    Job.objects.filter(status="pending").update(status="completed", completed_urls=1)
    ended = ada.get(rows)

    assert names(ended) == ["Chairs", "Old lamps", "Lamps"]
    assert b"hx-get" not in ended.content
    assert b"hx-get" not in ada.get("/dashboard/jobs/").content


def test_rows_of_other_accounts_are_not_there(ada, bob, make_job):
    job = make_job(bob, waiting=1)

    assert ids(ada.get(f"/dashboard/jobs/rows/?ids={job.public_id},%00,")) == []


@pytest.mark.parametrize("query", ["", "?q=lamp", "?status=failed", "?since=2020-01-01&until=2040-01-01"])
def test_it_takes_few_queries(ada, three, django_assert_num_queries, query):
    with django_assert_num_queries(4):
        ada.get(f"/dashboard/jobs/{query}")


@pytest.mark.parametrize("text", [text for text in HOSTILE if "\0" not in text])
def test_what_strangers_wrote_is_text(ada, alice, make_job, text):
    make_job(alice, completed=1, name=text[:200])

    page = ada.get("/dashboard/jobs/", {"q": text[:200]}).content.decode()

    assert str(escape(text[:200])) in page
    assert "<script>alert" not in page
    assert "<img" not in page


def test_an_account_without_jobs_is_shown_the_way_to_the_first(ada):
    assert b"No jobs yet" in ada.get("/dashboard/jobs/").content


def test_nothing_is_counted_or_skipped(ada, three):
    """Both read on and on in a long table."""
    with CaptureQueriesContext(connection) as asked:
        ada.get("/dashboard/jobs/?status=failed&since=2020-01-01&until=2040-01-01")

    assert not [query["sql"] for query in asked if "COUNT(" in query["sql"] or "OFFSET" in query["sql"]]
