"""Options that hold secrets, a proxy, headers, cookies: what of them is refused, and that they are seen by nobody."""

import logging

import orjson
import pytest
from django.db import connection
from django.urls import reverse

from jobs import intake
from jobs.models import Job
from jobs.secrets import opened
from scraping.egress import Policy
from scraping.egress.upstream import Upstream

pytestmark = pytest.mark.django_db

SERVER = "http://proxy.example.com:3128"
USERNAME, PASSWORD = "aliceinchains", "tr0ub4dor&3"
TOKEN, COOKIE = "headervalue7", "cookievalue8"
SENT = {
    "headers": {"Authorization": f"Bearer {TOKEN}", "X-Key": TOKEN},
    "cookies": [{"name": "sid", "value": COOKIE, "path": "/a"}, {"value": COOKIE, "name": "__Host-id", "secure": True}],
}
SHOWN = {
    "headers": {"Authorization": "[sealed]", "X-Key": "[sealed]"},
    "cookies": [
        {"name": "sid", "value": "[sealed]", "path": "/a"},
        {"value": "[sealed]", "name": "__Host-id", "secure": True},
    ],
}
SECRETS = (USERNAME, PASSWORD, orjson.dumps(PASSWORD).decode(), TOKEN, COOKIE)


def with_proxy(**overrides):
    fields = {"server": SERVER, "username": USERNAME, "password": PASSWORD, **overrides}
    return {"proxy": {name: value for name, value in fields.items() if value is not ...}}


@pytest.mark.parametrize(
    ("proxy", "place", "code"),
    [
        (None, "", "invalid_type"),
        (SERVER, "", "invalid_type"),
        ([SERVER], "", "invalid_type"),
        ({}, ".server", "required"),
        ({"server": None}, ".server", "invalid_type"),
        ({"server": 1}, ".server", "invalid_type"),
        ({"server": ""}, ".server", "invalid_url"),
        ({"server": "proxy.example.com:3128"}, ".server", "invalid_url"),
        ({"server": "socks5h://proxy.example.com"}, ".server", "invalid_url"),
        ({"server": "ftp://proxy.example.com"}, ".server", "invalid_url"),
        ({"server": f"http://{USERNAME}:{PASSWORD}@proxy.example.com"}, ".server", "invalid_url"),
        ({"server": SERVER + "/path"}, ".server", "invalid_url"),
        ({"server": SERVER + "\r\nA: b"}, ".server", "invalid_url"),
        ({"server": "http://proxy.example.com:25"}, ".server", "invalid_url"),
        ({"server": "http://proxy.example.com:9050"}, ".server", "invalid_url"),
        ({"server": "http://" + "a." * 1_020 + "example.com"}, ".server", "invalid_url"),
        ({"server": "http://127.0.0.1:3128"}, ".server", "blocked_address"),
        ({"server": "https://10.0.0.1"}, ".server", "blocked_address"),
        ({"server": "socks5://localhost"}, ".server", "blocked_address"),
        ({"server": "socks5://[::ffff:127.0.0.1]"}, ".server", "blocked_address"),
        ({"server": "socks5://169.254.169.254:80"}, ".server", "blocked_address"),
        ({"server": SERVER, "bypass": "*"}, ".bypass", "unknown_field"),
        ({"server": SERVER, "Username": "a"}, ".Username", "unknown_field"),
        ({"server": SERVER, "username": None}, ".username", "invalid_type"),
        ({"server": SERVER, "username": 1}, ".username", "invalid_type"),
        ({"server": SERVER, "username": ""}, ".username", "required"),
        ({"server": SERVER, "username": "u" * 256}, ".username", "too_long"),
        ({"server": SERVER, "username": "ü" * 128}, ".username", "too_long"),
        ({"server": SERVER, "username": "a\rb"}, ".username", "invalid_character"),
        ({"server": SERVER, "username": "a\nb"}, ".username", "invalid_character"),
        ({"server": SERVER, "username": "a\x7fb"}, ".username", "invalid_character"),
        ({"server": SERVER, "username": "a:b"}, ".username", "invalid_character"),
        ({"server": "https://proxy.example.com", "username": "a:b"}, ".username", "invalid_character"),
        ({"server": SERVER, "password": PASSWORD}, ".username", "required"),
        ({"server": SERVER, "username": "a", "password": None}, ".password", "invalid_type"),
        ({"server": SERVER, "username": "a", "password": ["p"]}, ".password", "invalid_type"),
        ({"server": SERVER, "username": "a", "password": ""}, ".password", "required"),
        ({"server": SERVER, "username": "a", "password": "p" * 256}, ".password", "too_long"),
        ({"server": SERVER, "username": "a", "password": "\r\nX: y"}, ".password", "invalid_character"),
        ({"server": SERVER, "username": "a", "password": "\0"}, ".password", "invalid_character"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_by_name(post, proxy, place, code):
    answer = post(options={"proxy": proxy})

    assert answer.status_code == 400, answer.content
    [problem] = answer.json()["error"]["details"]
    assert (problem["field"], problem["code"]) == ("options.proxy" + place, code)
    assert PASSWORD.encode() not in answer.content
    assert not Job.objects.exists()


def test_everything_wrong_with_a_proxy_is_told_at_once_and_quotes_no_credentials(post):
    answer = post(
        options=with_proxy(server="http://10.0.0.1", username=USERNAME + "\r", password=PASSWORD * 30, port=1)
    )

    problems = {(each["field"], each["code"]) for each in answer.json()["error"]["details"]}
    assert problems == {
        ("options.proxy.server", "blocked_address"),
        ("options.proxy.username", "invalid_character"),
        ("options.proxy.password", "too_long"),
        ("options.proxy.port", "unknown_field"),
    }
    assert USERNAME.encode() not in answer.content
    assert PASSWORD.encode() not in answer.content


@pytest.mark.parametrize(
    ("proxy", "upstream"),
    [
        ({"server": SERVER}, Upstream("http", "proxy.example.com", 3128)),
        ({"server": "https://proxy.example.com/"}, Upstream("https", "proxy.example.com", 443)),
        (
            {"server": "socks5://proxy.example.com", "username": "a:b", "password": "c:d"},
            Upstream("socks5", "proxy.example.com", 1080, "a:b", "c:d"),
        ),
        ({"server": SERVER, "username": "a"}, Upstream("http", "proxy.example.com", 3128, "a")),
        (
            {"server": SERVER, "username": "u" * 255, "password": "ü" * 127 + "!"},
            Upstream("http", "proxy.example.com", 3128, "u" * 255, "ü" * 127 + "!"),
        ),
        (
            {"server": SERVER, "username": "😀 ", "password": '"\\'},
            Upstream("http", "proxy.example.com", 3128, "😀 ", '"\\'),
        ),
        ({"server": "http://8.8.8.8:8888"}, Upstream("http", "8.8.8.8", 8888)),
    ],
)
def test_a_proxy_is_kept_for_the_workers_as_it_was_given(post, proxy, upstream):
    answer = post(options={"proxy": proxy})

    assert answer.status_code == 201, answer.content
    assert opened(Job.objects.get().sealed_options).proxy == upstream


def test_a_proxy_inside_is_taken_where_the_operator_names_the_pair(post, settings):
    settings.EGRESS_POLICY = Policy(allow=frozenset({"127.0.0.1:9050"}))

    assert post(options=with_proxy(server="socks5://127.0.0.1:9050")).status_code == 201


def test_a_job_shows_where_its_proxy_is_and_nothing_else_of_it(api, post):
    options = {"timeout": 5_000, **with_proxy(), "retries": 1}

    made = post(options=options).json()["job"]
    job = api.get(f"/v1/jobs/{made['id']}")

    assert job.json()["job"]["options"] == {"timeout": 5_000, "proxy": {"server": SERVER}, "retries": 1}
    assert b'"options":{"timeout":5000,"proxy":{"server":"%b"},"retries":1}' % SERVER.encode() in job.content


def test_a_job_shows_which_headers_and_cookies_it_sends_and_not_what_is_in_them(api, post):
    made = post(options={"retries": 1, **SENT}).json()["job"]

    job = api.get(f"/v1/jobs/{made['id']}").json()["job"]

    assert made["options"] == job["options"] == {"retries": 1, **SHOWN}


@pytest.mark.parametrize(
    "spoilt",
    [
        {"headers": {"X-Key": TOKEN + "\n"}},
        {"headers": {"X-Key": TOKEN, "x-key": TOKEN}},
        {"headers": {"Cookie": TOKEN}},
        {"cookies": [{"name": "sid", "value": COOKIE + ";"}]},
        {"cookies": [{"name": "sid", "value": COOKIE * 1_000}]},
        {"cookies": [{"name": "sid", "value": COOKIE, "domain": "example.com"}]},
    ],
)
def test_what_is_refused_of_headers_and_cookies_is_not_quoted(post, spoilt, caplog):
    answer = post(options=spoilt)

    assert answer.status_code == 400
    assert not [secret for secret in (TOKEN, COOKIE) if secret in answer.content.decode() + caplog.text]


def test_a_job_without_a_proxy_keeps_none_and_its_options_byte_for_byte(post):
    post(options={"retries": 1, "timeout": 5_000})

    job = Job.objects.get()
    assert (job.sealed_options, job.options) == (None, '{"retries":1,"timeout":5000}')


def test_the_same_credentials_are_sealed_differently_each_time(post):
    post(options=with_proxy())
    post(options=with_proxy())

    first, second = Job.objects.values_list("sealed_options", flat=True)
    assert first != second


def test_credentials_are_in_no_answer_no_column_no_admin_page_no_webhook_and_no_log(
    api, post, admin_client, caplog, settings, queue
):
    caplog.set_level(logging.DEBUG)
    settings.SCRPY_WEBHOOK_ALLOW_HTTP = True

    made = post(options=with_proxy() | SENT, webhook="https://receiver.com/hook")
    path = f"/v1/jobs/{made.json()['job']['id']}"
    answers = [made, api.get(path), api.get("/v1/jobs"), api.delete(path), api.get(f"{path}/results")]
    job = Job.objects.get()
    answers += [admin_client.get(reverse(f"admin:jobs_job_{view}", args=args)) for view, args in views(job)]

    assert all(answer.status_code in (200, 201) for answer in answers), answers
    answered = b"".join(answer.content for answer in answers)
    assert SERVER.encode() in answered
    stored = all_that_is_stored()
    assert {job.public_id, job.sealed_options} < stored
    assert any('"job.cancelled"' in text and SERVER in text and '"sid"' in text for text in stored)
    for secret in SECRETS:
        assert secret.encode() not in answered
        assert not [text for text in stored if secret in text]
        assert secret not in caplog.text
    assert job.sealed_options.encode() not in answered


def views(job):
    return [("changelist", []), ("change", [job.pk]), ("history", [job.pk])]


def all_that_is_stored():
    """Every value of every column of every table, as text."""
    with connection.cursor() as cursor:
        rows = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows += cursor.fetchall()
    return {str(value) for row in rows for value in row}


def test_credentials_are_not_in_the_log_of_a_request_that_breaks_down(post, api, monkeypatch, caplog):
    def break_down():
        raise RuntimeError("broken")

    monkeypatch.setattr(intake, "database_now", break_down)
    api.raise_request_exception = False

    answer = post(options=with_proxy() | SENT)

    assert answer.status_code == 500
    assert "broken" in caplog.text
    assert not [secret for secret in SECRETS if secret in caplog.text]
