"""A job."""

import json
import re
from html import unescape

import pytest
from django.utils.html import escape

from jobs.dashboard import job as page_of_job
from jobs.models import Job, Page
from tests.dashboard.hostile import HOSTILE


def path(job, name=""):
    return f"/dashboard/jobs/{job.public_id}/{name}"


@pytest.fixture
def job(alice, make_job):
    return make_job(alice, completed=3, failed=2, name="Lamps")


def sequences(answer):
    return [int(one) for one in re.findall(r'<td class="number end">(\d+)</td>\s*<td><span', answer.content.decode())]


def test_results_come_in_the_order_in_which_they_ended(ada, job):
    assert sequences(ada.get(path(job))) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("status", "shown"), [("failed", [1, 2]), ("completed", [3, 4, 5]), ("x", [1, 2, 3, 4, 5])])
def test_results_are_filtered_by_status(ada, job, status, shown):
    assert sequences(ada.get(path(job, f"?status={status}"))) == shown


def test_results_are_paged_by_sequence(ada, job, monkeypatch):
    monkeypatch.setattr(page_of_job, "ROWS", 2)

    first = ada.get(path(job))
    query = unescape(re.search(r'rel="next"\s+href="([^"]+)"', first.content.decode())[1])
    second = ada.get(query)

    assert (sequences(first), sequences(second)) == ([1, 2], [3, 4])


@pytest.mark.parametrize("after", ["x", "-1", "9" * 40, "%00", "1.5", "²"])
def test_a_place_that_cannot_be_is_the_beginning(ada, job, after):
    assert len(sequences(ada.get(path(job, f"?after={after}")))) == 5


def test_a_page_of_large_results_is_a_short_one(ada, alice, make_job, monkeypatch):
    monkeypatch.setattr(page_of_job, "MOST_DATA_CHARS", 5_000)
    job = make_job(alice, completed=6, data={"title": "a" * 4_000})

    assert len(sequences(ada.get(path(job)))) == 2


def test_a_failure_says_why(ada, job):
    page = ada.get(path(job, "?status=failed")).content.decode()

    assert "http_error" in page
    assert "The site answered 404 Not Found." in page


def test_the_request_is_as_the_api_shows_it(ada, job):
    page = ada.get(path(job, "request/")).content.decode()

    shown = json.loads(unescape(re.search(r"<code>(\{.*?\})</code>", page, re.DOTALL)[1]))
    assert (shown["id"], shown["selectors"]["title"]) == (job.public_id, "h1")


def test_what_has_ended_asks_for_nothing_more(ada, alice, job, make_job):
    live = make_job(alice, completed=1, waiting=1)

    assert ada.get(path(live)).content.count(b"hx-get") == 2
    assert b"hx-get" not in ada.get(path(job)).content
    assert b"hx-get" not in ada.get(path(job, "head/")).content


def test_a_full_page_of_results_stays_as_it_is_while_the_job_runs(ada, alice, make_job, monkeypatch):
    monkeypatch.setattr(page_of_job, "ROWS", 2)
    live = make_job(alice, completed=5, waiting=1)

    assert b"hx-get" not in ada.get(path(live, "results/")).content
    assert b"hx-get" in ada.get(path(live, "results/?after=4")).content


def test_a_running_job_tells_its_rate_and_the_time_left(ada, alice, make_job):
    assert b"URLs a minute, about" in ada.get(path(make_job(alice, completed=5, waiting=5))).content


def test_a_job_is_cancelled(ada, alice, make_job):
    job = make_job(alice, completed=1, waiting=2)

    answer = ada.post(path(job, "cancel/"), follow=True)

    job.refresh_from_db()
    assert (job.status, job.cancelled_urls) == ("cancelled", 2)
    assert b"The job is cancelled." in answer.content


def test_what_has_ended_is_not_cancelled(ada, job):
    answer = ada.post(path(job, "cancel/"), follow=True)

    job.refresh_from_db()
    assert job.status == "partial"
    assert b"message-warning" in answer.content


def test_what_failed_is_retried_as_a_new_job(ada, job):
    ada.post(path(job, "retry/"))

    new = Job.objects.latest("pk")
    assert (new.total_urls, new.source, new.name) == (2, job, "Lamps")


def test_nothing_failed_means_nothing_to_retry(ada, alice, make_job):
    answer = ada.post(path(make_job(alice, completed=1), "retry/"), follow=True)

    assert Job.objects.count() == 1
    assert b"There is nothing to retry" in answer.content


def test_a_duplicate_has_all_the_urls_in_their_order(ada, job):
    ada.post(path(job, "duplicate/"))

    new = Job.objects.latest("pk")
    urls = Page.objects.order_by("index").values_list("url", flat=True)
    assert list(urls.filter(job=new)) == list(urls.filter(job=job))
    assert (new.selectors, new.status) == (job.selectors, "pending")


def test_what_read_kept_pages_is_not_duplicated(ada, alice, make_job):
    answer = ada.post(path(make_job(alice, completed=1, kind="reextract"), "duplicate/"), follow=True)

    assert Job.objects.count() == 1
    assert b"cannot be made again" in answer.content


def test_a_job_that_the_account_cannot_pay_is_not_made(make_account, make_person, make_job, browse):
    poor = make_account("poor", unlimited=False)

    answer = browse(make_person(poor)).post(path(make_job(poor, completed=3), "duplicate/"), follow=True)

    assert Job.objects.count() == 1
    assert b"This job needs 3 credits" in answer.content


def test_a_deleted_job_is_gone(ada, job):
    answer = ada.post(path(job, "purge/"), follow=True)

    assert not Job.objects.exists()
    assert b"Job Lamps is deleted" in answer.content


@pytest.mark.parametrize("act", ["purge/", "retry/"])
def test_a_live_job_is_neither_deleted_nor_retried(ada, alice, make_job, act):
    ada.post(path(make_job(alice, failed=1, waiting=1), act))

    assert Job.objects.count() == 1


@pytest.mark.parametrize(("name", "queries"), [("", 6), ("results/", 6), ("head/", 4), ("request/", 4)])
def test_it_takes_few_queries_however_many_urls_there_are(
    ada, alice, make_job, django_assert_num_queries, name, queries
):
    job = make_job(alice, completed=120, failed=3)

    with django_assert_num_queries(queries):
        ada.get(path(job, name))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_strangers_wrote_is_text(ada, alice, make_job, text):
    name = text.replace("\0", "")[:200]
    job = make_job(
        alice,
        completed=1,
        failed=1,
        name=name,
        data={"title": text, "tags": [text]},
        url="https://store.com/{}?" + name.replace("{", "").replace("}", ""),
        selectors=json.dumps({"title": "h1", name: ".x", "tags": [".t"]}),
    )
    job.pages.update(error_message=name)

    for part in ("", "request/"):
        page = ada.get(path(job, part)).content.decode()

        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<svg onload" not in page
        assert str(escape(name[:50])) in page


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "vbscript:x"])
def test_only_http_is_linked(ada, alice, make_job, url):
    job = make_job(alice, completed=1, url=url)

    page = ada.get(path(job)).content.decode()

    assert f'href="{url}' not in page
    assert url in page


def test_links_out_tell_nobody_where_they_come_from(ada, job):
    links = re.findall(r'<a class="outside"[^>]*>', ada.get(path(job)).content.decode())

    assert len(links) == 5
    assert all('rel="noopener nofollow noreferrer"' in link for link in links)
