"""GET /v1/jobs/:id/pages/:index: one page, whatever became of it."""

import pytest

from jobs.models import Page
from tests.api.conftest import start_page
from tests.api.test_contract import TIME
from tests.api.test_single import keep

pytestmark = pytest.mark.django_db


@pytest.fixture
def show(api):
    return lambda job, index: api.get(f"/v1/jobs/{job.public_id}/pages/{index}")


def test_a_completed_page_is_its_result_and_what_the_queue_knows_of_it(show, make_job, complete, fail):
    job = make_job(3)
    fail(job, 2)
    complete(job, 1, '{"title":"A","price":null}')
    Page.objects.filter(job=job, index=1).update(started_at=job.created_at)

    page = show(job, 1).json()["page"]

    assert TIME.fullmatch(page.pop("startedAt"))
    assert TIME.fullmatch(page.pop("finishedAt"))
    assert page == {
        "index": 1,
        "status": "completed",
        "url": "https://store.com/p1",
        "data": {"title": "A", "price": None},
        "metadata": {"statusCode": 200, "finalUrl": "https://store.com/p1", "duration": 1234, "attempts": 1},
        "sequence": 2,
        "nextAttemptAt": None,
    }


def test_a_failed_page_says_why(show, make_job, fail):
    job = make_job(1)
    fail(job, 0)

    page = show(job, 0).json()["page"]

    assert (page["status"], page["data"], page["error"]["code"]) == ("failed", None, "http_error")


def test_a_page_that_waits_says_from_when_on_it_may_be_tried(show, make_job):
    page = show(make_job(1), 0).json()["page"]

    assert (page["status"], page["data"], page["sequence"], page["finishedAt"]) == ("pending", None, None, None)
    assert TIME.fullmatch(page["nextAttemptAt"])
    assert page["metadata"]["attempts"] == 0


def test_a_page_that_runs_and_one_that_was_cancelled_are_shown_too(show, api, make_job):
    job = make_job(2)
    start_page(job, 0)
    running = show(job, 0).json()["page"]
    api.delete(f"/v1/jobs/{job.public_id}")

    cancelled = show(job, 1).json()["page"]

    assert (running["status"], running["metadata"]["attempts"], running["nextAttemptAt"]) == ("running", 1, None)
    assert (cancelled["status"], cancelled["data"], "error" in cancelled) == ("cancelled", None, False)


def test_a_page_has_what_was_made_of_it(show, make_job, complete):
    job = make_job(1, options='{"outputs":["html"]}')
    complete(job, 0)
    keep(job, 0)

    page = show(job, 0).json()["page"]

    assert "outputs" in page


@pytest.mark.parametrize(
    "index", ["3", "-1", "+1", "1.0", "01", "1e0", "a", "%00", "\u0661", "9" * 9, "9" * 30, "1 ", "%20", "0x1"]
)
def test_a_page_that_is_not_there_is_404(index, show, make_job):
    answer = show(make_job(3), index)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_another_accounts_page_is_not_there(bobs_api, make_job):
    assert bobs_api.get(f"/v1/jobs/{make_job(1).public_id}/pages/0").status_code == 404


def test_a_page_costs_three_queries(show, make_job, complete, django_assert_num_queries):
    job = make_job(3)
    complete(job, 0)
    show(job, 0)

    with django_assert_num_queries(3):  # the key, the job, the page
        show(job, 0)


def test_a_parameter_is_refused_by_name(api, make_job):
    answer = api.get(f"/v1/jobs/{make_job(1).public_id}/pages/0?fields=a")

    assert [one["field"] for one in answer.json()["error"]["details"]] == ["fields"]
