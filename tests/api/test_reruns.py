"""POST /v1/jobs/:id/retry and /purge: what is done with jobs that have ended."""

import orjson
import pytest

from jobs.artifacts import StorageAway, files
from jobs.models import Account, Artifact, IdempotencyKey, Job, LedgerEntry, Page, WebhookEvent
from jobs.secrets import Secrets, opened
from scraping.options import Sent
from tests.api.test_single import keep

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(api):
    def post(job, what, *, client=api, body=None, **headers):
        content = {} if body is None else {"data": body, "content_type": "application/json"}
        return client.post(f"/v1/jobs/{job.public_id}/{what}", headers=headers, **content)

    return post


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def make_partial(make_job, complete, fail):
    """An ended job of four URLs, the second and the fourth of which failed."""

    def make(**overrides):
        job = make_job(4, **overrides)
        for index in (3, 0, 1, 2):
            (fail if index % 2 else complete)(job, index)
        return job

    return make


# -- retry -----------------------------------------------------------------------------------------------


def test_a_retry_is_a_new_job_of_the_failed_urls_in_their_order(send, api, make_partial):
    source = make_partial()

    answer = send(source, "retry")

    shown = answer.json()["job"]
    job = Job.objects.get(public_id=shown["id"])
    assert answer.status_code == 201
    assert answer["Location"] == f"http://127.0.0.1:8000/v1/jobs/{job.public_id}"
    assert (shown["status"], shown["totalUrls"], shown["kind"]) == ("pending", 2, "job")
    assert shown["sourceJobId"] == source.public_id
    urls = ["https://store.com/p1", "https://store.com/p3"]
    assert list(job.pages.order_by("index").values_list("index", "url")) == list(enumerate(urls))
    assert api.get(f"/v1/jobs/{source.public_id}").json()["job"]["status"] == "partial"


def test_a_retry_is_as_its_source_was_asked_for(send, make_partial):
    secrets = Secrets(sent=Sent(headers=(("X-Key", "secret"),)))
    options = {
        **{"retries": 4, "hostConcurrency": 3, "hostDelay": 70, "concurrency": 5, "priority": -7},
        **{"deadline": 60_000, "headers": {"X-Key": "[sealed]"}, "deduplicate": True},
    }
    given = {"name": "A", "metadata": '{"b":"1"}', "webhook": '"https://example.com/hook"'}
    source = make_partial(**given, options=orjson.dumps(options).decode(), secrets=secrets)

    send(source, "retry")

    job = Job.objects.get(source=source)
    same = ("name", "selectors", "options", "metadata", "webhook", "account_id")
    assert [getattr(job, name) for name in same] == [getattr(source, name) for name in same]
    assert opened(job.sealed_options) == secrets
    assert (job.max_attempts, job.host_concurrency, job.host_delay_ms) == (5, 3, 70)
    assert (job.concurrency, job.priority) == (5, -7)
    assert (job.deadline_at - job.created_at).total_seconds() == 60


def test_a_retry_may_be_retried_and_a_scrape_becomes_a_job(send, make_job, fail):
    source = make_job(1, kind=Job.Kind.SCRAPE, priority=1_000)
    fail(source, 0)
    first = Job.objects.get(public_id=send(source, "retry").json()["job"]["id"])
    fail(first, 0)

    second = Job.objects.get(public_id=send(first, "retry").json()["job"]["id"])

    assert (first.kind, first.priority, second.source) == ("job", 0, first)


def test_a_retry_reserves_and_is_charged_like_any_job(send, make_partial, alice, complete, fail):
    source = make_partial()
    Account.objects.filter(pk=alice.pk).update(unlimited=False, credits=1)
    poor = send(source, "retry")
    Account.objects.filter(pk=alice.pk).update(credits=3)

    job = Job.objects.get(public_id=send(source, "retry").json()["job"]["id"])
    alice.refresh_from_db()
    reserved = alice.credits
    complete(job, 0)
    fail(job, 1)

    alice.refresh_from_db()
    assert code(poor) == (402, "insufficient_credits")
    assert (reserved, alice.credits) == (1, 2)
    assert LedgerEntry.objects.filter(job=job).count() == 1


def test_of_a_cancelled_job_only_what_failed_is_retried(send, api, make_job, fail):
    source = make_job(3)
    fail(source, 1)
    api.delete(f"/v1/jobs/{source.public_id}")

    answer = send(source, "retry")

    assert answer.json()["job"]["totalUrls"] == 1


def test_a_job_without_failures_has_nothing_to_retry(send, make_job, complete):
    job = make_job(1)
    complete(job, 0)

    assert code(send(job, "retry")) == (409, "nothing_failed")
    assert Job.objects.count() == 1


def test_a_job_that_visited_nothing_has_nothing_to_retry(send, make_job, fail):
    job = make_job(1, kind=Job.Kind.REEXTRACT, free=True)
    fail(job, 0)

    answer = send(job, "retry")

    assert code(answer) == (409, "nothing_failed")
    assert "without a visit" in answer.json()["error"]["message"]


def test_a_retry_under_one_key_is_made_once(send, make_partial):
    source = make_partial()

    answers = [send(source, "retry", **{"Idempotency-Key": "mine"}) for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert Job.objects.filter(source=source).count() == 1


@pytest.mark.parametrize("urls", [2, 30])
def test_a_retry_costs_a_fixed_number_of_queries(urls, send, make_job, fail, django_assert_num_queries):
    job = make_job(urls)
    for index in range(urls):
        fail(job, index)

    with django_assert_num_queries(18):  # those of a job that is posted, the source and its failed URLs
        send(job, "retry")


# -- purge -----------------------------------------------------------------------------------------------


def test_a_purge_leaves_nothing_of_the_job_but_its_charges(send, api, make_partial, kept, alice):
    job = make_partial(webhook='"https://example.com/hook"')
    keep(job, 0)

    answer = send(job, "purge")

    assert (answer.status_code, answer.json()) == (200, {"success": True, "purged": {"id": job.public_id}})
    assert code(api.get(f"/v1/jobs/{job.public_id}")) == (404, "not_found")
    assert code(send(job, "purge")) == (404, "not_found")
    assert [model.objects.count() for model in (Job, Page, Artifact, WebhookEvent)] == [0, 0, 0, 0]
    charged = LedgerEntry.objects.filter(account=alice, amount=-1).values_list("job", "page")
    assert list(charged) == [(None, None)] * 2


@pytest.mark.django_db(transaction=True)
def test_a_purge_removes_the_files(send, make_partial, kept):
    job = make_partial()
    files.write(job, b"<h1>Kept</h1>")
    before = [path for path in kept.rglob("*") if path.is_file()]

    send(job, "purge")

    assert before
    assert not [path for path in kept.rglob("*") if path.is_file()]


@pytest.mark.django_db(transaction=True)
def test_a_storage_that_is_away_keeps_no_job_from_being_purged(send, make_partial, monkeypatch, caplog):
    def away(job_id):
        raise StorageAway

    monkeypatch.setattr(files, "remove_all", away)
    job = make_partial()

    assert send(job, "purge").status_code == 200
    assert not Job.objects.exists()
    assert "could not be removed yet" in caplog.text


def test_the_jobs_that_came_of_it_stay(send, make_partial, api):
    source = make_partial()
    retry = Job.objects.get(public_id=send(source, "retry").json()["job"]["id"])

    send(source, "purge")

    shown = api.get(f"/v1/jobs/{retry.public_id}").json()["job"]
    assert (shown["totalUrls"], "sourceJobId" in shown) == (2, False)


def test_what_a_purged_job_was_answered_with_is_not_kept_either(api, send, complete):
    body = orjson.dumps({"urls": ["https://store.com/p1"], "selectors": {"title": "h1"}, "metadata": {"a": "private"}})
    made = {"data": body, "content_type": "application/json", "headers": {"Idempotency-Key": "mine"}}
    api.post("/v1/jobs", **made)
    job = Job.objects.get()
    complete(job, 0)

    send(job, "purge")

    assert not IdempotencyKey.objects.filter(answer__contains="private").exists()
    assert code(api.post("/v1/jobs", **made)) == (404, "not_found")
    assert not Job.objects.exists()


def test_a_purge_under_one_key_is_answered_the_same_again(send, make_partial):
    job = make_partial()

    first, again = (send(job, "purge", **{"Idempotency-Key": "mine"}) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"


# -- both ------------------------------------------------------------------------------------------------

both = pytest.mark.parametrize("what", ["retry", "purge"])


@both
def test_a_live_job_is_409(what, send, make_job, fail):
    job = make_job(2)
    fail(job, 0)

    assert code(send(job, what)) == (409, "job_not_finished")
    assert Job.objects.count() == 1


@both
def test_another_accounts_job_is_not_there(what, send, bobs_api, make_partial):
    assert code(send(make_partial(), what, client=bobs_api)) == (404, "not_found")
    assert Job.objects.count() == 1


@both
@pytest.mark.parametrize("odd", ["job_", "JOB_1", "job_%00", "job_\u00e4", "1", "job_" + "a" * 4_000, "-1", "%2e%2e"])
def test_an_odd_id_is_not_there(what, odd, api):
    assert code(api.post(f"/v1/jobs/{odd}/{what}")) == (404, "not_found")


@both
def test_an_empty_object_may_be_sent(what, send, make_partial):
    assert send(make_partial(), what, body=b"{}").status_code in (200, 201)


@both
@pytest.mark.parametrize(("body", "field"), [(b'{"urls":[]}', "urls"), (b'{"status":"failed"}', "status")])
def test_a_field_is_refused_by_name(what, body, field, send, make_partial):
    answer = send(make_partial(), what, body=body)

    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["error"]["details"]] == [(field, "unknown_field")]


@both
def test_what_is_no_object_is_refused(what, send, make_partial):
    assert code(send(make_partial(), what, body=b"[]")) == (400, "invalid_request")


@both
def test_a_key_that_may_only_read_may_not(what, send, make_client, alice, make_partial):
    reader = make_client(alice, scopes=["jobs:read"])

    assert code(send(make_partial(), what, client=reader)) == (403, "insufficient_scope")
