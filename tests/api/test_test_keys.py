"""Keys to try things with: their jobs are small, few, marked, and free."""

from datetime import timedelta

import orjson
import pytest
from django.core.management import call_command
from django.db.models.functions import Now, TruncDate
from rest_framework.test import APIClient

from jobs.models import Account, ApiKey, Job, LedgerEntry, Schedule
from jobs.models.account import MOST_TEST_URLS_A_DAY
from jobs.models.api_key import LIVE_PREFIX, TEST_PREFIX
from jobs.queue.deadlines import end_overdue_jobs
from jobs.reuse import reuse_key
from jobs.schedules.running import run_due_schedules
from jobs.secrets import NO_SECRETS

pytestmark = pytest.mark.django_db


@pytest.fixture
def limited(make_account):
    return make_account("limited", unlimited=False, credits=3)


@pytest.fixture
def trial(limited, make_client):
    """A client with a test key."""
    return make_client(limited, test=True)


@pytest.fixture
def live(limited, make_client):
    return make_client(limited)


def job_of(urls, **more):
    return {"urls": [f"https://store.com/p{number}" for number in range(urls)], "selectors": {"title": "h1"}, **more}


def post(client, path, body, **headers):
    return client.post(f"/v1/{path}", orjson.dumps(body), content_type="application/json", headers=headers)


def schedule_of(urls):
    return {"cron": "@daily", "job": job_of(urls)}


def spend(account, urls, *, day=None):
    Account.objects.filter(pk=account.pk).update(test_urls=urls, test_day=day or TruncDate(Now()))


def problem(answer):
    (one,) = answer.json()["error"]["details"]
    return answer.status_code, one["field"], one["code"]


def test_a_test_key_looks_like_one_and_is_no_live_key(limited):
    key, text = ApiKey.objects.issue(account=limited, test=True)

    assert text.startswith(TEST_PREFIX)
    assert key.prefix.startswith(TEST_PREFIX + key.public_id)
    assert ApiKey.objects.authenticate(text) == key
    assert ApiKey.objects.authenticate(text.replace(TEST_PREFIX, LIVE_PREFIX)) is None


def test_a_test_key_made_by_command(limited, capsys):
    call_command("create_key", "--account", "limited", "--test")

    text = capsys.readouterr().out.split()[-1]
    assert text.startswith(TEST_PREFIX)
    assert ApiKey.objects.authenticate(text).test


def test_a_test_job_says_so_and_costs_nothing_though_it_is_more_than_the_balance_holds(trial, limited, complete):
    answer = post(trial, "jobs", job_of(4))

    job = Job.objects.get(public_id=answer.json()["job"]["id"])
    for index in range(4):
        complete(job, index)
    limited.refresh_from_db()
    shown = trial.get(f"/v1/jobs/{job.public_id}").json()["job"]
    assert answer.json()["job"]["test"] is True
    assert (shown["test"], shown["status"], shown["creditsUsed"]) == (True, "completed", 0)
    assert limited.credits == 3
    assert not LedgerEntry.objects.filter(account=limited, amount__lt=0).exists()


def test_a_live_job_says_nothing_of_tests_and_both_keys_see_both(trial, live):
    tested = post(trial, "jobs", job_of(1)).json()["job"]["id"]
    charged = post(live, "jobs", job_of(1)).json()["job"]

    assert "test" not in charged
    for client in (trial, live):
        assert [job["id"] for job in client.get("/v1/jobs").json()["jobs"]] == [charged["id"], tested]


def test_a_test_job_has_25_urls_at_most_and_what_is_dropped_does_not_count(trial):
    assert post(trial, "jobs", job_of(25)).status_code == 201
    assert problem(post(trial, "jobs", job_of(26))) == (400, "urls", "too_many")

    copies = {**job_of(25), "urls": job_of(25)["urls"] * 2, "options": {"deduplicate": True}}
    assert post(trial, "jobs", copies).status_code == 201


def test_after_500_urls_a_day_is_over_for_the_test_keys_of_the_account(trial, live, limited):
    spend(limited, MOST_TEST_URLS_A_DAY - 20)

    refused = post(trial, "jobs", job_of(21))
    answers = [post(trial, "jobs", job_of(20)), post(trial, "jobs", job_of(1)), post(live, "jobs", job_of(1))]

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert [answer.status_code for answer in answers] == [201, 429, 201]


def test_the_next_day_begins_at_nothing(trial, limited):
    spend(limited, MOST_TEST_URLS_A_DAY, day="2020-01-01")

    assert post(trial, "jobs", job_of(25)).status_code == 201
    limited.refresh_from_db()
    assert limited.test_urls == 25


def test_a_job_that_was_refused_for_another_reason_has_used_up_nothing(trial, limited, settings):
    settings.SCRPY_ACCOUNT_JOBS = 1
    post(trial, "jobs", job_of(1))

    assert post(trial, "jobs", job_of(5)).status_code == 429

    limited.refresh_from_db()
    assert limited.test_urls == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_no_way_past_the_day(limited, at_once):
    assert sum(at_once(*[lambda: limited.take_test_urls(25)] * 30)) == MOST_TEST_URLS_A_DAY // 25

    limited.refresh_from_db()
    assert limited.test_urls == MOST_TEST_URLS_A_DAY


def test_a_single_page_and_a_preview_that_visits_are_tests_and_one_of_html_is_none(trial, limited, monkeypatch, kept):
    from jobs.api import waiting

    monkeypatch.setattr(waiting, "MOST_WAITERS", 0)
    page = {"url": "https://store.com/p1", "selectors": {"title": "h1"}}

    for path, body in (("scrape", page), ("preview", page), ("preview", {**page, "html": "<h1>A</h1>"})):
        assert post(trial, path, body).status_code == 202

    made = Job.objects.order_by("pk").values_list("kind", "test", "free")
    assert list(made) == [("scrape", True, True), ("preview", True, True), ("preview", False, True)]
    assert [job.reads_kept for job in Job.objects.order_by("pk")] == [False, False, True]
    limited.refresh_from_db()
    assert (limited.credits, limited.test_urls) == (3, 2)


def test_a_schedule_of_a_test_key_makes_test_jobs_whoever_runs_it(trial, live):
    made = post(trial, "schedules", schedule_of(2)).json()["schedule"]
    Schedule.objects.update(next_at=Now())

    run_due_schedules()
    Job.objects.update(status="completed", completed_at=Now(), completed_urls=2)
    run = live.post(f"/v1/schedules/{made['id']}/run").json()["run"]

    assert made["test"] is True
    assert run["status"] == "started"
    assert list(Job.objects.values_list("test", "free")) == [(True, True)] * 2


def test_a_schedule_that_is_run_with_a_test_key_runs_as_a_test_this_once(trial, live, limited):
    made = post(live, "schedules", schedule_of(1)).json()["schedule"]

    trial.post(f"/v1/schedules/{made['id']}/run")

    limited.refresh_from_db()
    assert "test" not in made
    assert Job.objects.get().test
    assert limited.credits == 3


def test_a_schedule_of_a_test_key_is_as_small_as_its_jobs(trial):
    assert problem(post(trial, "schedules", schedule_of(26))) == (400, "urls", "too_many")
    made = post(trial, "schedules", schedule_of(25)).json()["schedule"]

    changed = trial.patch(
        f"/v1/schedules/{made['id']}", orjson.dumps({"job": job_of(26)}), content_type="application/json"
    )

    assert problem(changed) == (400, "urls", "too_many")
    assert len(orjson.loads(Schedule.objects.get().urls)) == 25


def test_a_run_past_the_day_has_failed_and_says_why(trial, limited):
    made = post(trial, "schedules", schedule_of(1)).json()["schedule"]
    spend(limited, MOST_TEST_URLS_A_DAY)

    run = trial.post(f"/v1/schedules/{made['id']}/run").json()["run"]

    assert (run["status"], run["jobId"]) == ("failed", None)
    assert "500 URLs a day" in run["reason"]


def test_what_was_made_with_a_test_key_is_not_replayed_to_a_live_one(trial, live):
    headers = {"Idempotency-Key": "one"}
    first, again = (post(trial, "jobs", job_of(1), **headers) for _ in range(2))

    answer = post(live, "jobs", job_of(1), **headers)

    assert again.content == first.content
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_conflict")


def test_a_retry_is_a_test_where_the_key_or_the_job_is(trial, live, limited):
    tested, charged = (post(client, "jobs", job_of(1)).json()["job"]["id"] for client in (trial, live))
    Job.objects.update(deadline_at=Now() - timedelta(seconds=1))
    end_overdue_jobs()

    retries = ((live, tested), (trial, charged), (live, charged))
    answers = [client.post(f"/v1/jobs/{job}/retry") for client, job in retries]

    assert ["test" in answer.json()["job"] for answer in answers] == [True, True, False]
    limited.refresh_from_db()
    assert limited.credits == 2


def test_a_dry_run_tells_of_a_test_key_that_nothing_is_charged_and_that_jobs_are_small(trial):
    small, large = (post(trial, "jobs?dryRun=true", job_of(urls)).json()["dryRun"] for urls in (25, 26))

    assert (small["accepted"], small["totalUrls"], small["credits"]["needed"]) == (True, 25, 0)
    assert not large["accepted"]


def test_results_of_test_jobs_are_given_to_nobody_for_nothing(trial, live):
    body = job_of(1, options={"maxAge": 60_000})
    for client in (trial, live):
        post(client, "jobs", body)
    tested, charged = (job.pages.select_related("job").get() for job in Job.objects.order_by("pk"))

    assert reuse_key(tested, NO_SECRETS) is None
    assert reuse_key(charged, NO_SECRETS)


def test_without_a_key_nobody_learns_of_test_keys_more_than_of_others():
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Bearer " + TEST_PREFIX + "A" * 12 + "_" + "b" * 32)

    assert client.get("/v1/jobs").status_code == 401
