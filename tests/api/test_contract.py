"""The contract's examples, literally."""

import re

import orjson
import pytest

pytestmark = pytest.mark.django_db

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
PRODUCTS = {
    "name": "Product Scrape",
    "urls": ["https://store.com/p1", "https://store.com/p2", "https://store.com/p3"],
    "selectors": {"title": "h1.product-title", "price": ".price", "image": "img.main@src", "tags": [".tag"]},
}


def keys_of(answer):
    """The keys of the answer's job in the order in which they were sent."""
    return list(orjson.loads(answer.content)["job"])


def test_a_new_job_is_answered_with_its_address_and_the_documented_keys_first(post):
    answer = post(**PRODUCTS)

    job = answer.json()["job"]
    assert answer.status_code == 201
    assert list(answer.json()) == ["success", "job"]
    assert keys_of(answer)[:6] == ["id", "name", "status", "totalUrls", "completedUrls", "createdAt"]
    assert (job["name"], job["status"], job["totalUrls"], job["completedUrls"]) == ("Product Scrape", "pending", 3, 0)
    assert re.fullmatch(r"job_[0-9a-z]{20}", job["id"])
    assert TIME.fullmatch(job["createdAt"])
    assert answer["Location"] == f"http://127.0.0.1:8000/v1/jobs/{job['id']}"
    assert "results" not in job


def test_a_fresh_job_shows_every_key_of_the_contract_in_its_order(api, post):
    job_id = post(**PRODUCTS).json()["job"]["id"]

    answer = api.get(f"/v1/jobs/{job_id}")

    job = answer.json()["job"]
    assert keys_of(answer) == [
        *("id", "name", "status", "totalUrls", "completedUrls", "failedUrls", "results", "createdAt", "completedAt"),
        *("cancelledUrls", "creditsUsed", "metadata", "webhook", "options", "selectors", "startedAt"),
        *("kind", "resultsNext"),
    ]
    assert (job["results"], job["resultsNext"]) == ([], None)
    assert (job["completedAt"], job["startedAt"], job["webhook"]) == (None, None, None)
    assert (job["metadata"], job["options"]) == ({}, {})
    assert int(answer["Retry-After"]) > 0


def test_results_come_in_the_order_of_the_urls_with_data_errors_and_how_they_were_had(api, make_job, complete, fail):
    job = make_job(3)
    complete(job, 2, '{"title":"Z","price":null}')
    fail(job, 1)
    complete(job, 0, '{"title":"A","price":"1"}')

    answer = api.get(f"/v1/jobs/{job.public_id}")

    shown = answer.json()["job"]
    assert shown["results"] == [
        {
            "url": "https://store.com/p0",
            "data": {"title": "A", "price": "1"},
            "index": 0,
            "metadata": {"statusCode": 200, "finalUrl": "https://store.com/p0", "duration": 1234, "attempts": 1},
        },
        {
            "url": "https://store.com/p1",
            "data": None,
            "error": {"code": "http_error", "message": "The site answered 404 Not Found.", "retryable": False},
            "index": 1,
            "metadata": {"statusCode": 404, "finalUrl": "https://store.com/p1", "duration": 321, "attempts": 1},
        },
        {
            "url": "https://store.com/p2",
            "data": {"title": "Z", "price": None},
            "index": 2,
            "metadata": {"statusCode": 200, "finalUrl": "https://store.com/p2", "duration": 1234, "attempts": 1},
        },
    ]
    assert shown["status"] == "partial"
    assert (shown["completedUrls"], shown["failedUrls"], shown["creditsUsed"]) == (2, 1, 2)
    assert TIME.fullmatch(shown["startedAt"])
    assert TIME.fullmatch(shown["completedAt"])
    assert shown["resultsNext"] is None
    assert "Retry-After" not in answer


def test_what_the_user_sent_comes_back_byte_for_byte_in_its_order(api, post):
    selectors = {"zeta": "h1", "Ünï\u2028\u202e😀": [".b"], "alpha_Beta": "a@href"}
    metadata = {"z": "\u2028 \u202e 😀 <b>", "a_b": "", "A": "é e\u0301"}
    options = {"retries": 0, "timeout": 1_000}

    job_id = post(selectors=selectors, metadata=metadata, options=options, name="\u202e😀").json()["job"]["id"]

    body = api.get(f"/v1/jobs/{job_id}").content
    for name, value in {"selectors": selectors, "metadata": metadata, "options": options, "name": "\u202e😀"}.items():
        assert b'"%s":%s' % (name.encode(), orjson.dumps(value)) in body


def test_a_url_comes_back_exactly_as_it_was_sent(api, post, complete):
    from jobs.models import Job

    sent = "HTTPS://Store.COM:443/a/../Ä b?q=1#top"
    job = Job.objects.get(public_id=post(urls=[sent]).json()["job"]["id"])
    complete(job, 0)

    shown = api.get(f"/v1/jobs/{job.public_id}").json()["job"]

    assert shown["results"][0]["url"] == sent


def test_the_same_url_twice_is_two_pages(post):
    answer = post(urls=["https://store.com/p1"] * 2)

    assert answer.json()["job"]["totalUrls"] == 2


def test_an_omitted_name_is_null(post):
    assert post().json()["job"]["name"] is None


def test_the_cheap_poll_leaves_the_results_out(api, make_job):
    answer = api.get(f"/v1/jobs/{make_job().public_id}?results=false")

    assert not {"results", "resultsNext"} & answer.json()["job"].keys()


def test_cancelling_answers_the_job_and_again_the_same(api, make_job, complete):
    job = make_job(3)
    complete(job, 1)

    first = api.delete(f"/v1/jobs/{job.public_id}")
    again = api.delete(f"/v1/jobs/{job.public_id}")

    shown = first.json()["job"]
    assert (first.status_code, again.status_code) == (200, 200)
    assert (shown["status"], shown["completedUrls"], shown["cancelledUrls"]) == ("cancelled", 1, 2)
    assert [result["index"] for result in shown["results"]] == [1]
    assert again.json() == first.json()


def test_a_job_that_ended_by_itself_cannot_be_cancelled(api, make_job, complete):
    job = make_job(1)
    complete(job, 0)

    answer = api.delete(f"/v1/jobs/{job.public_id}")

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "job_already_finished"


def test_a_balance_that_does_not_hold_the_urls_is_402_and_leaves_nothing_behind(make_account, make_client):
    from jobs.models import Job

    poor = make_account("poor", unlimited=False, credits=1)
    body = orjson.dumps({"urls": ["https://store.com/1", "https://store.com/2"], "selectors": {"title": "h1"}})

    answer = make_client(poor).post("/v1/jobs", body, content_type="application/json")

    poor.refresh_from_db()
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "insufficient_credits")
    assert (poor.credits, Job.objects.count()) == (1, 0)
