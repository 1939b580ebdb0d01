"""URLs of a job that have rules, options and a reference of their own."""

from itertools import chain

import orjson
import pytest

from jobs.exports import Selection
from jobs.exports.columns import columns_of, tables
from jobs.models import Job, Page, Variant
from jobs.options import options_of

pytestmark = pytest.mark.django_db

OWN = {
    "url": "https://store.com/p2",
    "reference": "sku-2",
    "selectors": {"name": ".name"},
    "options": {"timeout": 60_000},
}


@pytest.fixture
def make(send):
    """`make(urls…)`: the job that the API makes of them."""

    def post(*urls, **fields):
        answer = send(urls=list(urls), **fields)
        assert answer.status_code == 201, answer.json()
        return Job.objects.get(public_id=answer.json()["job"]["id"])

    return post


@pytest.fixture
def send(api):
    def post(**fields):
        body = {"selectors": {"title": "h1"}, **fields}
        return api.post("/v1/jobs", orjson.dumps(body), content_type="application/json")

    return post


def problems(answer):
    return {(one["field"], one["code"]) for one in answer.json()["error"]["details"]}


def test_a_url_is_read_by_its_own_rules_and_options_and_otherwise_by_the_jobs(make):
    job = make("https://store.com/p1", OWN, options={"locale": "de-DE", "timeout": 20_000})

    plain, own = job.pages.order_by("index").select_related("variant", "job")
    assert (plain.asked, own.asked.selectors) == (job, '{"name":".name"}')
    assert [options_of(page.asked).fetch.timeout_ms for page in (plain, own)] == [20_000, 60_000]
    assert {options_of(page.asked).fetch.locale for page in (plain, own)} == {"de-DE"}
    assert [page.reference for page in (plain, own)] == [None, "sku-2"]


def test_urls_that_ask_for_the_same_share_what_is_kept_of_it(make):
    job = make(*({**OWN, "url": f"https://store.com/{n}", "reference": str(n)} for n in range(20)))

    assert Variant.objects.filter(job=job).count() == 1
    assert list(job.pages.order_by("index").values_list("reference", flat=True)) == [str(n) for n in range(20)]


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({"url": "https://store.com", "referense": "x"}, ("urls[0].referense", "unknown_field")),
        ({"reference": "x"}, ("urls[0].url", "required")),
        ({"url": "http://10.0.0.1/"}, ("urls[0].url", "blocked_address")),
        ({"url": "https://store.com", "reference": 7}, ("urls[0].reference", "invalid_type")),
        ({"url": "https://store.com", "reference": "x" * 501}, ("urls[0].reference", "too_long")),
        ({"url": "https://store.com", "selectors": {}}, ("urls[0].selectors", "invalid")),
        ({"url": "https://store.com", "selectors": {"a": "h1["}}, ("urls[0].selectors.a", "invalid_selector")),
        ({"url": "https://store.com", "options": {"timeout": 1}}, ("urls[0].options.timeout", "out_of_range")),
        ({"url": "https://store.com", "options": {"priority": 1}}, ("urls[0].options.priority", "unsupported_option")),
        ({"url": "https://store.com", "options": {"headers": {}}}, ("urls[0].options.headers", "unsupported_option")),
        ({"url": "https://store.com", "options": []}, ("urls[0].options", "invalid_type")),
    ],
)
def test_what_is_wrong_is_told_with_its_place(send, own, found):
    answer = send(urls=[own])

    assert answer.status_code == 400
    assert found in problems(answer)
    assert not Job.objects.exists()


def test_there_is_an_end_to_what_may_differ(send, monkeypatch):
    monkeypatch.setattr("jobs.api.url_lists.MOST_OWN", 2)
    urls = [{"url": "https://store.com/", "selectors": {f"field{n}": "h1"}} for n in range(3)]

    assert problems(send(urls=urls)) == {("urls[2].selectors", "too_many")}


def test_references_are_given_back_with_results_and_in_events(make, api, complete):
    job = make(OWN, "https://store.com/p1", webhook="https://hooks.example.com/")

    for index in range(2):
        complete(job, index)

    results = api.get(f"/v1/jobs/{job.public_id}").json()["job"]["results"]
    events = [orjson.loads(event.body)["data"] for event in job.events.filter(event="scrape.completed").order_by("pk")]
    page = api.get(f"/v1/jobs/{job.public_id}/pages/0").json()["page"]
    assert [result.get("reference") for result in results] == ["sku-2", None]
    assert [event.get("reference") for event in events] == ["sku-2", None]
    assert page["reference"] == "sku-2"


def test_exports_have_references_and_the_fields_of_all(make, complete):
    job = make("https://store.com/p1", OWN)
    for index in range(2):
        complete(job, index)

    selection = Selection(job=Job.objects.get(pk=job.pk))
    columns = columns_of(selection)
    rows = [
        dict(zip((column.name for column in columns), row, strict=True)) for row in chain(*tables(selection, columns))
    ]
    assert list(rows[0])[:6] == ["index", "url", "status", "reference", "title", "name"]
    assert [row["reference"] for row in rows] == [None, "sku-2"]


def test_a_retry_asks_for_each_url_what_the_first_job_did(make, api, fail):
    job = make("https://store.com/p1", OWN)
    for index in range(2):
        fail(job, index)

    made = api.post(f"/v1/jobs/{job.public_id}/retry").json()["job"]["id"]

    first, again = (Page.objects.get(job__public_id=public_id, index=1) for public_id in (job.public_id, made))
    assert (again.reference, again.variant.selectors) == ("sku-2", first.variant.selectors)
    assert again.variant.options == first.variant.options
    assert again.variant.job.public_id == made


def test_of_copies_the_first_counts_with_what_it_asks_for(make):
    job = make(OWN, {**OWN, "reference": "later"}, "https://store.com/p2", options={"deduplicate": True})

    assert job.pages.get().reference == "sku-2"


def test_a_schedule_takes_plain_urls(api):
    body = {"cron": "@daily", "job": {"urls": [OWN], "selectors": {"title": "h1"}}}

    answer = api.post("/v1/schedules", orjson.dumps(body), content_type="application/json")

    assert problems(answer) == {("job.urls[0]", "invalid_type")}
