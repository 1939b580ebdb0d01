"""What POST /v1/scrape, /v1/preview and /v1/jobs/:id/reextract refuse, and what they make, without a worker."""

import orjson
import pytest

from jobs.api.job_requests import read_preview_request
from jobs.artifacts import content_of
from jobs.models import Account, Artifact, HostQueue, Job, Page
from jobs.rereading import create_preview
from tests.api.test_server import Asking, until_waiting

SCRAPE = {"url": "https://store.com/p1", "selectors": {"title": "h1"}}
PREVIEW = {"html": "<h1>A</h1>", "selectors": {"title": "h1"}}


@pytest.fixture
def send(api):
    def post(path, body, client=api, **headers):
        return client.post(f"/v1/{path}", orjson.dumps(body), content_type="application/json", headers=headers)

    return post


def problems(answer):
    assert answer.status_code == 400, answer.content
    return [(detail["field"], detail["code"]) for detail in answer.json()["error"]["details"]]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"url": ...}, "url", "required"),
        ({"url": None}, "url", "invalid_type"),
        ({"url": "nowhere"}, "url", "invalid_url"),
        ({"url": "http://127.0.0.1/"}, "url", "blocked_address"),
        ({"urls": ["https://store.com/"]}, "urls", "unknown_field"),
        ({"webhook": "https://example.com/"}, "webhook", "unknown_field"),
        ({"name": "A"}, "name", "unknown_field"),
        ({"selectors": ...}, "selectors", "required"),
        ({"selectors": {"a": "h1["}}, "selectors.a", "invalid_selector"),
        ({"selectors": {}}, "selectors", "invalid"),
        ({"options": None}, "options", "invalid_type"),
        ({"options": {"timeout": 1}}, "options.timeout", "out_of_range"),
        ({"options": {"concurrency": 2}}, "options.concurrency", "unsupported_option"),
        ({"options": {"hostConcurrency": 2}}, "options.hostConcurrency", "unsupported_option"),
        ({"options": {"deduplicate": True}}, "options.deduplicate", "unsupported_option"),
        ({"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
    ],
)
def test_what_a_scrape_cannot_do_is_refused_by_name(send, changes, field, code):
    body = {name: value for name, value in {**SCRAPE, **changes}.items() if value is not ...}

    assert problems(send("scrape", body)) == [(field, code)]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"html": None}, "html", "invalid_type"),
        ({"html": ...}, "url", "required"),
        ({"html": "a" * (5 * 2**20 + 1)}, "html", "too_long"),
        ({"url": "ftp://store.com/"}, "url", "invalid_url"),
        ({"selectors": ...}, "selectors", "required"),
        ({"metadata": {}}, "metadata", "unknown_field"),
        ({"options": {"deduplicate": True}}, "options.deduplicate", "unsupported_option"),
    ],
)
def test_what_a_preview_cannot_do_is_refused_by_name(send, changes, field, code):
    body = {name: value for name, value in {**PREVIEW, **changes}.items() if value is not ...}

    assert problems(send("preview", body)) == [(field, code)]
    assert not Job.objects.exists()


@pytest.mark.parametrize("wait", ["0", "121", "x", ""])
def test_a_wait_out_of_range_is_refused(send, wait):
    assert problems(send(f"scrape?wait={wait}", SCRAPE)) == [("wait", "out_of_range")]


def test_a_scrape_needs_credits(send, alice):
    Account.objects.filter(pk=alice.pk).update(credits=0, unlimited=False)

    answer = send("scrape", SCRAPE)

    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "insufficient_credits")


def preview(account, **body):
    request, html = read_preview_request({**PREVIEW, **body})
    return create_preview(account=account, request=request, html=html)


def test_html_costs_nothing_wherever_it_is_said_to_stand(alice):
    Account.objects.filter(pk=alice.pk).update(credits=0, unlimited=False)

    job = preview(alice, url="http://127.0.0.1:5432/inside")

    assert (job.kind, job.free, job.reads_kept, job.reserves_credits) == ("preview", True, True, False)
    assert content_of(job.pages.get().source) == b"<h1>A</h1>"
    assert HostQueue.objects.get().host == "kept"


def test_a_preview_is_explained_whatever_its_options_say(alice):
    job = preview(alice, options={"explain": False, "locale": "de"})

    assert orjson.loads(job.options) == {"explain": True, "locale": "de"}


@pytest.mark.parametrize(("path", "body"), [("scrape", SCRAPE), ("preview", PREVIEW)])
def test_a_key_that_may_only_read_makes_nothing(send, make_client, alice, path, body):
    reader = make_client(alice, scopes=["jobs:read"])

    assert send(path, body, client=reader).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_a_scrape_waits_for_its_page_and_answers_what_came_of_it(server, make_key, alice, complete):
    asking = Posting(server, make_key(alice), "/v1/scrape", SCRAPE)
    until_waiting()

    complete(Job.objects.get(), 0)

    answer = asking.answer()
    assert (answer["job"]["status"], answer["result"]["data"]) == ("completed", {"title": "A", "price": None})


class Posting(Asking):
    """The same with a body."""

    method = "POST"
    headers = {"Content-Type": "application/json"}

    def __init__(self, server, key, path, body, headers=None):
        self.content = orjson.dumps(body)
        self.headers = headers or self.headers
        super().__init__(server, key, path)


# -- reextract -----------------------------------------------------------------------------------------


def keep(job, index, content=b"<h1>Kept</h1>"):
    """Have a page's HTML kept, as its worker would."""
    page = job.pages.get(index=index)
    return Artifact.objects.create(
        job=job, page=page, output="html", shown=False, content_type="text/html; charset=utf-8", bytes=len(content),
        sha256="0" * 64, name=f"x/{job.public_id}/{index}", compressed=False, stored_bytes=len(content),
    )  # fmt: skip


def test_the_completed_pages_that_are_kept_are_read_again_in_their_order(send, make_job, complete, fail):
    job = make_job(4, options='{"locale":"de","timeout":5000,"outputs":["html"],"hostConcurrency":2}')
    for index in (3, 0, 2):
        complete(job, index)
    fail(job, 1)
    kept = {index: keep(job, index) for index in (0, 3)}

    answer = send(f"jobs/{job.public_id}/reextract", {"selectors": {"b": "h2"}, "name": "Again"})

    assert answer.status_code == 201, answer.content
    made = Job.objects.get(source=job)
    assert answer.json()["job"]["sourceJobId"] == job.public_id
    assert (made.name, made.total_urls, made.free, made.selectors) == ("Again", 2, True, '{"b":"h2"}')
    assert orjson.loads(made.options) == {"locale": "de", "timeout": 5000}
    pages = list(Page.objects.filter(job=made).order_by("index").values_list("index", "url", "source"))
    assert pages == [(0, "https://store.com/p0", kept[0].pk), (1, "https://store.com/p3", kept[3].pk)]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "selectors", "required"),
        ({"selectors": {"a": "h1["}}, "selectors.a", "invalid_selector"),
        ({"selectors": {"a": "b"}, "urls": []}, "urls", "unknown_field"),
        ({"selectors": {"a": "b"}, "options": {}}, "options", "unknown_field"),
        ({"selectors": {"a": "b"}, "webhook": "ftp://a.com"}, "webhook", "invalid_url"),
    ],
)
def test_what_a_reextract_cannot_do_is_refused_by_name(send, make_job, body, field, code):
    assert problems(send(f"jobs/{make_job().public_id}/reextract", body)) == [(field, code)]


def test_a_job_that_is_live_is_not_read_again(send, make_job):
    answer = send(f"jobs/{make_job().public_id}/reextract", {"selectors": {"a": "b"}})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "job_not_finished")


def test_a_job_of_which_nothing_is_kept_is_not_read_again(send, make_job, complete):
    job = make_job(1)
    complete(job, 0)

    answer = send(f"jobs/{job.public_id}/reextract", {"selectors": {"a": "b"}})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "nothing_kept")
    assert not Job.objects.filter(source=job).exists()


def test_another_accounts_job_is_not_there(send, bobs_api, make_job, complete):
    job = make_job(1)
    complete(job, 0)
    keep(job, 0)

    assert send(f"jobs/{job.public_id}/reextract", {"selectors": {"a": "b"}}, client=bobs_api).status_code == 404


def test_reading_a_long_job_again_takes_as_many_queries_as_a_short_one(
    send, make_job, complete, django_assert_max_num_queries
):
    job = make_job(30)
    for index in range(30):
        complete(job, index)
        keep(job, index)

    with django_assert_max_num_queries(16):
        assert send(f"jobs/{job.public_id}/reextract", {"selectors": {"a": "b"}}).status_code == 201
