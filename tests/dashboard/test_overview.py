"""The first page."""

import json
import re
from datetime import timedelta

import pytest

from jobs.models import ApiKey, DailyUsage, Job
from jobs.usage import hourly
from tests.dashboard import making


def chart(answer):
    return json.loads(re.search(rb'id="throughput-data"[^>]*>(.*?)</script>', answer.content)[1])


def test_a_new_account_sees_its_first_curl_with_its_own_key(ada, alice):
    key, text = ApiKey.objects.issue(account=alice, name="first key")

    page = ada.get("/dashboard/").content.decode()

    assert f"Bearer {key.prefix}" in page
    assert text not in page
    assert "Run the demo job" in page


def test_the_curl_can_be_sent_as_it_is_but_for_the_key(ada, alice):
    page = ada.get("/dashboard/").content.decode()

    curl = re.search(r"<code>(curl.*?)</code>", page, re.DOTALL)[1].replace("&quot;", '"')
    body = json.loads(re.search(r"-d '(.*)'", curl)[1])
    assert set(body) == {"urls", "selectors"}
    assert all(line.endswith(" \\") for line in curl.splitlines()[:-1])


def test_the_demo_job_is_of_the_shop(ada, queue):
    answer = ada.post("/dashboard/demo/")

    job = Job.objects.get()
    assert answer.url == f"/dashboard/jobs/{job.public_id}/"
    assert {page.host_queue.address for page in job.pages.select_related("host_queue")} == {"127.0.0.1:8001"}


def test_there_is_no_demo_job_where_there_is_no_shop(ada, settings):
    settings.DEVELOPMENT = False

    ada.post("/dashboard/demo/")

    assert b"Run the demo job" not in ada.get("/dashboard/").content
    assert not Job.objects.exists()


def test_who_has_no_credits_for_the_demo_job_is_told_so(make_account, make_person, browse):
    poor = browse(make_person(make_account("poor", unlimited=False)))

    answer = poor.post("/dashboard/demo/", follow=True)

    assert b"This job needs 25 credits" in answer.content


def test_the_numbers_are_of_ones_own_account(ada, ben, alice, bob):
    making.make_full(alice)
    making.make_job(bob, completed=1, name="Bob's own")

    mine, bens = ada.get("/dashboard/").content, ben.get("/dashboard/").content

    assert b"Product pages of the autumn collection" in mine
    assert b"Bob" not in mine
    assert b"autumn" not in bens
    assert sum(chart(ben.get("/dashboard/"))["completed"]) == 0


def test_the_chart_has_a_day_by_the_hour_and_a_month_by_the_day(ada, alice):
    making.make_full(alice)

    day, month = chart(ada.get("/dashboard/")), chart(ada.get("/dashboard/?span=month"))

    assert (len(day["times"]), len(month["times"])) == (24, 30)
    assert {later - earlier for earlier, later in zip(day["times"], day["times"][1:], strict=False)} == {3_600}
    assert sum(day["completed"]) < sum(month["completed"])


def test_pages_are_counted_in_the_hour_they_end_in(alice):
    job = making.make_job(alice, waiting=9)
    DailyUsage.objects.add(job, completed=2, failed=1)
    DailyUsage.objects.add(job, completed=3)

    hours = list(hourly(alice, hours=24))

    assert [counts for _, *counts in hours[-1:]] == [[5, 1]]
    assert {(completed, failed) for _, completed, failed in hours[:-1]} == {(0, 0)}
    assert DailyUsage.objects.count() == 1


def test_a_months_usage_is_the_sum_of_its_hours(ada, alice):
    making.make_usage(alice)

    month = chart(ada.get("/dashboard/?span=month")) if making.make_job(alice, completed=1) else None

    assert sum(month["completed"]) == sum(DailyUsage.objects.values_list("completed_urls", flat=True))


@pytest.mark.parametrize(
    ("path", "queries"), [("/dashboard/", 8), ("/dashboard/?span=month", 8), ("/dashboard/now/", 7)]
)
def test_it_takes_few_queries(ada, alice, django_assert_num_queries, path, queries):
    making.make_full(alice)

    with django_assert_num_queries(queries):
        ada.get(path)


def test_no_worker_is_an_alarm(ada, alice):
    making.make_job(alice, waiting=1, ago=timedelta(minutes=1))

    assert b"No worker is running" in ada.get("/dashboard/").content
