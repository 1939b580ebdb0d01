"""Jobs and pages: found, shown harmlessly, cancelled; and fast, however many there are."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from jobs.admin import site
from jobs.admin.pages import PageAdmin
from jobs.models import Job, Page

JOBS, PAGES = "admin:jobs_job_changelist", "admin:jobs_page_changelist"
SUBMITTED = {"_form_submitted": "on"}
HOSTILE = "</pre><script>alert(1)</script>"


@pytest.fixture
def queries():
    """The SQL of what is done inside."""
    return CaptureQueriesContext(connection)


def shown(staff, name, *args, **query):
    answer = staff.get(reverse(name, args=args), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_job_is_found_by_its_id_its_beginning_and_its_name(staff, make_job):
    job, other = make_job(name="Product Scrape"), make_job(name="Price watch")

    for search in (job.public_id, job.public_id[:12], "product"):
        page = shown(staff, JOBS, q=search)
        assert job.public_id in page
        assert other.public_id not in page


def test_jobs_are_filtered_by_status_and_account(staff, make_job):
    job, other = make_job(status="running"), make_job()

    for query in ({"status__exact": "running"}, {"account__id__exact": job.account_id}):
        page = shown(staff, JOBS, **query)
        assert job.public_id in page
        assert other.public_id not in page


def test_a_job_is_cancelled_once_it_is_confirmed(staff, make_job):
    job = make_job()
    cancel = f"/admin/jobs/job/{job.pk}/cancel/"

    staff.get(cancel)
    job.refresh_from_db()
    assert job.status == "pending"
    staff.post(cancel, {"_form_submitted": "on"})

    job.refresh_from_db()
    assert (job.status, job.cancelled_urls) == ("cancelled", 3)
    assert cancel not in shown(staff, "admin:jobs_job_change", job.pk)


def test_of_selected_jobs_those_that_live_are_cancelled(staff, make_job):
    live, ended = make_job(), make_job(status="failed", failed_urls=3)

    asked = {"action": "cancel_selected", "_selected_action": [live.pk, ended.pk]}

    question = staff.post(reverse(JOBS), asked).content.decode()
    live.refresh_from_db()
    assert ("Cancel these jobs?" in question, live.public_id in question, live.status) == (True, True, "pending")
    answer = staff.post(reverse(JOBS), {**asked, "confirmed": "yes"}, follow=True)

    assert set(Job.objects.values_list("pk", "status")) == {(live.pk, "cancelled"), (ended.pk, "failed")}
    assert "has already ended" in answer.content.decode()


def test_what_failed_of_a_job_is_tried_again_as_a_new_one(staff, make_job):
    job = make_job(status="partial", completed_urls=1, failed_urls=2, completed_at=timezone.now())
    retry = f"/admin/jobs/job/{job.pk}/retry/"

    staff.get(retry)
    assert Job.objects.count() == 1
    page = staff.post(retry, SUBMITTED, follow=True).content.decode()

    made = Job.objects.exclude(pk=job.pk).get()
    assert (made.total_urls, made.account, made.source) == (2, job.account, job)
    assert f"{made.public_id} visits 2 URLs of {job.public_id} again" in page


def test_a_retry_that_the_account_cannot_pay_says_so(staff, make_job, make_account):
    poor = make_account("poor", unlimited=False)
    job = make_job(account=poor, status="failed", failed_urls=3, completed_at=timezone.now())

    page = staff.post(f"/admin/jobs/job/{job.pk}/retry/", SUBMITTED, follow=True).content.decode()

    assert "needs 3 credits" in page
    assert Job.objects.count() == 1


def test_an_ended_job_is_purged_once_it_is_confirmed(staff, make_job):
    job = make_job(status="completed", completed_urls=3, completed_at=timezone.now())
    purge = f"/admin/jobs/job/{job.pk}/purge/"

    staff.get(purge)
    assert Page.objects.count() == 3
    page = staff.post(purge, SUBMITTED, follow=True).content.decode()

    assert (Job.objects.count(), Page.objects.count()) == (0, 0)
    assert f"{job.public_id} is purged" in page


@pytest.mark.parametrize("action", ["retry", "purge"])
def test_a_live_job_is_neither_retried_nor_purged(staff, make_job, action):
    job = make_job()
    address = f"/admin/jobs/job/{job.pk}/{action}/"

    assert address not in shown(staff, "admin:jobs_job_change", job.pk)
    assert staff.post(address, SUBMITTED).status_code == 404
    assert Job.objects.filter(status="pending").count() == 1


def test_the_way_up_from_a_page_leads_to_its_job_and_its_account(staff, make_job):
    job = make_job()
    page = job.pages.first()
    of_job, of_account = f"/admin/jobs/job/{job.pk}/change/", f"/admin/jobs/account/{job.account_id}/change/"

    for html in (shown(staff, "admin:jobs_page_change", page.pk), shown(staff, PAGES, q=job.public_id)):
        trail = html.partition('aria-label="Belongs to"')[2].partition("</nav>")[0]
        assert trail.index(of_account) < trail.index(of_job) < trail.index("aria-current")
    assert of_account in shown(staff, JOBS, account__id__exact=job.account_id)


def test_a_jobs_page_counts_its_errors_by_code(staff, make_job):
    job = make_job(status="partial", completed_urls=1, failed_urls=2)

    page = shown(staff, "admin:jobs_job_change", job.pk)

    assert re.search(r"http_error</code> . <span[^>]*>2<", page)
    assert f"{reverse(PAGES)}?q={job.public_id}&amp;status__exact=failed" in page


def test_pages_are_found_by_job_by_exact_url_or_both(staff, make_job):
    job, other = make_job(), make_job(url="https://other.com/{}")

    of_job = shown(staff, PAGES, q=job.public_id)
    by_url = shown(staff, PAGES, q="https://store.com/1")
    by_both = shown(staff, PAGES, q=f"{other.public_id} https://store.com/1")

    assert ("store.com/0" in of_job, "other.com" in of_job) == (True, False)
    assert ("store.com/1" in by_url, "store.com/0" in by_url) == (True, False)
    assert "No match" in by_both


def test_what_strangers_wrote_is_shown_harmlessly(staff, make_job):
    json = '{"a":"' + HOSTILE + '"}'
    job = make_job(
        name=HOSTILE,
        selectors=json,
        options=json,
        metadata=json,
        webhook=f'"{HOSTILE}"',
        url="https://x.com/{}?" + HOSTILE,
    )
    Page.objects.update(data=json, trace=json, final_url="javascript:alert(1)", error_message=HOSTILE)

    pages = [
        shown(staff, "admin:index"),
        shown(staff, JOBS),
        shown(staff, PAGES, q=HOSTILE),
        shown(staff, PAGES),
        shown(staff, "admin:jobs_job_change", job.pk),
        shown(staff, "admin:jobs_page_change", Page.objects.first().pk),
    ]

    assert [page.count("<script>alert") for page in pages] == [0] * 6
    assert not any('href="javascript' in page for page in pages)
    assert 'rel="noopener nofollow noreferrer"' in pages[-1]


def test_lists_of_many_pages_neither_count_nor_sort_nor_ask_row_by_row(staff, make_job, queries):
    job = make_job(total_urls=2_000, completed_urls=1_000, failed_urls=1_000, status="partial")
    for query in ({}, {"q": job.public_id}, {"status__exact": "failed"}, {"p": "3"}, {"o": "5"}):
        with queries:
            shown(staff, PAGES, **query)

        about_pages = [query["sql"] for query in queries if '"jobs_page"' in query["sql"]]
        assert len(queries) <= 6
        assert len(about_pages) <= 2
        assert not any("COUNT(" in sql or "DISTINCT" in sql for sql in about_pages)
        assert not any('"jobs_page"."data"' in sql or '"jobs_job"."selectors"' in sql for sql in about_pages)
        assert all("LIMIT" in sql or "MAX(" in sql for sql in about_pages)
        assert not any("OFFSET" in sql for sql in about_pages)


def test_a_list_of_jobs_asks_no_more_for_many_than_for_few(staff, make_job, queries):
    for _ in range(20):
        make_job()

    with queries:
        shown(staff, JOBS)

    assert len(queries) <= 5
    assert not any("COUNT(" in query["sql"] for query in queries)


def test_the_page_of_a_large_job_asks_a_bounded_number_of_questions(staff, make_job, queries):
    job = make_job(total_urls=2_000, failed_urls=2_000, status="failed")

    with queries:
        shown(staff, "admin:jobs_job_change", job.pk)

    about_pages = [query["sql"] for query in queries if 'FROM "jobs_page"' in query["sql"]]
    assert len(queries) <= 8
    assert len(about_pages) == 1
    assert "LIMIT 10000" in about_pages[0]


def test_a_search_without_a_job_looks_back_a_bounded_way(staff, make_job, monkeypatch):
    monkeypatch.setattr(site, "ROWS_LOOKED_THROUGH", 2)
    job = make_job()

    everything, filtered = shown(staff, PAGES), shown(staff, PAGES, status__exact="pending")
    of_job = shown(staff, PAGES, q=job.public_id, status__exact="pending")

    assert [f"store.com/{n}" in everything for n in range(3)] == [True, True, True]
    assert [f"store.com/{n}" in filtered for n in range(3)] == [False, True, True]
    assert [f"store.com/{n}" in of_job for n in range(3)] == [True, True, True]


def test_a_long_list_goes_on_where_it_ended_and_skips_no_row(staff, make_job, monkeypatch):
    monkeypatch.setattr(PageAdmin, "list_per_page", 2)
    job = make_job(total_urls=5)

    for query in ({"q": job.public_id}, {}):
        seen, after = [], {}
        while after is not None:
            page = shown(staff, PAGES, **query, **after)
            seen += map(int, re.findall(r"store\.com/(\d)<", page))
            found = re.search(r'href="\?p=(\d+)[^"]*">Next 2<', page)
            after = {"p": found[1]} if found else None

        assert seen == ([0, 1, 2, 3, 4] if query else [4, 3, 2, 1, 0])
    assert "These are the last" in page


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 19, "9" * 5_000])
def test_a_place_in_a_list_that_cannot_be_is_no_error(staff, make_job, after):
    make_job()

    assert shown(staff, PAGES, p=after)


@pytest.mark.parametrize("model", ["account", "apikey", "job", "page", "delivery", "worker", "schedule", "ledgerentry"])
def test_an_empty_list_says_so_kindly(staff, model):
    page = shown(staff, f"admin:jobs_{model}_changelist")

    assert re.search(r"No [\w ]+ yet", page)


def test_the_overview_asks_few_questions_and_says_what_runs(staff, make_job, queries):
    make_job(name="Product Scrape", status="running", completed_urls=1)

    with queries:
        page = shown(staff, "admin:index")

    assert "Product Scrape" in page
    assert len(queries) <= 12
    about_pages = [query["sql"] for query in queries if 'FROM "jobs_page"' in query["sql"]]
    assert all('"token" IS NOT NULL' in sql for sql in about_pages)
