"""Schedules as clients make, see and change them."""

import pytest

from jobs.models import Job, Schedule
from tests.schedules.conftest import JOB

pytestmark = pytest.mark.django_db


def problems(answer):
    status, body = answer
    assert status == 400, body
    return [(one["field"], one["code"]) for one in body["error"]["details"]]


def test_a_new_schedule_shows_all_that_there_is_to_know(api):
    made = api.make(name="Prices", cron="30 6 * * mon-fri", timezone="Europe/Berlin")

    assert made["id"].startswith("sch_")
    assert (made["name"], made["cron"], made["timezone"]) == ("Prices", "30 6 * * mon-fri", "Europe/Berlin")
    assert (made["paused"], made["lastRun"]) == (False, None)
    assert len(made["nextRuns"]) == 5
    assert made["nextRuns"][0] == made["nextRunAt"]
    assert made["job"] == {**JOB, "name": None, "options": {}, "metadata": {}, "webhook": None}
    assert api.schedule(made["id"]) == made


def test_it_is_in_utc_and_goes_unless_it_says_otherwise(api):
    made = api.make()

    assert (made["timezone"], made["paused"]) == ("UTC", False)
    assert made["nextRunAt"].endswith("T06:00:00Z")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"cron": "soon"}, ("cron", "invalid_cron")),
        ({"cron": None}, ("cron", "invalid_type")),
        ({"timezone": "Berlin"}, ("timezone", "invalid_choice")),
        ({"timezone": None}, ("timezone", "invalid_type")),
        ({"paused": "no"}, ("paused", "invalid_type")),
        ({"name": "x" * 201}, ("name", "too_long")),
        ({"nextRunAt": "now"}, ("nextRunAt", "unknown_field")),
        ({"job": []}, ("job", "invalid_type")),
        ({"job": {**JOB, "urls": ["https://10.0.0.1/"]}}, ("job.urls[0]", "blocked_address")),
        ({"job": {**JOB, "urls": []}}, ("job.urls", "required")),
        ({"job": {**JOB, "selectors": {"title": "["}}}, ("job.selectors.title", "invalid_selector")),
        ({"job": {**JOB, "options": {"timeout": 1}}}, ("job.options.timeout", "out_of_range")),
        ({"job": {**JOB, "id": "job_1"}}, ("job.id", "unknown_field")),
        ({"job": {"urls": JOB["urls"]}}, ("job.selectors", "required")),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_nothing_is_made_or_changed(api, change, problem):
    made = api.make()

    assert problem in problems(api.ask("POST", "schedules", {"cron": "0 6 * * *", "job": JOB, **change}))
    assert problem in problems(api.ask("PATCH", f"schedules/{made['id']}", change))

    assert Schedule.objects.count() == 1
    assert api.schedule(made["id"]) == made


def test_a_new_one_needs_a_time_and_a_job(api):
    assert problems(api.ask("POST", "schedules", {})) == [("cron", "required"), ("job", "required")]


def test_what_is_changed_changes_and_the_rest_stays(api):
    made = api.make(name="Prices")

    status, body = api.ask("PATCH", f"schedules/{made['id']}", {"cron": "0 7 * * *", "timezone": "Asia/Tokyo"})

    changed = body["schedule"]
    assert status == 200
    assert (changed["name"], changed["job"]) == (made["name"], made["job"])
    assert changed["nextRunAt"].endswith("T22:00:00Z")
    assert changed["nextRuns"][0] == changed["nextRunAt"]


def test_another_job_stands_instead_of_the_first(api):
    made = api.make(job={**JOB, "name": "first", "options": {"headers": {"X-A": "b"}}})

    _, body = api.ask("PATCH", f"schedules/{made['id']}", {"job": {**JOB, "urls": ["https://else.com/"]}})

    assert body["schedule"]["job"]["urls"] == ["https://else.com/"]
    assert body["schedule"]["job"]["name"] is None
    assert Schedule.objects.get().sealed_options is None


def test_schedules_are_listed_newest_first(api):
    ids = [api.make(name=str(number))["id"] for number in range(3)]

    _, body = api.ask("GET", "schedules?limit=2")

    assert ([one["id"] for one in body["schedules"]], body["total"]) == (ids[:0:-1], 3)


def test_one_that_is_deleted_is_gone_and_its_jobs_stay(api):
    made = api.make()
    api.ask("POST", f"schedules/{made['id']}/run")

    status, body = api.ask("DELETE", f"schedules/{made['id']}")

    assert (status, body["schedule"]["id"]) == (200, made["id"])
    assert api.ask("GET", f"schedules/{made['id']}")[0] == 404
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/run"),
        ("GET", "/runs"),
    ],
)
def test_another_accounts_schedule_is_as_if_it_were_not_there(api, bobs_api, method, path):
    made = api.make()
    body = {"name": "mine"} if method == "PATCH" else None

    assert bobs_api.ask(method, f"schedules/{made['id']}{path}", body)[0] == 404
    assert bobs_api.ask(method, f"schedules/nonsense{path}", body)[0] == 404
    assert bobs_api.ask("GET", "schedules")[1]["total"] == 0
    assert api.schedule(made["id"]) == made


def test_a_repeated_request_makes_one(api):
    asked = {"cron": "0 6 * * *", "job": JOB}

    first, again = (api.ask("POST", "schedules", asked, HTTP_IDEMPOTENCY_KEY="k") for _ in range(2))

    assert first == again
    assert Schedule.objects.count() == 1


def test_a_list_asks_no_more_for_many_than_twice_for_each(api, django_assert_max_num_queries):
    for _ in range(5):
        api.make()

    with django_assert_max_num_queries(4 + 2 * 5):
        api.ask("GET", "schedules")
