"""Every failure under /v1 has one shape, and every answer of the site a request id."""

import re

import pytest
from django.db import InterfaceError, OperationalError

from jobs.api import jobs as jobs_api
from jobs.api import results as results_api
from jobs.outages import driver_errors

pytestmark = pytest.mark.django_db


def assert_enveloped(answer, status, code):
    body = answer.json()
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/json"
    assert list(body) == ["success", "error", "requestId"]
    assert list(body["error"]) == ["code", "message", "details"]
    assert (body["success"], body["error"]["code"]) == (False, code)
    assert body["requestId"] == answer["X-Request-Id"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1",
        "/v1/",
        "/v1/nothing",
        "/v1/jobs/",
        "/v1/jobs/job_x/",
        "/v1/jobs/job_x/results/",
        "/v1/jobs/job_x/nothing",
        "/v1/jobs/a/b/c/d",
        "/v1//jobs",
        "/v1/jobs%2F",
        "/v1/%00",
        "/v1/%ff%fe",
        "/v1/JOBS",
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "delete", "put", "options"])
def test_an_address_that_is_not_there_is_404(method, path, api):
    assert_enveloped(getattr(api, method)(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/jobs", "GET, HEAD, POST"),
        ("PATCH", "/v1/jobs", "GET, HEAD, POST"),
        ("DELETE", "/v1/jobs", "GET, HEAD, POST"),
        ("OPTIONS", "/v1/jobs", "GET, HEAD, POST"),
        ("TRACE", "/v1/jobs", "GET, HEAD, POST"),
        ("BREW", "/v1/jobs", "GET, HEAD, POST"),
        ("POST", "/v1/jobs/job_x", "GET, HEAD, DELETE"),
        ("PUT", "/v1/jobs/job_x", "GET, HEAD, DELETE"),
        ("POST", "/v1/jobs/job_x/results", "GET, HEAD"),
        ("DELETE", "/v1/jobs/job_x/results", "GET, HEAD"),
    ],
)
def test_a_method_that_is_not_there_is_405_with_those_that_are(method, path, allow, client):
    answer = client.generic(method, path)

    assert_enveloped(answer, 405, "method_not_allowed")
    assert answer["Allow"] == allow


@pytest.mark.parametrize("host", ["evil.example.com", "", "a b", "[::1", "\u00e4"])
def test_a_foreign_host_is_400(host, api):
    assert_enveloped(api.get("/v1/jobs", HTTP_HOST=host), 400, "invalid_request")


def test_a_query_of_very_many_parameters_is_400(api):
    assert_enveloped(api.get("/v1/jobs?" + "a=1&" * 2_000), 400, "invalid_request")


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense", "*/*;q=0"])
def test_the_answer_is_json_whatever_is_accepted(accept, api):
    answer = api.get("/v1/jobs", HTTP_ACCEPT=accept)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.fixture
def broken(monkeypatch):
    """Makes reading results raise."""

    def raises(error):
        def read(*args, **kwargs):
            raise error

        monkeypatch.setattr(results_api, "read_results", read)

    return raises


def test_an_unforeseen_error_is_logged_with_its_traceback_and_tells_no_secret(api, make_job, broken, caplog):
    broken(RuntimeError("secret detail"))

    answer = api.get(f"/v1/jobs/{make_job().public_id}")

    assert_enveloped(answer, 500, "internal_error")
    assert "secret" not in answer.content.decode()
    assert answer["X-Request-Id"] in answer.json()["error"]["message"]
    assert any(record.exc_info and "secret detail" in str(record.exc_info[1]) for record in caplog.records)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError, *driver_errors()])
def test_a_database_that_is_away_is_503(error, api, make_job, broken):
    broken(error("connection refused at 10.1.2.3"))

    answer = api.get(f"/v1/jobs/{make_job().public_id}")

    assert_enveloped(answer, 503, "service_unavailable")
    assert "10.1.2.3" not in answer.content.decode()


def test_a_database_that_is_away_at_authentication_is_503(api, monkeypatch):
    from jobs.models.api_key import ApiKeyQuerySet

    def authenticate(self, text):
        raise OperationalError

    monkeypatch.setattr(ApiKeyQuerySet, "authenticate", authenticate)

    assert_enveloped(api.get("/v1/jobs"), 503, "service_unavailable")


def test_an_error_while_an_answer_is_written_is_500(api, make_job, monkeypatch):
    monkeypatch.setattr(jobs_api, "job_as_dict", lambda *args, **kwargs: {"unwritable": object()})
    api.raise_request_exception = False

    assert_enveloped(api.get(f"/v1/jobs/{make_job().public_id}"), 500, "internal_error")


@pytest.mark.parametrize(
    "path", ["/v1/jobs", "/v1/nothing", "/", "/nothing", "/healthz", "/admin/login/", "/static/no"]
)
def test_every_answer_has_a_request_id(path, client):
    assert re.fullmatch(r"req_[0-9a-z]{20}", client.get(path)["X-Request-Id"])


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/nothing", "/healthz"])
def test_a_sane_request_id_of_the_callers_is_kept(path, client):
    assert client.get(path, HTTP_X_REQUEST_ID="Trace-1.2_3")["X-Request-Id"] == "Trace-1.2_3"


@pytest.mark.parametrize("sent", ["", "a b", "a\r\nX: y", "x" * 129, "\u00e4", "<script>", "a\0"])
def test_any_other_request_id_is_replaced(sent, client):
    assert client.get("/healthz", HTTP_X_REQUEST_ID=sent)["X-Request-Id"].startswith("req_")


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("limit=0", "limit", "out_of_range"),
        ("limit=101", "limit", "out_of_range"),
        ("limit=-1", "limit", "out_of_range"),
        ("limit=1.0", "limit", "out_of_range"),
        ("limit=%D9%A1", "limit", "out_of_range"),
        ("limit=", "limit", "out_of_range"),
        ("limit=+1", "limit", "out_of_range"),
        ("limit=" + "9" * 5_000, "limit", "out_of_range"),
        ("limit=1&limit=2", "limit", "duplicate_key"),
        ("offset=-1", "offset", "out_of_range"),
        ("offset=1000001", "offset", "out_of_range"),
        ("offset=9223372036854775808", "offset", "out_of_range"),
        ("status=", "status", "invalid_choice"),
        ("status=done", "status", "invalid_choice"),
        ("status=pending,", "status", "invalid_choice"),
        ("status=PENDING", "status", "invalid_choice"),
        ("status=%00", "status", "invalid_choice"),
        ("status=%ff", "status", "invalid_choice"),
        ("Limit=1", "Limit", "unknown_field"),
        ("format=json", "format", "unknown_field"),
        ("%00=1", "\0", "unknown_field"),
    ],
)
def test_a_bad_parameter_of_the_list_is_named(query, field, code, api):
    answer = api.get(f"/v1/jobs?{query}")

    assert_enveloped(answer, 400, "invalid_request")
    assert [(one["field"], one["code"]) for one in answer.json()["error"]["details"]] == [(field, code)]


@pytest.mark.parametrize(
    "query",
    [
        "wait=61",
        "wait=-1",
        "wait=1.5",
        "wait=x",
        "results=no",
        "results=0",
        "results=",
        "result=false",
        "wait=1&wait=1",
    ],
)
def test_a_bad_parameter_of_a_job_is_refused(query, api, make_job):
    assert_enveloped(api.get(f"/v1/jobs/{make_job().public_id}?{query}"), 400, "invalid_request")


def test_a_query_of_delete_is_refused_and_nothing_cancelled(api, make_job):
    job = make_job()

    assert_enveloped(api.delete(f"/v1/jobs/{job.public_id}?results=false"), 400, "invalid_request")

    job.refresh_from_db()
    assert job.status == "pending"
