"""Schedules, for people."""

import re

import orjson
import pytest
from django.utils.html import escape

from jobs.dashboard import paging
from jobs.models import Job, Schedule
from tests.dashboard import making
from tests.dashboard.hostile import HOSTILE

NEW = "/dashboard/schedules/new/"
FILLED = {
    "name": "Nightly",
    "cron": "30 6 * * *",
    "timezone": "Europe/Berlin",
    "urls": "https://store.com/1\r\n\r\n https://store.com/2 \r\n",
    "selectors": '{"title": "h1"}',
    "more": '{"options": {"timeout": 9000}}',
}


def address(schedule, what=""):
    return f"/dashboard/schedules/{schedule.public_id}/{what}"


def text_of(answer):
    return " ".join(re.sub("<[^>]+>", " ", answer.content.decode()).split())


def form_of(schedule, **changes):
    """What a browser sends of the form as it is shown, but for these."""
    from jobs.dashboard.schedules import written

    return {name: text.replace("\n", "\r\n") for name, text in {**written(schedule), **changes}.items()}


def test_a_schedule_is_made_of_urls_and_rules(ada, alice):
    answer = ada.post(NEW, FILLED)

    schedule = Schedule.objects.get()
    assert answer.url == address(schedule)
    assert (schedule.account, schedule.name, schedule.timezone) == (alice, "Nightly", "Europe/Berlin")
    assert orjson.loads(schedule.urls) == ["https://store.com/1", "https://store.com/2"]
    assert orjson.loads(schedule.selectors) == {"title": "h1"}
    assert orjson.loads(schedule.options) == {"timeout": 9000}
    assert schedule.next_at is not None


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("cron", "at noon", "Expected five fields"),
        ("cron", "", "This field is required"),
        ("timezone", "Europe/Berln", "Europe/Berlin"),
        ("urls", "https://store.com/\nftp://store.com/", "urls[1]: "),
        ("urls", "", "This field is required"),
        ("selectors", "{", "This is not valid JSON"),
        ("selectors", "[]", "Write a JSON object"),
        ("selectors", '{"a": "h1", "a": "h2"}', "selectors.a"),
        ("selectors", '{"title": "h1["}', "title"),
        ("selectors", "", "Say which fields to read"),
        ("more", '{"options": {"timeot": 1}}', "options.timeot: There is no such field. Did you mean timeout?"),
        ("more", '{"wehbook": "https://example.com/"}', "wehbook: There is no such field. Did you mean webhook?"),
        ("more", '{"options": "fast"}', "options: Expected an object"),
        ("name", "a" * 201, "200 characters at most"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_made(ada, field, text, says):
    page = ada.post(NEW, {**FILLED, field: text}).content.decode()

    errors = re.search(rf'id="id_{field}_error">(.*?)</ul>', page, re.DOTALL)
    assert errors, page
    assert escape(says) in errors[1]
    assert not Schedule.objects.exists()


def test_a_schedule_tells_its_next_five_runs_and_its_last_ones(ada, alice):
    schedule = making.make_schedule(alice, runs=["started", "skipped"])

    page = ada.get(address(schedule))

    assert page.content.count(b"data-exactly") == 5
    assert "Monday to Friday at 06:30 in Europe/Berlin" in text_of(page)
    assert re.search("skipped The job of the run before.* started job_[0-9a-z]+ completed", text_of(page))


def test_a_job_that_is_gone_is_told_to_be(ada, alice):
    schedule = making.make_schedule(alice, runs=["started"])
    Job.objects.all().delete()

    assert "which is no longer kept" in text_of(ada.get(address(schedule)))


def test_the_list_tells_when_each_is_due_and_how_it_went(ada, alice):
    making.make_schedule(alice, name="Prices", runs=["started", "skipped"])
    making.make_schedule(alice, name="Stock", cron="@hourly", paused=True)

    page = text_of(ada.get("/dashboard/schedules/"))

    assert re.search("Stock sch_.* paused every hour at 0 min past Europe/Berlin . none yet", page)
    assert re.search("Prices sch_.* active Monday to Friday at 06:30 Europe/Berlin in .* skipped 1 day ago", page)


def test_it_is_paused_and_resumed(ada, alice):
    schedule = making.make_schedule(alice)

    ada.post(address(schedule, "pause/"))
    schedule.refresh_from_db()
    paused = (schedule.paused, schedule.next_at)
    page = text_of(ada.get(address(schedule)))
    ada.post(address(schedule, "resume/"))

    schedule.refresh_from_db()
    assert paused == (True, None)
    assert "No run is foreseen while it is paused" in page
    assert (schedule.paused, schedule.next_at is None) == (False, False)


def test_it_is_run_now_and_leads_to_the_job(ada, alice):
    schedule = making.make_schedule(alice)

    answer = ada.post(address(schedule, "run/"))

    assert answer.url == f"/dashboard/jobs/{Job.objects.get().public_id}/"


def test_while_its_job_is_live_none_is_made_and_that_is_said(ada, alice):
    schedule = making.make_schedule(alice)
    ada.post(address(schedule, "run/"))

    page = ada.post(address(schedule, "run/"), follow=True)

    assert "No job was made: The job of the run before" in text_of(page)
    assert Job.objects.count() == 1


def test_it_is_deleted_and_its_jobs_stay(ada, alice):
    schedule = making.make_schedule(alice, name="Prices", runs=["started"])

    page = ada.post(address(schedule, "delete/"), follow=True)

    assert "Schedule Prices is deleted" in text_of(page)
    assert (Schedule.objects.count(), Job.objects.count()) == (0, 1)


def test_it_is_changed(ada, alice):
    schedule = making.make_schedule(alice)

    answer = ada.post(address(schedule, "edit/"), form_of(schedule, cron="@hourly", urls="https://store.com/9"))

    schedule.refresh_from_db()
    assert answer.url == address(schedule)
    assert (schedule.cron, orjson.loads(schedule.urls)) == ("@hourly", ["https://store.com/9"])


SECRET = {
    "options": {"headers": {"x-token": "sesame-9"}},
    "webhook": {"url": "https://a.example/", "headers": {"x": "y"}},
}


def test_what_is_secret_stays_where_the_job_is_not_changed(ada, alice):
    schedule = making.make_schedule(alice, job=SECRET)
    before = (schedule.sealed_options, schedule.sealed_webhook)

    page = ada.get(address(schedule, "edit/")).content
    ada.post(address(schedule, "edit/"), form_of(schedule, cron="@daily"))

    schedule.refresh_from_db()
    assert b"sesame-9" not in page
    assert b"What is secret of the job" in page
    assert (schedule.cron, schedule.sealed_options, schedule.sealed_webhook) == ("@daily", *before)


def test_what_stands_for_a_secret_is_never_stored_as_one(ada, alice):
    schedule = making.make_schedule(alice, job=SECRET)

    page = ada.post(address(schedule, "edit/"), form_of(schedule, urls="https://store.com/9"))

    schedule.refresh_from_db()
    assert b"Write anew what is secret" in page.content
    assert len(orjson.loads(schedule.urls)) == 2


def test_one_of_a_test_key_stays_small(ada, alice):
    schedule = making.make_schedule(alice)
    Schedule.objects.update(test=True)
    many = "\n".join(f"https://store.com/{number}" for number in range(99))

    page = ada.post(address(schedule, "edit/"), form_of(schedule, urls=many))

    assert b"A job of a test key has" in page.content


@pytest.mark.parametrize("what", ["", "edit/", "pause/", "resume/", "run/", "delete/"])
def test_those_of_others_are_not_there(ada, bob, what):
    schedule = making.make_schedule(bob, name="bobs own")

    answer = (ada.get if what in ("", "edit/") else ada.post)(address(schedule, what))

    assert answer.status_code == 404
    assert b"bobs own" not in ada.get("/dashboard/schedules/").content
    assert not Schedule.objects.get().paused
    assert not Job.objects.exists()


@pytest.mark.parametrize("what", ["edit/", "pause/", "resume/", "run/", "delete/"])
def test_a_viewer_looks_and_does_nothing(alice, make_person, browse, what):
    schedule = making.make_schedule(alice)
    viewer = browse(make_person(alice, role="viewer"))

    assert viewer.post(address(schedule, what), FILLED).status_code == 403
    assert not re.search(b"data-dialog|<form[^>]+schedules", viewer.get(address(schedule)).content)


@pytest.mark.parametrize(("path", "queries"), [("", 4), ("{}", 6)])
def test_it_takes_few_queries(ada, alice, django_assert_num_queries, path, queries):
    for _ in range(4):
        schedule = making.make_schedule(alice, runs=["started", "skipped", "started"] * 3)

    with django_assert_num_queries(queries):
        ada.get(f"/dashboard/schedules/{path.format(schedule.public_id + '/')}")


def test_many_runs_come_a_part_at_a_time(ada, alice, monkeypatch):
    monkeypatch.setattr(paging, "ROWS", 2)
    schedule = making.make_schedule(alice, runs=["failed", "skipped", "started"])

    first = ada.get(address(schedule)).content.decode()
    older = ada.get(address(schedule) + re.search(r"\?after=[0-9]+", first)[0]).content.decode()

    assert re.findall("badge-(started|skipped|failed)", first) == ["started", "skipped"]
    assert re.findall("badge-(started|skipped|failed)", older) == ["failed"]


def test_an_account_without_schedules_is_told_what_one_is(ada):
    assert b"A schedule makes the same job again and again" in ada.get("/dashboard/schedules/").content


@pytest.mark.parametrize("text", HOSTILE)
def test_what_was_written_is_escaped(ada, alice, text):
    text = text.replace("\0", "")[:200]
    schedule = making.make_schedule(alice, name=text, job={"selectors": {"title": {"selector": "h1", "default": text}}})

    pages = [
        ada.get(path).content.decode()
        for path in ("/dashboard/schedules/", address(schedule), address(schedule, "edit/"))
    ]

    assert [escape(text.strip()) in page for page in pages] == [True, True, True]
