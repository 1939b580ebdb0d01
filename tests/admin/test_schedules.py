"""Schedules: looked at, run by hand, paused and resumed."""

import pytest
from django.urls import reverse

from jobs.models import Job, Schedule
from jobs.schedules.running import make

SUBMITTED = {"_form_submitted": "on"}


@pytest.fixture
def make_schedule(alice):
    def of(**overrides):
        columns = {
            "cron": "0 6 * * *",
            "urls": '["https://store.com/"]',
            "selectors": '{"title":"h1"}',
            "options": '{"retries":3}',
            "metadata": "{}",
        }
        return make(overrides.pop("account", alice), {**columns, **overrides})

    return of


def act(staff, schedule, action):
    return staff.post(f"/admin/jobs/schedule/{schedule.pk}/{action}/", SUBMITTED, follow=True).content.decode()


def test_a_schedule_is_found_by_its_id_and_its_name(staff, make_schedule):
    schedule, other = make_schedule(name="Prices"), make_schedule(name="News")

    for search in (schedule.public_id, "price"):
        page = staff.get(reverse("admin:jobs_schedule_changelist"), {"q": search}).content.decode()
        assert (schedule.public_id in page, other.public_id in page) == (True, False)


def test_run_by_hand_it_makes_a_job_and_says_which(staff, make_schedule):
    schedule = make_schedule()

    page = act(staff, schedule, "run")

    job = Job.objects.get()
    assert f"Job {job.public_id} is made" in page
    assert reverse("admin:jobs_job_change", args=[job.pk]) in page


def test_run_while_its_job_goes_on_it_is_skipped_and_says_why(staff, make_schedule):
    schedule = make_schedule()
    act(staff, schedule, "run")

    page = act(staff, schedule, "run")

    assert "The run was skipped" in page
    assert Job.objects.count() == 1


def test_it_is_paused_and_resumed_and_offers_only_what_makes_sense(staff, make_schedule):
    schedule = make_schedule()

    paused = act(staff, schedule, "pause")
    assert (Schedule.objects.get().paused, Schedule.objects.get().next_at) == (True, None)
    assert ("/resume/" in paused, "/pause/" in paused) == (True, False)
    act(staff, schedule, "resume")

    schedule.refresh_from_db()
    assert (schedule.paused, schedule.next_at is not None) == (False, True)


def test_nothing_is_done_before_it_is_confirmed(staff, make_schedule):
    schedule = make_schedule()

    for action in ("run", "pause"):
        assert b"?" in staff.get(f"/admin/jobs/schedule/{schedule.pk}/{action}/").content

    schedule.refresh_from_db()
    assert (schedule.paused, Job.objects.count()) == (False, 0)
