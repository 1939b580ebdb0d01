"""`options.maxAge`: results that are given again instead of a visit."""

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from django.db.models import F

from jobs.artifacts import content_of, files, store
from jobs.models import Artifact, Job, LedgerEntry, Page
from jobs.queue.dispatch import dispatch
from jobs.recording import record_success
from jobs.retention import forget_artifacts
from jobs.reuse import files_of, find_reusable, record_reuse, reuse_key
from jobs.secrets import NO_SECRETS, Secrets
from scraping.capture import Capture
from scraping.egress.upstream import check_proxy
from scraping.options import Cookie, Output, Sent
from tests.queue.making import make_job as make_job_of
from tests.queue.making import start_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept")]

HOUR_MS = 3_600_000
MARKDOWN = Capture(Output.MARKDOWN, "text/markdown; charset=utf-8", b"# Lamp")
HTML = Capture(Output.HTML, "text/html; charset=utf-8", b"<h1>Lamp</h1>")
TAKEN = Capture(Output.SCREENSHOT, "image/png", b"PNG", action=1)
ACTIONS = '[{"type":"click","status":"success","duration":1},{"type":"screenshot","status":"success","duration":1}]'


@pytest.fixture
def make_running(make_job, make_worker, queue):
    """A page of the same URL each time that has started, of a job of its own with these options."""
    make_worker(100)

    def make(account=None, max_age=HOUR_MS, options=None, **overrides):
        text = orjson.dumps({**(options or {}), **({"maxAge": max_age} if max_age else {})}).decode()
        job = make_job(1, **{"options": text, **({"account": account} if account else {}), **overrides})
        dispatch()
        return start_all(job=job)[0]

    return make


@pytest.fixture
def make_done(make_running):
    """The same, completed so long ago."""

    def make(*captures, ago=timedelta(0), secrets=NO_SECRETS, actions=None, **overrides):
        page = make_running(**overrides)
        outputs = {capture.output for capture in captures} - {Output.HTML}
        assert record(page, store(page, captures, outputs), reuse_key(page, secrets), actions)
        Page.objects.filter(pk=page.pk).update(finished_at=F("finished_at") - ago)
        page.refresh_from_db()
        return page

    return make


def record(page, artifacts, key, actions):
    return record_success(
        page,
        token=page.token,
        data='{"title":"Lamp","price":null}',
        status_code=203,
        final_url=page.url + "#end",
        duration_ms=900,
        truncated='["title"]',
        reports='{"title":{}}',
        actions=actions,
        blocked_requests=2,
        artifacts=artifacts,
        reuse_key=key,
    )


def reuse(page, secrets=NO_SECRETS):
    """As a worker does it; the page as it is afterwards, None if nothing was found for it."""
    original = find_reusable(page, secrets)
    artifacts = original and files_of(original, page=page)
    if original is None or artifacts is None:
        return None
    assert record_reuse(page, original, artifacts, token=page.token)
    page.refresh_from_db()
    return page


GIVEN = ("data", "status_code", "final_url", "truncated", "reports", "actions", "blocked_requests")


def test_a_young_result_of_the_same_is_given_again(make_done, make_running):
    original = make_done(ago=timedelta(minutes=59))

    page = reuse(make_running())

    assert [getattr(page, name) for name in GIVEN] == [getattr(original, name) for name in GIVEN]
    assert (page.status, page.reused_from, page.reuse_key) == ("completed", original.finished_at, None)


def test_what_is_given_again_costs_nothing_and_its_credit_is_given_back(make_account, make_done, make_running):
    account = make_account("paying", unlimited=False, credits=10)
    make_done(account=account)

    page = reuse(make_running(account=account))

    account.refresh_from_db()
    page.job.refresh_from_db()
    assert account.credits == 9
    assert (page.job.status, page.job.credits_used) == ("completed", 0)
    assert not LedgerEntry.objects.filter(page=page).exists()


def test_files_are_copied_into_the_new_job(make_done, make_running):
    options = {"outputs": ["markdown"]}
    original = make_done(MARKDOWN, HTML, TAKEN, options=options, actions=ACTIONS)

    page = reuse(make_running(options=options))
    files.remove_all(original.job.public_id)

    made = page.artifacts.order_by("pk")
    assert [content_of(one) for one in made] == [MARKDOWN.content, HTML.content, TAKEN.content]
    assert [(one.output, one.action, one.shown) for one in made] == [
        ("markdown", None, True),
        ("html", None, False),
        ("screenshot", 1, True),
    ]
    page.job.refresh_from_db()
    assert page.job.kept_bytes == sum(one.stored_bytes for one in made) > 0


def test_the_newest_result_is_taken(make_done, make_running):
    newest = make_done(ago=timedelta(minutes=1))
    make_done(ago=timedelta(minutes=2))

    assert find_reusable(make_running(), NO_SECRETS) == newest


def test_a_copy_is_not_copied_again_so_none_gets_older_than_it_says(make_done, make_running):
    original = make_done(ago=timedelta(minutes=59))
    reuse(make_running())
    Page.objects.filter(pk=original.pk).update(finished_at=F("finished_at") - timedelta(minutes=2))

    assert reuse(make_running()) is None


def test_a_result_that_is_too_old_is_not_given(make_done, make_running):
    make_done(ago=timedelta(minutes=61))

    assert reuse(make_running()) is None


@pytest.mark.parametrize("max_age", [None, 0])
def test_without_an_age_nothing_is_looked_for(make_done, make_running, django_assert_num_queries, max_age):
    make_done()
    page = make_running(max_age=max_age)

    with django_assert_num_queries(0):
        assert find_reusable(page, NO_SECRETS) is None


def test_a_result_that_was_made_without_an_age_is_given(make_done, make_running):
    make_done(max_age=None)

    assert reuse(make_running())


@pytest.mark.parametrize(
    "overrides",
    [
        {"selectors": '{"title":"h2"}'},
        {"selectors": '{"title":"h1","price":".price"}'},
        {"selectors": '{"titel":"h1"}'},
        {"options": {"locale": "de-DE"}},
        {"options": {"outputs": ["markdown"]}},
        {"options": {"keepHtml": False}},
        {"options": {"explain": True}},
        {"options": {"javascript": False}},
        {"kind": Job.Kind.PREVIEW},
        {"free": True},
    ],
)
def test_a_result_of_something_else_is_not_given(make_done, make_running, overrides):
    make_done()

    assert reuse(make_running(**overrides)) is None


def test_the_order_of_fields_is_part_of_what_is_asked_at_any_depth(make_done, make_running):
    make_done(selectors='{"a":{"selector":"p","output":{"b":"b","c":"c"}}}')

    assert reuse(make_running(selectors='{"a":{"selector":"p","output":{"c":"c","b":"b"}}}')) is None


@pytest.mark.parametrize(
    "options",
    [{"retries": 0}, {"hostConcurrency": 1}, {"concurrency": 3}, {"deduplicate": True}],
)
def test_how_the_queue_goes_about_a_job_makes_no_difference(make_done, make_running, options):
    make_done()

    assert reuse(make_running(options=options, selectors=' {"title" : "h1"}'))


def test_results_of_another_account_are_not_given(make_done, make_running, bob):
    make_done()

    assert reuse(make_running(account=bob)) is None


def test_another_url_has_another_key(alice, make_worker, queue):
    one, other = make_job_of(alice, 2).pages.select_related("job").order_by("index")

    assert reuse_key(one, NO_SECRETS) != reuse_key(other, NO_SECRETS)


def proxied(password):
    proxy = check_proxy("http://proxy.example.com:3128")
    return Secrets(proxy=replace(proxy, username="alice", password=password))


SECRETS = [
    NO_SECRETS,
    proxied("one"),
    proxied("two"),
    Secrets(sent=Sent(headers=(("authorization", "one"),))),
    Secrets(sent=Sent(headers=(("authorization", "two"),))),
    Secrets(sent=Sent(cookies=(Cookie(name="session", value="one"),))),
    Secrets(sent=Sent(cookies=(Cookie(name="session", value="two"),))),
]


@pytest.mark.parametrize("secrets", SECRETS, ids=range(len(SECRETS)))
def test_only_who_sends_the_same_in_confidence_is_given_the_result(make_done, make_running, secrets):
    make_done(secrets=secrets)
    page = make_running()

    assert [bool(find_reusable(page, other)) for other in SECRETS] == [other == secrets for other in SECRETS]


def test_keys_tell_nothing_to_who_lacks_our_own_secret(make_running, settings):
    page = make_running()
    before = reuse_key(page, SECRETS[1])

    settings.SECRET_KEY = settings.SECRET_KEY + "x"

    assert reuse_key(page, SECRETS[1]) != before


def test_a_failed_page_gives_nothing(make_done, make_running):
    original = make_done()
    Page.objects.filter(pk=original.pk).update(status="failed")

    assert reuse(make_running()) is None


@pytest.mark.parametrize("gone", ["rows", "file"])
@pytest.mark.parametrize("kind", ["output", "action"])
def test_a_result_whose_files_are_gone_is_not_given(make_done, make_running, kept, gone, kind):
    options = {"outputs": ["markdown"]} if kind == "output" else {}
    made = {"output": (MARKDOWN,), "action": (TAKEN,)}[kind]
    original = make_done(HTML, *made, options=options, actions=ACTIONS if kind == "action" else None)
    if gone == "rows":
        forget_artifacts(original.job)
    else:
        (kept / Artifact.objects.get(shown=True).name).unlink()
    page = make_running(options=options)

    assert reuse(page) is None

    assert not [path for path in kept.rglob(f"{page.job.public_id}/*") if path.is_file()]


def test_a_result_whose_html_alone_made_room_is_given_without_it(make_done, make_running):
    original = make_done(HTML)
    forget_artifacts(original.job)

    assert reuse(make_running())
