"""One page of a job: what became of it, what was kept of it, and other rules tried on that."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils.html import escape

from jobs.artifacts import content_of, store
from jobs.dashboard.advice import ADVICE
from jobs.models import Artifact, Job
from scraping.capture import Capture
from scraping.options import Output
from tests.dashboard.hostile import HOSTILE

HTML = b"<!doctype html><h1>A lamp</h1><script>alert(1)</script>"

pytestmark = pytest.mark.usefixtures("kept")


@pytest.fixture
def job(alice, make_job):
    return make_job(alice, completed=2, failed=1)


@pytest.fixture
def keep():
    """Keeps these of a page of a job; the rows."""

    def keep_of(page, *captures, wanted=()):
        rows = store(page, captures, wanted)
        Artifact.objects.bulk_create(rows)
        return rows

    return keep_of


@pytest.fixture
def html(job, keep):
    (row,) = keep(job.pages.get(index=1), Capture(Output.HTML, "text/html; charset=utf-8", HTML))
    return row


def path(job, index, name=""):
    return f"/dashboard/jobs/{job.public_id}/pages/{index}/{name}"


def text_of(answer):
    return unescape(answer.content.decode())


def test_a_page_shows_its_data_and_how_it_was_fetched(ada, job):
    job.pages.filter(index=1).update(final_url="https://store.com/moved", blocked_requests=7, attempts=2)

    page = text_of(ada.get(path(job, 1)))

    for text in ("Linen Throw Blanket", "$56.95", "handmade", "https://store.com/moved", "2 of 3 at most", "200"):
        assert text in page
    assert re.search(r"<dt>Blocked requests</dt>\s*<dd>\s*7", page)


def test_a_failed_page_says_why_and_what_to_do(ada, job):
    page = text_of(ada.get(path(job, 0)))

    assert "The site answered 404 Not Found." in page
    assert ADVICE["http_error"].do in page


def test_a_long_value_is_folded_and_whole(ada, job):
    long = "word " * 500
    job.pages.filter(index=1).update(data=json.dumps({"title": long, "price": "1"}))

    page = text_of(ada.get(path(job, 1)))

    assert page.count("<details>") == 1
    assert long in page


def test_pages_lead_to_their_neighbours(ada, job):
    first, last = text_of(ada.get(path(job, 0))), text_of(ada.get(path(job, 2)))

    assert (f'href="{path(job, 1)}"' in first, 'rel="prev"' in first) == (True, False)
    assert (f'href="{path(job, 1)}"' in last, 'rel="next"' in last) == (True, False)


@pytest.mark.parametrize("index", ["3", "999999999", "-1", "x", "01", "1" * 30])
def test_a_page_that_is_not_there_is_not_found(ada, job, index):
    assert ada.get(path(job, index)).status_code == 404


@pytest.mark.parametrize("index", [0, 1])
def test_it_takes_few_queries(ada, job, html, django_assert_num_queries, index):
    with django_assert_num_queries(6):
        ada.get(path(job, index))


def test_kept_html_stands_in_a_frame_in_which_nothing_runs(ada, job, html):
    page = ada.get(path(job, 1)).content.decode()
    framed = ada.get(f"/dashboard/files/{html.public_id}/html/")

    frame = re.search(r"<iframe[^>]*>", page)[0]
    assert re.search(r"\ssandbox\s", frame)
    assert "allow" not in frame
    assert framed.content == HTML
    assert framed["Content-Security-Policy"].startswith(
        "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    )
    assert (framed["X-Content-Type-Options"], framed["X-Frame-Options"]) == ("nosniff", "SAMEORIGIN")


def test_files_are_downloads_whose_kind_is_said(ada, job, keep):
    (picture,) = keep(
        job.pages.get(index=1), Capture(Output.SCREENSHOT, "image/png", b"\x89PNG"), wanted={Output.SCREENSHOT}
    )

    answer = ada.get(f"/dashboard/files/{picture.public_id}/")

    assert (answer.content, answer["Content-Type"]) == (b"\x89PNG", "image/png")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert ada.get(f"/dashboard/files/{picture.public_id}/html/").status_code == 404


def test_only_png_is_shown_as_a_picture(ada, job, keep):
    svg = Capture(Output.SCREENSHOT, "image/svg+xml", b"<svg onload=alert(1)/>")
    keep(job.pages.get(index=1), svg, wanted={Output.SCREENSHOT})

    assert b"<img" not in ada.get(path(job, 1)).content


@pytest.mark.parametrize("name", ["", "html/"])
def test_a_file_of_another_account_is_not_there(ben, ada, html, name):
    address = f"/dashboard/files/{html.public_id}/{name}"

    assert (ben.get(address).status_code, ada.get(address).status_code) == (404, 200)


@pytest.mark.parametrize("name", ["", "html/"])
def test_a_file_that_is_gone_is_not_found(ada, html, kept, name):
    (kept / html.name).unlink()

    assert ada.get(f"/dashboard/files/{html.public_id}/{name}").status_code == 404


def test_rules_are_tried_on_what_was_kept(ada, job, html):
    rules = {"heading": {"selector": "h1", "required": True}}

    answer = ada.post(path(job, 1, "try/"), {"rules": json.dumps(rules)})

    trial = Job.objects.latest("pk")
    source = trial.pages.get().source
    assert answer.url == f"{path(job, 1)}?trial={trial.public_id}#try"
    assert (trial.kind, trial.free, json.loads(trial.selectors)) == ("preview", True, rules)
    assert content_of(source) == HTML
    page = text_of(ada.get(answer.url.partition("#")[0]))
    assert '"heading"' in re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)[1]
    assert f'hx-get="/dashboard/jobs/{trial.public_id}/trial/"' in page


def test_what_a_trial_gave_is_shown_with_why(ada, job, html):
    ada.post(path(job, 1, "try/"), {"rules": '{"heading": "h1", "lost": ".x"}'})
    trial = Job.objects.latest("pk")
    trial.pages.update(
        status="completed",
        data='{"heading": "A lamp", "lost": null}',
        reports='{"heading": {"status": "found", "matches": 1}, "lost": {"status": "no_match", "matches": 0}}',
    )
    Job.objects.filter(pk=trial.pk).update(status="completed", completed_urls=1)

    part = text_of(ada.get(f"/dashboard/jobs/{trial.public_id}/trial/"))

    assert "A lamp" in part
    assert "no match" in part
    assert "hx-get" not in part


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[]", "selectors"),
        ("{}", "selectors"),
        ('{"a": ">>"}', "selectors.a"),
        ('{"a": "h1", "a": "h2"}', "more than once"),
        ("[" * 50_000, "not valid JSON"),
        ("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "not valid JSON"),
        ('"' + "x" * 300_000, "at most"),
    ],
)
def test_wrong_rules_are_named_and_kept_in_the_form(ada, job, html, rules, says):
    answer = ada.post(path(job, 1, "try/"), {"rules": rules})

    assert answer.status_code == 400
    assert says in text_of(answer)
    assert Job.objects.count() == 1
    assert str(escape(rules[:40])) in answer.content.decode()


def test_where_nothing_is_kept_nothing_is_tried(ada, job):
    answer = ada.post(path(job, 2, "try/"), {"rules": '{"a": "h1"}'})

    assert "No HTML is kept of this page" in text_of(answer)
    assert b"<textarea" not in ada.get(path(job, 2)).content


def test_a_trial_of_another_account_is_not_shown(ada, bob, make_job, job):
    foreign = make_job(bob, completed=1, kind="preview", name="secret", selectors='{"secretly": "h1"}')

    for name in (foreign.public_id, "%00", "x"):
        assert "secretly" not in text_of(ada.get(path(job, 1) + f"?trial={name}"))


def trace(**overrides):
    phases = {"start": 4, "connect": 6, "firstByte": 30, "load": 40, "wait": 1_500, "extract": 20}
    return json.dumps({"phases": phases, "redirects": [], "console": [], **overrides})


def bars(page):
    """Name, beginning and width of each part of the bar."""
    found = re.findall(r'<rect class="phase-(\w+)" x="(\d+)" width="(\d+)"', page)
    return [(name, int(x), int(width)) for name, x, width in found]


def test_where_the_time_went_is_a_bar_with_times(ada, job):
    began = job.created_at + timedelta(milliseconds=250)
    job.pages.filter(index=1).update(trace=trace(), available_at=job.created_at, started_at=began)

    page = text_of(ada.get(path(job, 1)))

    assert 'viewBox="0 0 1850 1"' in page
    assert bars(page) == [
        ("queue", 0, 250), ("start", 250, 4), ("connect", 254, 6), ("firstByte", 260, 30), ("load", 290, 40),
        ("wait", 330, 1_500), ("extract", 1_830, 20),
    ]  # fmt: skip
    for title, time in (("Queue", "250 ms"), ("First byte", "30 ms"), ("Wait", "1.5 s")):
        assert re.search(rf"<span>{title}</span>\s*<span[^>]*>{time}</span>", page)
    assert "longer than it is drawn" not in page


def test_a_long_queue_leaves_room_for_the_rest(ada, job):
    began = job.created_at + timedelta(hours=2)
    job.pages.filter(index=1).update(trace=trace(), available_at=job.created_at, started_at=began)

    page = text_of(ada.get(path(job, 1)))

    assert bars(page)[0] == ("queue", 0, 533)
    assert "longer than it is drawn" in page
    assert "2 h 0 min" in page


def test_redirects_are_shown_to_their_end(ada, job):
    led = [{"url": "http://store.com/a", "status": 301}, {"url": "https://store.com/b", "status": None}]
    job.pages.filter(index=1).update(trace=trace(redirects=led), final_url="https://store.com/c")

    page = ada.get(path(job, 1)).content.decode()

    part = page[page.index('aria-labelledby="redirects"') :]
    assert re.findall(r"<a[^>]*>([^<]*)</a>", part)[:3] == [
        "http://store.com/a",
        "https://store.com/b",
        "https://store.com/c",
    ]
    assert re.findall(r'<span class="number quiet">\s*(\S+?)\s*</span>', part)[:3] == ["301", "\N{EN DASH}", "200"]


def test_the_console_is_shown_with_kinds_and_times(ada, job):
    said = [{"kind": "uncaught", "text": "TypeError: no", "atMs": 1_700}] * 50
    job.pages.filter(index=1).update(trace=trace(console=said))

    page = text_of(ada.get(path(job, 1)))

    assert page.count("TypeError: no") == 50
    assert ("1.7 s" in page, "the first 50 messages" in page) == (True, True)


def test_of_a_page_without_a_trace_nothing_is_said(ada, job):
    job.pages.filter(index=1).update(trace=None)

    page = text_of(ada.get(path(job, 1)))

    assert "Where the time went" not in page
    assert "Console" not in page


def test_other_lists_of_pages_leave_traces_where_they_are(job):
    assert "trace" in job.pages.first().get_deferred_fields()


@pytest.mark.parametrize("text", HOSTILE)
def test_what_strangers_wrote_is_text(ada, job, html, text):
    clean = text.replace("\0", "")
    job.pages.filter(index=1).update(
        data=json.dumps({text: text, "list": [text]}),
        error_code="http_error",
        error_message=clean,
        reference=clean,
        final_url=clean,
        actions=json.dumps([{"type": text}]),
        reports=json.dumps({text: {"status": text, "reason": text}}),
        truncated=json.dumps([text]),
        trace=json.dumps(
            {
                "phases": {"wait": 5},
                "redirects": [{"url": text, "status": 302}],
                "console": [{"kind": text, "text": text, "atMs": 3}],
            }
        ),
    )

    page = ada.get(path(job, 1)).content.decode()

    assert "<script>alert" not in page
    assert "<img" not in page
    assert "<svg onload" not in page
    assert 'href="javascript' not in page
    assert str(escape(clean[:50])) in page
