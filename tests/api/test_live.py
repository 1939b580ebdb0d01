"""Each endpoint answers, and each code of an error comes, over the wire of a live server."""

import json
from contextlib import closing

import orjson
import pytest
from django.db import OperationalError

from jobs.api import results as results_api
from jobs.api import waiting
from jobs.api.body_limit import MAX_BODY_BYTES
from jobs.api.errors import STATUSES
from jobs.api.schema.operations import OPERATIONS
from jobs.models import Account, Delivery
from scraping.capture import Capture
from scraping.options import Output
from tests.api.test_artifacts import keep as keep_files  # noqa: F401 - a fixture
from tests.api.test_single import keep

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("kept", "answers_at_once")]

RULES = {"selectors": {"title": "h1"}}
JOB = {"urls": ["https://store.com/p1"], **RULES}
SCHEDULE = {"cron": "0 6 * * *", "job": JOB}
MARKDOWN = Capture(Output.MARKDOWN, "text/markdown; charset=utf-8", b"# A")

ASKED = {
    "POST /v1/jobs": JOB,
    "GET /v1/jobs": None,
    "GET /v1/jobs/{id}": None,
    "DELETE /v1/jobs/{id}": None,
    "GET /v1/jobs/{id}/results": None,
    "GET /v1/jobs/{id}/events": None,
    "GET /v1/jobs/{id}/pages/{index}": None,
    "POST /v1/jobs/{id}/retry": None,
    "POST /v1/jobs/{id}/purge": None,
    "POST /v1/jobs/{id}/reextract": RULES,
    "GET /v1/jobs/{id}/deliveries": None,
    "GET /v1/deliveries/{id}": None,
    "POST /v1/deliveries/{id}/resend": None,
    "POST /v1/webhooks/test": {"url": "https://receiver.com/hook"},
    "POST /v1/scrape": {"url": "https://store.com/p1", **RULES},
    "POST /v1/preview": {"html": "<h1>A</h1>", "url": "https://store.com/p1", **RULES},
    "POST /v1/schedules": SCHEDULE,
    "GET /v1/schedules": None,
    "GET /v1/schedules/{id}": None,
    "PATCH /v1/schedules/{id}": {"name": "Mornings"},
    "DELETE /v1/schedules/{id}": None,
    "POST /v1/schedules/{id}/pause": None,
    "POST /v1/schedules/{id}/resume": None,
    "POST /v1/schedules/{id}/run": None,
    "GET /v1/schedules/{id}/runs": None,
    "GET /v1/usage": None,
    "GET /v1/artifacts/{id}": None,
    "GET /v1/openapi.json": None,
}
"""What is sent to each endpoint."""


@pytest.fixture
def answers_at_once(monkeypatch):
    """No worker is there that one could wait for."""
    monkeypatch.setattr(waiting, "MOST_WAITERS", 0)


@pytest.fixture
def ask(server, make_key, alice):
    """The status and the body, which has been read to its end."""
    alices = make_key(alice)

    def send(method, path, body=None, *, key=alices, **headers):
        content = None if body is None else orjson.dumps(body)
        with closing(server.connect()) as connection:
            said = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            connection.request(method, path, content, {**said, **headers})
            response = connection.getresponse()
            return response.status, response.read()

    return send


@pytest.fixture
def live(make_job):
    return make_job(1, webhook='"https://receiver.com/hook"')


@pytest.fixture
def partial(make_job, complete, fail):
    """A job that has ended, one of whose pages is kept."""
    job = make_job(2, webhook='"https://receiver.com/hook"')
    complete(job, 0)
    fail(job, 1)
    keep(job, 0)
    return job


@pytest.fixture
def completed(make_job, complete):
    """One of whose pages nothing is kept."""
    job = make_job(1)
    complete(job, 0)
    return job


@pytest.fixture
def ids(ask, make_job, partial, live, keep_files):  # noqa: F811
    """The id that stands in an endpoint's path."""
    schedule = json.loads(ask("POST", "/v1/schedules", SCHEDULE)[1])["schedule"]["id"]
    (artifact,) = keep_files(make_job(1), 0, MARKDOWN)

    def of(operation):
        if operation == "DELETE /v1/jobs/{id}":
            return live.public_id
        kinds = {
            "jobs": partial.public_id,
            "deliveries": Delivery.objects.filter(event__job=partial).first().public_id,
            "schedules": schedule,
            "artifacts": artifact.public_id,
        }
        return kinds.get(operation.split("/")[2])

    return of


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_endpoint_answers_as_it_should(ask, ids, operation):
    method, path = operation.split()

    status, _ = ask(method, path.replace("{id}", str(ids(operation))).replace("{index}", "0"), ASKED[operation])

    assert status in OPERATIONS[operation].answers


@pytest.fixture
def breaks(monkeypatch):
    """From now on, reading results raises this."""

    def broken(error):
        def read(*_args, **_named):
            raise error

        monkeypatch.setattr(results_api, "read_results", read)

    return broken


@pytest.fixture
def provoke(ask, make_key, alice, live, partial, completed, breaks):
    """`provoke("not_found")`: the answer to what should come to that."""

    def of_job(job, what, body=None):
        return ask("POST", f"/v1/jobs/{job.public_id}/{what}", body)

    def change_account(**fields):
        Account.objects.filter(pk=alice.pk).update(**fields)

    def insufficient_credits():
        change_account(unlimited=False, credits=0)
        return ask("POST", "/v1/jobs", JOB)

    def idempotency_conflict():
        ask("POST", "/v1/jobs", JOB, **{"Idempotency-Key": "mine"})
        return ask("POST", "/v1/jobs", {**JOB, "name": "Another"}, **{"Idempotency-Key": "mine"})

    def rate_limited():
        change_account(most_jobs=1)
        return ask("POST", "/v1/jobs", JOB)

    def broken(error):
        breaks(error)
        return ask("GET", f"/v1/jobs/{partial.public_id}")

    causes = {
        "invalid_request": lambda: ask("POST", "/v1/jobs", {}),
        "unauthorized": lambda: ask("GET", "/v1/jobs", key="nobody's"),
        "insufficient_credits": insufficient_credits,
        "insufficient_scope": lambda: ask("POST", "/v1/jobs", JOB, key=make_key(alice, scopes=["jobs:read"])),
        "not_found": lambda: ask("GET", "/v1/jobs/job_x"),
        "method_not_allowed": lambda: ask("PUT", "/v1/jobs", JOB),
        "idempotency_conflict": idempotency_conflict,
        "job_already_finished": lambda: ask("DELETE", f"/v1/jobs/{completed.public_id}"),
        "job_not_finished": lambda: of_job(live, "retry"),
        "nothing_failed": lambda: of_job(completed, "retry"),
        "nothing_kept": lambda: of_job(completed, "reextract", RULES),
        "payload_too_large": lambda: ask("POST", "/v1/jobs", **{"Content-Length": str(MAX_BODY_BYTES + 1)}),
        "unsupported_media_type": lambda: ask("POST", "/v1/jobs", JOB, **{"Content-Type": "text/plain"}),
        "rate_limited": rate_limited,
        "internal_error": lambda: broken(RuntimeError()),
        "service_unavailable": lambda: broken(OperationalError()),
    }
    return lambda code: causes[code]()


@pytest.mark.parametrize("code", STATUSES)
def test_each_code_of_an_error_comes_with_its_status(provoke, code):
    status, content = provoke(code)

    assert (status, json.loads(content)["error"]["code"]) == (STATUSES[code], code)
