"""Schedules that are due: one job each time, unless the last one is still at work."""

import pytest
from django.db.models import F

from jobs.models import Job, Schedule, ScheduleRun
from jobs.queue.clock import database_now
from jobs.recording import cancel_job
from jobs.schedules.running import run_due_schedules
from scraping.egress import Policy
from tests.queue.making import DUE

pytestmark = pytest.mark.django_db


def end_jobs():
    for job in Job.objects.live():
        cancel_job(job)


def test_a_schedule_that_is_due_makes_its_job_and_is_due_again_later(api, make_due, alice):
    made = api.make(job={**api.make()["job"], "name": "Nightly", "metadata": {"a": "1"}, "options": {"priority": 3}})
    make_due(made)
    due_at = Schedule.objects.get(public_id=made["id"]).next_at

    assert run_due_schedules() == 1

    job = Job.objects.get()
    assert (job.account, job.name, job.priority, job.total_urls) == (alice, "Nightly", 3, 2)
    assert (job.selectors, job.metadata) == ('{"title":"h1"}', '{"a":"1"}')
    assert [page.url for page in job.pages.order_by("index")] == ["https://store.com/p1", "https://store.com/p2"]
    (run,) = api.runs(made["id"])
    assert (run["status"], run["jobId"], run["reason"]) == ("started", job.public_id, None)
    assert ScheduleRun.objects.get().due_at == due_at
    assert Schedule.objects.get(public_id=made["id"]).next_at > database_now()


def test_what_is_not_due_is_left_alone(api, django_assert_num_queries):
    api.make()

    with django_assert_num_queries(1):
        assert run_due_schedules() == 0

    assert not Job.objects.exists()


def test_a_run_is_skipped_while_the_job_of_the_last_one_is_live(api, make_due):
    made = api.make()
    for _ in range(3):
        make_due(made)
        run_due_schedules()
    end_jobs()
    make_due(made)
    run_due_schedules()

    runs = api.runs(made["id"])
    assert [run["status"] for run in runs] == ["started", "skipped", "skipped", "started"]
    assert runs[1]["reason"] == f"The job of the run before, {runs[3]['jobId']}, is still pending."
    assert Job.objects.count() == 2


def test_times_that_passed_while_no_clock_was_there_are_made_up_for_once(api):
    made = api.make(cron="* * * * *")
    Schedule.objects.update(next_at=F("next_at") - 12 * DUE)

    run_due_schedules()
    end_jobs()
    run_due_schedules()

    assert [run["status"] for run in api.runs(made["id"])] == ["started"]


def test_without_credits_a_run_fails_and_says_so_and_the_next_one_is_tried(make_account, make_due):
    from tests.schedules.conftest import Client

    poor = Client(make_account("poor", unlimited=False, credits=1))
    made = poor.make()
    make_due(made)

    run_due_schedules()

    (run,) = poor.runs(made["id"])
    assert (run["status"], run["jobId"]) == ("failed", None)
    assert run["reason"] == "This job needs 2 credits, one per URL; 1 are left."
    assert not Job.objects.exists()
    assert Schedule.objects.get().next_at > database_now()


def test_what_may_no_longer_be_visited_fails_the_run(api, make_due, settings):
    settings.EGRESS_POLICY = Policy(allow=frozenset({"127.0.0.1:8901"}))
    made = api.make(job={"urls": ["http://127.0.0.1:8901/"], "selectors": {"title": "h1"}})
    settings.EGRESS_POLICY = Policy()
    make_due(made)

    run_due_schedules()

    (run,) = api.runs(made["id"])
    assert run["status"] == "failed"
    assert "not on the public internet" in run["reason"]


def test_secrets_are_sealed_and_go_along_with_each_job(api, make_due):
    options = {"headers": {"X-Token": "in confidence"}, "hostDelay": 50}
    made = api.make(job={"urls": ["https://store.com/"], "selectors": {"a": "b"}, "options": options})
    make_due(made)

    run_due_schedules()

    schedule, job = Schedule.objects.get(), Job.objects.get()
    assert made["job"]["options"] == {"headers": {"X-Token": "[sealed]"}, "hostDelay": 50}
    assert "in confidence" not in str(vars(schedule))
    assert job.sealed_options
    assert job.host_delay_ms == 50


def test_a_paused_schedule_is_not_due_until_it_is_resumed(api, make_due):
    made = api.make()
    status, body = api.ask("POST", f"schedules/{made['id']}/pause")
    assert (status, body["schedule"]["paused"], body["schedule"]["nextRunAt"]) == (200, True, None)
    assert body["schedule"]["nextRuns"] == []
    assert run_due_schedules() == 0

    _, body = api.ask("POST", f"schedules/{made['id']}/resume")

    assert body["schedule"]["nextRunAt"] == made["nextRunAt"]


def test_it_can_be_run_now_whether_paused_or_not_but_not_beside_its_last_run(api):
    made = api.make(paused=True)

    first = api.ask("POST", f"schedules/{made['id']}/run")
    second = api.ask("POST", f"schedules/{made['id']}/run")

    assert (first[0], first[1]["run"]["status"], first[1]["run"]["dueAt"]) == (201, "started", None)
    assert (second[0], second[1]["run"]["status"]) == (201, "skipped")
    assert Job.objects.count() == 1


def test_a_repeated_request_to_run_it_runs_it_once(api):
    made = api.make()

    answers = [api.ask("POST", f"schedules/{made['id']}/run", HTTP_IDEMPOTENCY_KEY="once") for _ in range(3)]

    assert len({str(body) for _, body in answers}) == 1
    assert ScheduleRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_any_number_of_clocks_run_it_once(api, make_due, at_once):
    made = api.make()
    for _ in range(5):
        make_due(made)
        end_jobs()

        outcomes = at_once(*[run_due_schedules] * 4)

        assert sum(outcomes) == 1, outcomes
    assert [run["status"] for run in api.runs(made["id"])] == ["started"] * 5


def test_runs_are_listed_newest_first_and_stay_when_their_jobs_go(api, make_due):
    made = api.make()
    for _ in range(2):
        make_due(made)
        run_due_schedules()
        end_jobs()
    first, second = (run["jobId"] for run in reversed(api.runs(made["id"])))
    Job.objects.filter(public_id=first).delete()

    _, body = api.ask("GET", f"schedules/{made['id']}/runs?limit=1&offset=1")

    assert (body["total"], body["runs"][0]["jobId"]) == (2, first)
    assert api.schedule(made["id"])["lastRun"]["jobId"] == second
