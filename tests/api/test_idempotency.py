"""A request under an Idempotency-Key: done once, answered the same each time, for a day."""

from datetime import timedelta

import orjson
import pytest
from django.db.models.functions import Now

from jobs.models import Account, IdempotencyKey, Job, Page
from jobs.retention import forget_idempotency_keys
from tests.api.test_server import until_waiting
from tests.api.test_single import PREVIEW, SCRAPE, Posting, keep

JOB = {"urls": ["https://store.com/p1"], "selectors": {"title": "h1"}}
AT_ONCE = 50


@pytest.fixture
def send(api):
    def post(body, key="a key", *, path="jobs", client=api):
        return client.post(
            f"/v1/{path}", orjson.dumps(body), content_type="application/json", headers={"Idempotency-Key": key}
        )

    return post


def code(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_the_same_request_gets_the_first_answer_byte_for_byte(send, complete):
    first = send(JOB)
    complete(Job.objects.get(), 0)

    again = send(JOB)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert (first.get("Idempotent-Replayed"), again["Idempotent-Replayed"]) == (None, "true")
    assert Job.objects.count() == 1


@pytest.mark.parametrize("other", [{**JOB, "name": "A"}, {"selectors": JOB["selectors"], "urls": JOB["urls"]}])
def test_another_request_under_the_same_key_is_refused(send, other):
    send(JOB)

    assert code(send(other)) == (409, "idempotency_conflict")
    assert Job.objects.count() == 1


def test_other_keys_and_other_accounts_are_other_requests(send, bobs_api):
    made = [send(JOB), send(JOB, "another"), send(JOB, client=bobs_api)]

    assert len({answer.json()["job"]["id"] for answer in made}) == 3


def test_a_request_that_was_refused_has_used_no_key(send, alice):
    Account.objects.filter(pk=alice.pk).update(credits=0, unlimited=False)
    assert code(send(JOB)) == (402, "insufficient_credits")

    Account.objects.filter(pk=alice.pk).update(credits=1)

    assert send(JOB).status_code == 201


def test_a_job_is_charged_for_once(send, alice):
    Account.objects.filter(pk=alice.pk).update(credits=5, unlimited=False)

    for _ in range(3):
        send(JOB)

    alice.refresh_from_db()
    assert alice.credits == 4


def test_a_key_means_nothing_after_a_day(send):
    send(JOB)
    IdempotencyKey.objects.update(created_at=Now() - timedelta(hours=24))

    assert send({**JOB, "name": "A"}).status_code == 201
    assert IdempotencyKey.objects.count() == 1


def test_old_keys_are_forgotten(send):
    send(JOB, "old")
    IdempotencyKey.objects.update(created_at=Now() - timedelta(hours=24))
    send(JOB, "new")

    forget_idempotency_keys()

    assert [each.key for each in IdempotencyKey.objects.all()] == ["new"]


@pytest.mark.parametrize("key", ["", " ", " a", "a ", "a" * 256, "\u00fc"])
def test_what_is_no_key_is_refused_by_name(send, key):
    answer = send(JOB, key.encode("latin-1").decode("latin-1"))

    assert code(answer) == (400, "invalid_request")
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == ["Idempotency-Key"]


def test_pages_are_read_again_once(send, make_job, complete):
    job = make_job(1)
    complete(job, 0)
    keep(job, 0)

    answers = [send({"selectors": {"a": "b"}}, path=f"jobs/{job.public_id}/reextract") for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert Job.objects.filter(source=job).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "body"), [("scrape", SCRAPE), ("preview", PREVIEW)])
def test_a_page_that_is_waited_for_is_made_once_and_answered_to_all(server, make_key, alice, complete, path, body):
    key = make_key(alice)
    headers = {"Content-Type": "application/json", "Idempotency-Key": "mine"}
    asking = [Posting(server, key, f"/v1/{path}", body, headers) for _ in range(3)]
    until_waiting(3)

    complete(Job.objects.get(), 0)

    answers = [each.answer() for each in asking]
    assert Page.objects.count() == 1
    assert len({answer["job"]["id"] for answer in answers}) == 1
    assert [answer["result"]["data"]["title"] for answer in answers] == ["A"] * 3


@pytest.mark.django_db(transaction=True)
def test_many_posts_at_once_under_one_key_make_one_job(server, make_key, alice):
    key = make_key(alice)
    headers = {"Content-Type": "application/json", "Idempotency-Key": "mine"}
    asking = [Posting(server, key, "/v1/jobs", JOB, headers) for _ in range(AT_ONCE)]

    answers = [each.answer() for each in asking]

    assert Job.objects.count() == 1
    assert len({orjson.dumps(answer["job"]) for answer in answers}) == 1
