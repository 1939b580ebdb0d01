"""Each field of POST /v1/jobs: missing, null, of the wrong type, empty, at its limit and one past it."""

import pytest

from jobs.models import Job, Page
from jobs.options import options_of
from scraping.egress import Policy

pytestmark = pytest.mark.django_db

GOOD = "https://store.com/p1"
MEBIBYTE = 2**20


def places(answer):
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["code"] == "invalid_request"
    assert all(one["message"] for one in answer.json()["error"]["details"])
    assert not Job.objects.exists()
    return [(one["field"], one["code"]) for one in answer.json()["error"]["details"]]


HOOK = {"url": "https://receiver.com/hook"}


@pytest.mark.parametrize(
    ("field", "value", "place", "code"),
    [
        # urls
        ("urls", ..., "urls", "required"),
        ("urls", [], "urls", "required"),
        ("urls", None, "urls", "invalid_type"),
        ("urls", GOOD, "urls", "invalid_type"),
        ("urls", {"0": GOOD}, "urls", "invalid_type"),
        ("urls", [None], "urls[0]", "invalid_type"),
        ("urls", [1], "urls[0]", "invalid_type"),
        ("urls", [[GOOD]], "urls[0]", "invalid_type"),
        ("urls", [GOOD, GOOD, GOOD, "nonsense"], "urls[3]", "invalid_url"),
        ("urls", [""], "urls[0]", "invalid_url"),
        ("urls", ["/p1"], "urls[0]", "invalid_url"),
        ("urls", ["//store.com"], "urls[0]", "invalid_url"),
        ("urls", ["ftp://store.com"], "urls[0]", "invalid_url"),
        ("urls", ["file:///etc/passwd"], "urls[0]", "invalid_url"),
        ("urls", ["javascript:alert(1)"], "urls[0]", "invalid_url"),
        ("urls", ["view-source:https://store.com"], "urls[0]", "invalid_url"),
        ("urls", ["data:text/html,x"], "urls[0]", "invalid_url"),
        ("urls", ["https://user:password@store.com"], "urls[0]", "invalid_url"),
        ("urls", ["https://store.com/" + "x" * 8_175], "urls[0]", "invalid_url"),
        ("urls", ["http://localhost/"], "urls[0]", "blocked_address"),
        ("urls", ["http://127.0.0.1/"], "urls[0]", "blocked_address"),
        ("urls", ["http://2130706433/"], "urls[0]", "blocked_address"),
        ("urls", ["http://0x7f.1/"], "urls[0]", "blocked_address"),
        ("urls", ["http://[::1]/"], "urls[0]", "blocked_address"),
        ("urls", ["http://[::ffff:10.0.0.1]/"], "urls[0]", "blocked_address"),
        ("urls", ["http://169.254.169.254/latest/meta-data/"], "urls[0]", "blocked_address"),
        # selectors
        ("selectors", ..., "selectors", "required"),
        ("selectors", None, "selectors", "invalid_type"),
        ("selectors", "h1", "selectors", "invalid_type"),
        ("selectors", ["h1"], "selectors", "invalid_type"),
        ("selectors", {"title": "h1["}, "selectors.title", "invalid_selector"),
        ("selectors", {"title": ""}, "selectors.title", "invalid_selector"),
        ("selectors", {"title": None}, "selectors.title", "invalid_selector"),
        ("selectors", {"title": 1}, "selectors.title", "invalid_selector"),
        ("selectors", {"title": []}, "selectors.title", "invalid_selector"),
        ("selectors", {"title": "//h1["}, "selectors.title", "invalid_selector"),
        ("selectors", {"title": {"selector": "h1", "as": "text"}}, "selectors.title.as", "unknown_field"),
        # name
        ("name", 1, "name", "invalid_type"),
        ("name", ["a"], "name", "invalid_type"),
        ("name", True, "name", "invalid_type"),
        ("name", "x" * 201, "name", "too_long"),
        ("name", "😀" * 201, "name", "too_long"),
        ("name", "x" * MEBIBYTE, "name", "too_long"),
        # webhook
        ("webhook", 1, "webhook", "invalid_type"),
        ("webhook", "", "webhook", "invalid_url"),
        ("webhook", "nonsense", "webhook", "invalid_url"),
        ("webhook", "ftp://receiver.com", "webhook", "invalid_url"),
        ("webhook", "https://10.0.0.1/hook", "webhook", "blocked_address"),
        ("webhook", {}, "webhook.url", "required"),
        ("webhook", {"url": "https://10.0.0.1/"}, "webhook.url", "blocked_address"),
        ("webhook", {"url": None}, "webhook.url", "invalid_type"),
        ("webhook", HOOK | {"secret": "x"}, "webhook.secret", "unknown_field"),
        ("webhook", HOOK | {"events": []}, "webhook.events", "required"),
        ("webhook", HOOK | {"events": ["job.done"]}, "webhook.events[0]", "invalid_choice"),
        ("webhook", HOOK | {"headers": {"X-Scrpy-Event": "x"}}, "webhook.headers.X-Scrpy-Event", "invalid_choice"),
        ("webhook", HOOK | {"headers": {"Webhook-Id": "x"}}, "webhook.headers.Webhook-Id", "invalid_choice"),
        ("webhook", HOOK | {"headers": {"Host": "x"}}, "webhook.headers.Host", "invalid_choice"),
        ("webhook", HOOK | {"headers": {"X-A": "b\r\nc"}}, "webhook.headers.X-A", "invalid_character"),
        ("webhook", HOOK | {"headers": {"X A": "b"}}, "webhook.headers.X A", "invalid_character"),
        ("webhook", HOOK | {"headers": {"X-A": 1}}, "webhook.headers.X-A", "invalid_type"),
        ("webhook", HOOK | {"headers": {"X-A": "b" * 9_000}}, "webhook.headers", "too_long"),
        ("webhook", HOOK | {"metadata": {"a": 1}}, "webhook.metadata.a", "invalid_type"),
        # metadata
        ("metadata", None, "metadata", "invalid_type"),
        ("metadata", [], "metadata", "invalid_type"),
        ("metadata", "a", "metadata", "invalid_type"),
        ("metadata", {"a": 1}, "metadata.a", "invalid_type"),
        ("metadata", {"a": None}, "metadata.a", "invalid_type"),
        ("metadata", {"a": {"b": "c"}}, "metadata.a", "invalid_type"),
        ("metadata", {str(number): "x" for number in range(21)}, "metadata", "too_many"),
        ("metadata", {"a": "x" * 4_097}, "metadata.a", "too_long"),
        ("metadata", {"x" * 101: "a"}, "metadata." + "x" * 101, "too_long"),
        # options
        ("options", None, "options", "invalid_type"),
        ("options", [], "options", "invalid_type"),
        ("options", {"timeout": 999}, "options.timeout", "out_of_range"),
        ("options", {"timeout": 120_001}, "options.timeout", "out_of_range"),
        ("options", {"timeout": "30000"}, "options.timeout", "invalid_type"),
        ("options", {"timeout": 30_000.0}, "options.timeout", "invalid_type"),
        ("options", {"timeout": True}, "options.timeout", "invalid_type"),
        ("options", {"timeout": None}, "options.timeout", "invalid_type"),
        ("options", {"timeout": 2**63}, "options.timeout", "out_of_range"),
        ("options", {"retries": -1}, "options.retries", "out_of_range"),
        ("options", {"retries": 11}, "options.retries", "out_of_range"),
        ("options", {"retries": False}, "options.retries", "invalid_type"),
        ("options", {"hostConcurrency": 0}, "options.hostConcurrency", "out_of_range"),
        ("options", {"hostConcurrency": 101}, "options.hostConcurrency", "out_of_range"),
        ("options", {"waitUntil": "auto"}, "options.waitUntil", "invalid_choice"),
        ("options", {"waitUntil": "LOAD"}, "options.waitUntil", "invalid_choice"),
        ("options", {"waitUntil": ["load"]}, "options.waitUntil", "invalid_type"),
        ("options", {"actions": None}, "options.actions", "invalid_type"),
        ("options", {"launchArgs": []}, "options.launchArgs", "unknown_field"),
        # keys that are not a caller's to set
        ("status", "completed", "status", "unknown_field"),
        ("id", "job_mine", "id", "unknown_field"),
        ("credits", 10**6, "credits", "unknown_field"),
        ("account", 1, "account", "unknown_field"),
        ("", 1, "", "unknown_field"),
        ("x" * MEBIBYTE, 1, "x" * 200 + "…", "unknown_field"),
    ],
)
def test_a_bad_field_is_named(field, value, place, code, post):
    assert places(post(**{field: value})) == [(place, code)]


@pytest.mark.parametrize("size", [0, 201])
def test_too_few_or_too_many_selectors_are_refused(size, post):
    found = places(post(selectors={f"field{number}": "h1" for number in range(size)}))

    assert [place for place, _ in found] == ["selectors"]


@pytest.mark.parametrize("name", ["", "x" * 101, "x" * MEBIBYTE])
def test_a_fields_name_that_is_empty_or_too_long_is_refused(name, post):
    assert len(places(post(selectors={name: "h1"}))) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", ""),
        ("name", "x" * 200),
        ("name", "😀" * 200),
        ("webhook", None),
        ("webhook", "https://receiver.com/hook?a=b"),
        ("urls", ["https://store.com/" + "x" * 8_174]),
        ("urls", ["http://Store.COM"]),
        ("urls", ["https://b\u00fccher.example.com/\u202e"]),
        ("urls", ["http://8.8.8.8/"]),
        ("selectors", {f"field{number}": "h1" for number in range(200)}),
        ("selectors", {"x" * 100: "h1"}),
        ("selectors", {"😀\u2028\u202e": ["a@href"]}),
        ("metadata", {}),
        ("metadata", {f"{number:0100d}": "x" * 4_096 for number in range(20)}),
        ("options", {}),
        ("options", {"timeout": 1_000}),
        ("options", {"timeout": 120_000, "retries": 0, "waitUntil": "commit", "hostConcurrency": 1}),
        ("options", {"retries": 10, "waitUntil": "networkidle", "hostConcurrency": 100}),
    ],
)
def test_a_field_at_its_limit_is_taken(field, value, post):
    answer = post(**{field: value})

    assert answer.status_code == 201, answer.content


def test_options_are_stored_as_they_hold(post):
    post(options={"timeout": 5_000, "retries": 1, "waitUntil": "load", "hostConcurrency": 3})

    job = Job.objects.get()
    assert (job.max_attempts, job.host_concurrency) == (2, 3)
    assert (options_of(job).fetch.timeout_ms, options_of(job).fetch.wait_until) == (5_000, "load")


def test_options_that_are_not_given_have_the_documented_defaults(post):
    post()

    job = Job.objects.get()
    assert (job.max_attempts, job.host_concurrency) == (3, 8)
    assert (options_of(job).fetch.timeout_ms, options_of(job).fetch.wait_until) == (30_000, "auto")


def test_everything_wrong_is_told_at_once(post):
    answer = post(
        name=1, urls=[GOOD, "x", "http://10.0.0.1"], selectors={"a": "h1", "b": "["}, options={"retries": -1}, x=1
    )

    assert sorted(places(answer)) == [
        ("name", "invalid_type"),
        ("options.retries", "out_of_range"),
        ("selectors.b", "invalid_selector"),
        ("urls[1]", "invalid_url"),
        ("urls[2]", "blocked_address"),
        ("x", "unknown_field"),
    ]
    assert answer.json()["error"]["message"] == "6 things are wrong with this request: see details."


def test_of_very_many_problems_a_hundred_are_listed_and_the_message_says_so(post):
    answer = post(urls=["nonsense"] * 10_000)

    assert len(places(answer)) == 100
    assert "first 100" in answer.json()["error"]["message"]


def test_one_bad_url_among_a_thousand_makes_no_job(post):
    answer = post(urls=[GOOD] * 999 + ["http://localhost"])

    assert places(answer) == [("urls[999]", "blocked_address")]
    assert not Page.objects.exists()


@pytest.mark.parametrize(
    ("fields", "hint"),
    [({"url": GOOD}, "urls"), ({"Selectors": {}}, "selectors"), ({"options": {"waituntil": "load"}}, "waitUntil")],
)
def test_a_name_that_is_nearly_right_gets_a_hint(fields, hint, post):
    details = post(**fields).json()["error"]["details"]

    assert f"Did you mean {hint}?" in details[0]["message"]


@pytest.mark.parametrize(("size", "status"), [(3, 201), (4, 400)])
def test_a_job_has_as_many_urls_as_the_setting_says(size, status, post, settings):
    settings.SCRPY_MAX_URLS_PER_JOB = 3

    assert post(urls=[GOOD] * size).status_code == status


def test_ten_thousand_urls_are_one_job(post):
    answer = post(urls=[f"https://store.com/p{number}" for number in range(10_000)])

    assert (answer.status_code, answer.json()["job"]["totalUrls"]) == (201, 10_000)
    assert list(Page.objects.order_by("index").values_list("url", flat=True)[9_998:]) == [
        "https://store.com/p9998",
        "https://store.com/p9999",
    ]


def test_webhooks_go_to_https_unless_the_operator_allows_http(post, settings):
    settings.SCRPY_WEBHOOK_ALLOW_HTTP = False

    assert places(post(webhook="http://receiver.com")) == [("webhook", "invalid_url")]


def test_an_inside_address_is_taken_where_the_operator_names_the_pair(post, settings):
    settings.EGRESS_POLICY = Policy(allow=frozenset({"127.0.0.1:9000"}))
    settings.SCRPY_WEBHOOK_ALLOW_HTTP = True

    answer = post(urls=["http://127.0.0.1:9000/p1"], webhook="http://127.0.0.1:9000/hook")

    assert (answer.status_code, answer.json()["job"]["webhook"]) == (201, "http://127.0.0.1:9000/hook")


def test_a_job_that_drops_copies_says_how_many(post):
    urls = ["https://store.com/a", "https://STORE.com/a", "https://store.com/b"]

    job = post(urls=urls, selectors={"title": "h1"}, options={"deduplicate": True}).json()["job"]

    assert (job["totalUrls"], job["duplicatesDropped"]) == (2, 1)
