"""What becomes of a job and its pages, told to its endpoint."""

import json

import pytest
from standardwebhooks import Webhook

from tests.until import until


@pytest.fixture
def secret(platform, alice):
    return platform.rows.one("SELECT webhook_secret FROM jobs_account WHERE name = 'alice'")


def received(hooks, job_id, *, about="job."):
    """What the endpoint was told of a job, or of its pages, once it was."""

    def told():
        bodies = ((each, json.loads(each.body)) for each in hooks.received)
        return [each for each, body in bodies if body["data"]["jobId"] == job_id and body["event"].startswith(about)]

    return until(told, what=f"a webhook for {job_id}")


@pytest.mark.parametrize(
    ("paths", "event", "status"),
    [
        (["/static/1", "/static/2"], "job.completed", "completed"),
        (["/static/1", "/status/404"], "job.completed", "partial"),
        (["/status/404"], "job.failed", "failed"),
    ],
)
def test_an_endpoint_is_told_once_of_the_end_by_a_signed_event(alice, site, hooks, secret, paths, event, status):
    job = alice.wait(alice.post([site.url(path) for path in paths], webhook=hooks.url)["id"])

    (told,) = received(hooks, job["id"])

    body = json.loads(told.body)
    assert Webhook(secret).verify(told.body, {name.lower(): value for name, value in told.headers.items()}) == body
    assert (body["event"], body["data"]["job"]["status"]) == (event, status)
    assert body["data"]["job"] == {name: job[name] for name in job if name not in ("results", "resultsNext")}


def test_a_cancelled_job_is_told_of_too(alice, site, hooks):
    site.hold("/static/held")
    made = alice.post([site.url("/static/held")], webhook=hooks.url)

    alice.cancel(made["id"])

    (told,) = received(hooks, made["id"])
    assert json.loads(told.body)["event"] == "job.cancelled"


def test_each_page_is_told_of_with_what_was_read_or_why_not(alice, site, hooks, secret):
    urls = [site.url("/static/1"), site.url("/status/404")]
    job = alice.wait(alice.post(urls, webhook=hooks.url, options={"retries": 0})["id"])

    told = until(lambda: len(each := received(hooks, job["id"], about="scrape.")) == 2 and each, what="both pages")

    bodies = {body["data"]["index"]: body for body in (json.loads(each.body) for each in told)}
    assert [bodies[index]["event"] for index in (0, 1)] == ["scrape.completed", "scrape.failed"]
    assert bodies[0]["data"] == {
        "jobId": job["id"],
        "url": urls[0],
        "index": 0,
        "results": {"title": "Product 1"},
        "metadata": job["results"][0]["metadata"],
    }
    assert bodies[1]["data"]["results"] is None
    assert bodies[1]["data"]["error"] == job["results"][1]["error"]
    for each in told:
        Webhook(secret).verify(each.body, {name.lower(): value for name, value in each.headers.items()})


def test_an_endpoint_hears_what_it_asked_for_with_its_own_headers_and_metadata(alice, site, hooks):
    token = "in confidence"
    webhook = {
        "url": hooks.url,
        "events": ["job.completed"],
        "headers": {"X-Token": token},
        "metadata": {"batch": "42"},
    }
    job = alice.wait(alice.post([site.url("/static/1")], webhook=webhook)["id"])

    (told,) = received(hooks, job["id"], about="")

    assert job["webhook"] == {**webhook, "headers": {"X-Token": "[sealed]"}}
    assert told.headers["X-Token"] == token
    assert json.loads(told.body)["metadata"] == {"batch": "42"}
    assert token not in told.body.decode()


def test_deliveries_are_listed_and_sent_again_as_they_were(alice, bob, site, hooks):
    made = alice.post([site.url("/static/1")], webhook={"url": hooks.url, "events": ["job.completed"]})
    alice.wait(made["id"])
    (first,) = received(hooks, made["id"])

    def listed():
        body = alice.ask("GET", f"/v1/jobs/{made['id']}/deliveries").body
        return body["deliveries"][0]["status"] == "delivered" and body

    body = until(listed, what="the delivery is noted")
    (delivery,) = body["deliveries"]
    assert (body["total"], delivery["event"], delivery["url"]) == (1, "job.completed", hooks.url)
    assert [each["statusCode"] for each in delivery["attempts"]] == [200]
    assert alice.ask("POST", f"/v1/deliveries/{delivery['id']}/resend", {}).status == 200

    again = until(lambda: received(hooks, made["id"])[1:], what="the second delivery")
    assert again[0].body == first.body
    assert again[0].headers["webhook-id"] == first.headers["webhook-id"]
    assert bob.ask("GET", f"/v1/deliveries/{delivery['id']}").status == 404
    assert bob.ask("GET", f"/v1/jobs/{made['id']}/deliveries").status == 404
    assert bob.ask("POST", f"/v1/deliveries/{delivery['id']}/resend", {}).status == 404


def test_an_endpoint_can_be_tried_without_a_job(alice, hooks):
    hooks.answers(418, body=b"a teapot")
    try:
        made = alice.ask("POST", "/v1/webhooks/test", {"url": hooks.url, "headers": {"X-Token": "t"}}).body["delivery"]

        def given_up():
            delivery = alice.ask("GET", f"/v1/deliveries/{made['id']}").body["delivery"]
            return delivery["status"] == "given_up" and delivery

        delivery = until(given_up, what="the only try")
    finally:
        hooks.answers(200)

    assert (delivery["event"], delivery["nextAttemptAt"]) == ("webhook.test", None)
    assert [(each["statusCode"], each["excerpt"]) for each in delivery["attempts"]] == [(418, "a teapot")]
    (told,) = (each for each in hooks.received if json.loads(each.body)["id"] == made["eventId"])
    assert told.headers["X-Token"] == "t"
