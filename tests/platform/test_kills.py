"""Processes that die in the middle of a page, or of a job."""

import os
import signal

import pytest

from tests.site.pages import product
from tests.until import until


@pytest.fixture
def rendering(alice, site):
    """`rendering(retries=N)`: a job of one page whose tab is waiting for a script that the site holds back."""

    def start(**options):
        site.hold("/cached.js")
        made = alice.post([site.url("/cached-script")], options=options)
        site.wait_for_hit("/cached.js")
        return made

    return start


@pytest.mark.parametrize("victim", ["renderer", "chromium", "driver", "worker"])
def test_a_page_is_rendered_again_when_what_renders_it_dies(platform, alice, site, rendering, victim):
    made = rendering(retries=1)

    platform.kill_all(victim)
    site.release()
    (result,) = alice.wait(made["id"])["results"]

    assert (result["data"], result["metadata"]["attempts"]) == ({"title": "Cached"}, 2)


@pytest.mark.parametrize(("victim", "code"), [("renderer", "browser_crashed"), ("worker", "worker_lost")])
def test_a_page_without_another_attempt_says_what_died(platform, alice, site, rendering, victim, code):
    made = rendering(retries=0)

    platform.kill_all(victim)
    (result,) = alice.wait(made["id"])["results"]

    assert (result["error"]["code"], result["data"]) == (code, None)


def test_a_worker_that_is_stopped_in_the_ordinary_way_spends_no_attempt(platform, alice, site, rendering):
    made = rendering(retries=0)
    (worker,) = platform.pids("worker")

    os.kill(worker, signal.SIGTERM)
    until(lambda: worker not in platform.pids("worker"), what="the worker's end")
    site.release()
    (result,) = alice.wait(made["id"])["results"]

    assert (result["data"], result["metadata"]["attempts"]) == ({"title": "Cached"}, 1)


def test_a_job_survives_two_killed_workers_and_a_killed_browser(platform, alice, site):
    numbers = range(150)
    made = alice.post([site.url(f"/spa/{number}?ms=50") for number in numbers], options={"retries": 3})

    for victim, done in (("worker", 20), ("chromium", 60), ("worker", 90)):
        until(lambda n=done: alice.job(made["id"])["completedUrls"] >= n, what=f"{done} pages", within_s=60)
        platform.kill(victim)
    job = alice.wait(made["id"])

    assert (job["status"], job["completedUrls"], job["creditsUsed"]) == ("completed", 150, 150)
    assert [result["data"]["title"] for result in job["results"]] == [product(str(n))["title"] for n in numbers]
    assert max(result["metadata"]["attempts"] for result in job["results"]) <= 4


@pytest.mark.slow
def test_a_page_that_kills_its_worker_every_time_fails_and_the_others_go_on(platform, alice, bob, site):
    site.hold("/cached.js")
    poison = alice.post([site.url("/cached-script")], options={"retries": 2})
    others = bob.post([site.url(f"/static/{number}") for number in range(40)], options={"retries": 2})

    for time in (1, 2, 3):
        until(lambda n=time: site.count("/cached.js") >= n, what=f"visit {time}", within_s=60)
        platform.kill("worker")
    (result,) = alice.wait(poison["id"])["results"]

    assert (result["error"]["code"], result["metadata"]["attempts"]) == ("worker_lost", 3)
    assert bob.wait(others["id"])["completedUrls"] == 40
    assert site.count("/cached.js") == 3
