"""What endpoints really get is what the OpenAPI document says of webhooks."""

import orjson
import pytest

from jobs.models import Delivery, Job
from jobs.recording import cancel_job
from jobs.webhooks import sending
from jobs.webhooks.events import TEST_EVENT
from jobs.webhooks.sending import deliver
from scraping.egress import Policy
from tests.api.conforming import document, fault_of
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db

EVENTS = {
    "scrape.completed": "two_ends",
    "scrape.failed": "two_ends",
    "job.completed": "two_ends",
    "job.failed": "failure",
    "job.cancelled": "cancellation",
    "schedule.run": "schedule_runs",
    "webhook.test": "trial",
}
"""What makes each of them happen."""


@pytest.fixture
def endpoint(settings, monkeypatch):
    monkeypatch.setattr(sending, "close_old_connections", lambda: None)  # a test's own transaction needs its own
    receiver = Receiver()
    settings.EGRESS_POLICY = Policy(allow=frozenset({receiver.pair}))
    yield receiver
    receiver.stop()


@pytest.fixture
def send(api):
    def sending(path, body=None):
        answer = api.post(f"/v1/{path}", orjson.dumps(body or {}), content_type="application/json")
        assert answer.status_code in {200, 201}, answer.content
        return answer.json()

    return sending


@pytest.fixture
def webhook(endpoint):
    return {"url": endpoint.url, "metadata": {"batch": "42"}, "headers": {"X-Token": "t"}}


@pytest.fixture
def happen(send, post, webhook, complete, fail):
    """`happen("failure")`: that comes to pass, for an endpoint that hears of all."""

    def job(*urls):
        return Job.objects.get(public_id=post(urls=list(urls), webhook=webhook).json()["job"]["id"])

    def two_ends():
        ended = job("https://store.com/p1", {"url": "https://store.com/p2", "reference": "second"})
        complete(ended, 0, '{"title":"Ä","price":null,"tags":["a"]}')
        fail(ended, 1)

    def failure():
        fail(job("https://store.com/p1"), 0)

    def cancellation():
        cancel_job(job("https://store.com/p1"))

    def schedule_runs():
        wanted = {"urls": ["https://store.com/p1"], "selectors": {"title": "h1"}, "webhook": webhook}
        made = send("schedules", {"cron": "0 6 * * *", "job": wanted})
        for _ in ("created", "skipped"):
            send(f"schedules/{made['schedule']['id']}/run")

    def trial():
        send("webhooks/test", {name: webhook[name] for name in ("url", "headers")})

    causes = {cause.__name__: cause for cause in (two_ends, failure, cancellation, schedule_runs, trial)}
    return lambda what: causes[what]()


@pytest.mark.parametrize(("kind", "cause"), EVENTS.items())
def test_the_bodies_and_headers_of_an_event_are_as_documented(happen, endpoint, kind, cause):
    happen(cause)

    deliver(list(Delivery.objects.values_list("pk", flat=True)))

    told = [each for each in endpoint.received if each.headers["X-Scrpy-Event"] == kind]
    foreseen = document()["webhooks"][kind]["post"]
    assert told
    for each in told:
        body = orjson.loads(each.body)
        assert fault_of(body, foreseen["requestBody"]["content"][each.headers["Content-Type"]]["schema"]) is None
        assert body.get("metadata") == (None if kind == TEST_EVENT else {"batch": "42"})
        required = {header["name"] for header in foreseen["parameters"] if header["required"]}
        assert required <= each.headers.keys()


def test_each_event_of_the_document_is_among_them():
    assert document()["webhooks"].keys() == EVENTS.keys()
