"""A job."""

import json
import re
from html import unescape

import pytest
from django.utils.html import escape

from jobs.dashboard import fills, paging
from jobs.dashboard import job as page_of_job
from jobs.dashboard.advice import ADVICE
from jobs.exports import formats
from jobs.models import Job, Page
from scraping import errors
from scraping.options import Output
from tests.dashboard import making
from tests.dashboard.hostile import HOSTILE


def path(job, name=""):
    return f"/dashboard/jobs/{job.public_id}/{name}"


@pytest.fixture
def job(alice, make_job):
    return make_job(alice, completed=3, failed=2, name="Lamps")


def sequences(answer):
    return [int(one) for one in re.findall(r"Page of result </span>(\d+)<", answer.content.decode())]


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


def test_results_are_filtered_by_the_code_of_their_failure(ada, job):
    job.pages.filter(sequence=2).update(error_code="dns_error")

    assert sequences(ada.get(path(job, "?code=dns_error"))) == [2]
    assert sequences(ada.get(path(job, "?code=http_error&status=completed"))) == [1]


def test_results_without_a_value_are_found(ada, job):
    empties = [{"title": value, "price": "1"} for value in (None, "", [])]
    for sequence, data in zip((3, 4, 5), empties, strict=True):
        job.pages.filter(sequence=sequence).update(data=json.dumps(data))
    job.pages.filter(sequence=4).update(data=json.dumps({"title": 0, "price": False}))

    assert sequences(ada.get(path(job, "?empty=title"))) == [3, 5]
    assert b"Every completed page has this field." in ada.get(path(job, "?empty=price")).content


def test_the_search_for_empty_fields_rests_and_goes_on(ada, alice, make_job, monkeypatch):
    monkeypatch.setattr(page_of_job, "MOST_LOOKED_AT", 4)
    job = make_job(alice, completed=10, data={"title": "A lamp"})
    job.pages.filter(sequence=9).update(data="{}")

    found = [sequences(ada.get(path(job, f"?empty=title&after={after}"))) for after in (0, 4, 8)]
    first = ada.get(path(job, "?empty=title")).content.decode()

    assert found == [[], [], [9]]
    assert "?after=4&amp;status=completed&amp;empty=title" in first


def test_fields_tell_how_often_they_have_a_value(ada, alice, make_job, monkeypatch):
    job = make_job(alice, completed=8)

    everything = ada.get(path(job)).content.decode()
    monkeypatch.setattr(fills, "MOST_RESULTS", 4)
    some = ada.get(path(job, "fills/")).content.decode()

    assert "8 completed pages" in everything
    assert re.search(r'empty=tags"\s+title="Results without it">50%', everything)
    assert "the first 4 completed pages" in some


def test_pictures_stand_beside_the_results(ada, alice, make_job, kept):
    job = make_job(alice, completed=2, options='{"outputs":["screenshot"]}')
    making.keep(job.pages.first(), Output.SCREENSHOT, "image/png", making.picture(1))

    page = ada.get(path(job)).content.decode()

    assert page.count('class="thumbnail"') == 1
    assert f'src="{path(job, "pages/0/thumbnail/")}"' in page


def test_failures_are_grouped_with_what_to_do(ada, alice, make_job):
    job = make_job(alice, completed=1, failed=9)
    job.pages.filter(sequence__lte=2).update(error_code="dns_error")

    page = ada.get(path(job, "failures/")).content.decode()

    assert re.findall(r"<h2[^>]*>\s*<code>([a-z_]+)</code>", page) == ["http_error", "dns_error"]
    assert "7 pages</a>" in page
    assert page.count(f'href="/dashboard/jobs/{job.public_id}/pages/') == 7
    assert str(escape(ADVICE["dns_error"].do)) in page


def test_there_is_advice_on_every_code():
    codes, kinds = set(), [errors.ScrapeError]
    while kinds:
        kind = kinds.pop()
        codes.add(kind.code)
        kinds += kind.__subclasses__()

    assert set(ADVICE) == codes


def test_a_job_that_failed_nowhere_says_so(ada, alice, make_job):
    assert b"No page of this job failed." in ada.get(path(make_job(alice, completed=1), "failures/")).content


def test_each_try_of_a_delivery_is_told_and_it_is_sent_again(ada, job, make_delivery):
    delivery = make_delivery(job.account, job=job, status="given_up", answers=[503, None])

    page = ada.get(path(job, "deliveries/")).content.decode()
    ada.post(re.search(r'action="([^"]+/resend/)"', page)[1])

    assert [text in page for text in ("503", "84 ms", "Bad gateway", "No answer", "given up")] == [True] * 5
    delivery.refresh_from_db()
    assert delivery.status == "pending"


def test_deliveries_are_paged_the_latest_first(ada, job, make_delivery, monkeypatch):
    monkeypatch.setattr(paging, "ROWS", 2)
    made = [make_delivery(job.account, job=job).public_id for _ in range(3)]

    first = ada.get(path(job, "deliveries/")).content.decode()
    query = re.search(r'rel="next"\s+href="([^"]+)"', first)[1]
    second = ada.get(path(job, f"deliveries/{query}")).content.decode()

    assert [one in first for one in made] == [False, True, True]
    assert [one in second for one in made] == [True, False, False]


def test_the_timeline_tells_what_happened_in_its_order(ada, job, make_delivery):
    make_delivery(job.account, job=job, answers=[500, 200])
    job.pages.filter(sequence=1).update(attempts=3)

    page = ada.get(path(job, "timeline/")).content.decode()

    titles = re.findall(r'timeline-title">([^<]+)<', page)
    assert titles[:2] == ["Made", "Started"]
    assert {"First page ended", "Last page ended", "Ended as partial"} < set(titles)
    assert titles[-3:] == ["Webhook job.completed", "Tried job.completed", "Tried job.completed"]
    assert "7 attempts in all; 1 page took more than one." in page


def test_exports_are_offered_and_one_that_cannot_be_had_says_why(ada, job, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda name: None)

    page = ada.get(path(job, "exports/")).content.decode()
    answer = ada.get(path(job, "exports/parquet/"), follow=True)

    assert re.findall(r'id="export-([a-z]+)"', page) == ["json", "ndjson", "csv", "xlsx"]
    assert "Parquet needs pyarrow here" in page
    assert b"message-error" in answer.content
    assert ada.get(path(job, "exports/exe/")).status_code == 404


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

    assert ada.get(path(live)).content.count(b"hx-get") == 3
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


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("", 7),
        ("results/", 6),
        ("fills/", 6),
        ("failures/", 5),
        ("deliveries/", 5),
        ("timeline/", 6),
        ("exports/", 4),
        ("head/", 4),
        ("request/", 4),
    ],
)
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

    for part in ("", "request/", "failures/", "pages/0/", "pages/1/", "?empty=tags"):
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
