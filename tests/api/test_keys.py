"""Who may ask: API keys, their scopes, and whose job it is."""

from datetime import UTC, datetime

import pytest
from rest_framework.test import APIClient

from jobs.models import ApiKey
from jobs.models.api_key import LIVE_PREFIX

pytestmark = pytest.mark.django_db

STRANGER = LIVE_PREFIX + "A" * 12 + "_" + "b" * 32


def ask(authorization):
    client = APIClient()
    if authorization is not None:
        client.credentials(HTTP_AUTHORIZATION=authorization)
    return client.get("/v1/jobs")


def assert_unauthorized(answer):
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer.json()["success"] is False
    assert answer.json()["error"]["code"] == "unauthorized"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {STRANGER}",
        f"Basic {STRANGER}",
        f"Token {STRANGER}",
        f"Bearer{STRANGER}",
        STRANGER,
        "Bearer sk_live_",
        "Bearer \u00e4\u00f6",
        "Bearer " + "x" * 10_000,
        "Bearer a\0b",
        f"Bearer {STRANGER} {STRANGER}",
    ],
)
def test_without_a_good_key_the_answer_is_401(authorization):
    assert_unauthorized(ask(authorization))


@pytest.mark.parametrize("form", ["{0},Bearer {0}", "{0}, Bearer {0}", "{0} {0}", "{0}x", "{0}\n", " {0}\t{0}"])
def test_a_good_key_in_an_odd_header_is_401(form, alice, make_key):
    assert_unauthorized(ask("Bearer " + form.format(make_key(alice))))


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_known_in_any_case(scheme, alice, make_key):
    assert ask(f"{scheme} {make_key(alice)}").status_code == 200


def test_a_key_with_another_keys_secret_is_401(alice, make_key):
    one, other = make_key(alice), make_key(alice)
    mixed = one[: -len("_") - 32] + other[-len("_") - 32 :]

    assert_unauthorized(ask(f"Bearer {mixed}"))


def test_a_revoked_key_is_401(alice):
    key, text = ApiKey.objects.issue(account=alice)
    key.revoke()

    assert_unauthorized(ask(f"Bearer {text}"))


def test_an_expired_key_is_401(alice, make_key):
    assert_unauthorized(ask(f"Bearer {make_key(alice, expires_at=datetime(2020, 1, 1, tzinfo=UTC))}"))


def test_a_key_in_the_query_is_no_key(alice, make_key):
    assert_unauthorized(APIClient().get(f"/v1/jobs?api_key={make_key(alice)}"))


def test_a_session_of_the_admin_is_no_key(admin_client):
    assert_unauthorized(admin_client.get("/v1/jobs"))


def test_the_use_of_a_key_is_noted(alice):
    key, text = ApiKey.objects.issue(account=alice)

    ask(f"Bearer {text}")

    key.refresh_from_db()
    assert key.last_used_at is not None


@pytest.mark.parametrize(
    ("scope", "method", "path", "status"),
    [
        ("jobs:read", "get", "/v1/jobs", 200),
        ("jobs:read", "get", "/v1/jobs/{0}", 200),
        ("jobs:read", "head", "/v1/jobs/{0}", 200),
        ("jobs:read", "get", "/v1/jobs/{0}/results", 200),
        ("jobs:read", "post", "/v1/jobs", 403),
        ("jobs:read", "delete", "/v1/jobs/{0}", 403),
        ("jobs:write", "get", "/v1/jobs", 403),
        ("jobs:write", "get", "/v1/jobs/{0}", 403),
        ("jobs:write", "get", "/v1/jobs/{0}/results", 403),
        ("jobs:write", "post", "/v1/jobs", 415),
        ("jobs:write", "delete", "/v1/jobs/{0}", 200),
    ],
)
def test_a_key_does_what_its_scopes_say(scope, method, path, status, alice, make_client, make_job):
    client = make_client(alice, scopes=[scope])

    answer = getattr(client, method)(path.format(make_job().public_id))

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "insufficient_scope"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/v1/jobs/{0}"),
        ("get", "/v1/jobs/{0}?wait=60"),
        ("delete", "/v1/jobs/{0}"),
        ("get", "/v1/jobs/{0}/results"),
    ],
)
def test_another_accounts_job_is_404_as_if_it_were_not_there(method, path, bobs_api, make_job):
    job = make_job()

    answer = getattr(bobs_api, method)(path.format(job.public_id))

    job.refresh_from_db()
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert job.status == "pending"


@pytest.mark.parametrize(
    "public_id", ["job_unknown", "job_", "1", "JOB_ABC", "job_%00", "job_%ff", "%F0%9F%98%80", "x" * 5000]
)
def test_a_job_that_is_not_there_is_404(public_id, api):
    answer = api.get(f"/v1/jobs/{public_id}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
