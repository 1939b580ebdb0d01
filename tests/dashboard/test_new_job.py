"""Making a job on a page, and trying it first."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jobs.artifacts.files import remove_all
from jobs.models import Job, Page
from jobs.models.membership import Role
from scraping.options import Output
from tests.dashboard import making
from tests.dashboard.hostile import HOSTILE

NEW, MAKE, PREVIEW = "/dashboard/jobs/new/", "/dashboard/jobs/new/make/", "/dashboard/jobs/new/preview/"
ASKED = {"urls": ["https://store.com/p1", "https://store.com/p2"], "selectors": {"title": "h1"}, "name": "Shop"}


def request(**changes):
    return {"request": json.dumps({**ASKED, **changes})}


@pytest.fixture
def viewer(alice, make_person, browse):
    return browse(make_person(alice, username="vic", role=Role.VIEWER))


def test_a_job_is_made_as_the_api_would_make_it(ada, alice):
    answer = ada.post(MAKE, request(options={"retries": 1}))

    job = Job.objects.get()
    assert answer.url == f"/dashboard/jobs/{job.public_id}/"
    assert (job.account, job.name, job.total_urls, job.max_attempts) == (alice, "Shop", 2, 2)


def test_the_urls_may_come_as_a_file(ada):
    file = SimpleUploadedFile("urls.csv", b"url,reference\nhttps://store.com/9,sku-9\n", content_type="text/csv")

    ada.post(MAKE, {**request(urls=[]), "file": file})

    assert [(page.url, page.reference) for page in Page.objects.all()] == [("https://store.com/9", "sku-9")]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (request(urls=["ftp://x"]), "urls[0]"),
        (request(selectors={"title": ">>"}), "selectors.title"),
        (request(options={"colour": 1}), "options.colour"),
        ({"request": "nonsense"}, "is not valid JSON"),
        ({"request": "[1]"}, "Expected one JSON object"),
        ({}, "is not valid JSON"),
        ({**request(), "file": SimpleUploadedFile("a.pdf", b"x", content_type="application/pdf")}, "file whose name"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_typed_is_lost(ada, sent, said):
    answer = ada.post(MAKE, sent)

    assert (answer.status_code, Job.objects.count()) == (422, 0)
    assert said in answer.content.decode()
    if sent.get("request", "").startswith("{"):
        assert json.loads(sent["request"]) == answer.context["facts"]["asked"]


def test_an_account_without_credits_is_told(make_account, make_person, browse):
    person = make_person(make_account("carol", unlimited=False, credits=1), username="carol")

    answer = browse(person).post(MAKE, request())

    assert (answer.status_code, Job.objects.count()) == (422, 0)
    assert "needs 2 credits" in answer.content.decode()


@pytest.mark.parametrize(("method", "path"), [("get", NEW), ("post", MAKE), ("post", PREVIEW)])
def test_a_viewer_makes_nothing(viewer, method, path):
    assert getattr(viewer, method)(path, request()).status_code == 403
    assert not Job.objects.exists()


def test_the_page_takes_four_queries(ada, django_assert_num_queries):
    with django_assert_num_queries(4):
        ada.get(NEW)


# -- trying it -----------------------------------------------------------------------------------------


def test_a_preview_visits_the_first_url_alone_and_has_its_picture_taken(ada):
    answer = ada.post(PREVIEW, request(options={"outputs": ["pdf"], "hostConcurrency": 2, "timeout": 9_000}))

    job = Job.objects.get()
    options = json.loads(job.options)
    assert (job.kind, job.total_urls, job.pages.get().url) == (Job.Kind.PREVIEW, 1, "https://store.com/p1")
    assert options == {"timeout": 9_000, "outputs": ["fullPageScreenshot", "elements"], "explain": True}
    assert f'hx-get="/dashboard/previews/{job.public_id}/"' in answer.content.decode()


def test_a_preview_says_what_is_wrong(ada):
    answer = ada.post(PREVIEW, request(urls=[]))

    assert answer.status_code == 200
    assert "<code>url</code>" in answer.content.decode()


def test_a_page_that_is_not_kept_cannot_be_read_again(ada, alice, make_job):
    job = make_job(alice, completed=1)

    answer = ada.post(PREVIEW, {**request(), "kept": job.public_id})

    assert "No HTML is kept of this page" in answer.content.decode()


def test_another_accounts_preview_is_not_found(ada, ben, bob, make_job):
    job = make_job(bob, completed=1)

    assert ada.get(f"/dashboard/previews/{job.public_id}/").status_code == 404
    for kept in (job.public_id, "\0", "x"):
        assert ada.post(PREVIEW, {**request(), "kept": kept}).status_code == 404


def test_what_a_stranger_wrote_is_shown_as_text(ada, alice, make_job):
    data = {f"field {number}": text for number, text in enumerate(HOSTILE)}
    job = make_job(alice, completed=1, data=data)
    report = {"status": "found", "matches": 1, "reason": None, "elements": [1]}
    Page.objects.filter(job=job).update(reports=json.dumps(dict.fromkeys(data, report)))

    shown = ada.get(f"/dashboard/previews/{job.public_id}/").content.decode()

    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;" in shown


def test_a_page_whose_file_is_gone_cannot_be_read_again_and_says_so(ada, alice, make_job):
    job = make_job(alice, completed=1)
    making.keep(job.pages.get(), Output.HTML, "text/html; charset=utf-8", b"<h1>Chair</h1>")
    remove_all(job.public_id)

    answer = ada.post(PREVIEW, {**request(), "kept": job.public_id})

    assert answer.status_code == 200
    assert "No HTML is kept of this page" in answer.content.decode()
