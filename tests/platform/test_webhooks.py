"""The end of a job, told to its endpoint."""

import json

import pytest
from standardwebhooks import Webhook

from tests.until import until


@pytest.fixture
def secret(platform, alice):
    return platform.rows.one("SELECT webhook_secret FROM jobs_account WHERE name = 'alice'")


def received(hooks, job_id):
    """What the endpoint was told of a job, once it was."""
    return until(
        lambda: [each for each in hooks.received if json.loads(each.body)["data"]["jobId"] == job_id],
        what=f"a webhook for {job_id}",
    )


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
