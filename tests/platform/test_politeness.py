"""Hosts are asked gently by all jobs together, and nobody waits for a host that is not theirs."""

from datetime import datetime, timedelta

import pytest

from tests.until import until


def times(platform, job, column):
    """Of a job's pages, in the order of their URLs, by the database's clock."""
    return [datetime.fromisoformat(str(page[column])) for page in platform.rows.pages(job["id"])]


def test_a_host_that_asks_for_a_pause_gets_it_from_every_job_and_other_hosts_go_on(platform, alice, bob, site):
    first = alice.wait(alice.post([site.url("/status/429?retry-after=4")], options={"retries": 0})["id"])

    later = bob.post([site.url("/static/1")])
    elsewhere = bob.wait(bob.post([site.other_url("/static/2")])["id"])
    waiting = bob.job(later["id"])["status"]
    ended = bob.wait(later["id"])

    assert (elsewhere["status"], waiting, ended["status"]) == ("completed", "pending", "completed")
    (refused,), (began,) = times(platform, first, "started_at"), times(platform, later, "started_at")
    assert began - refused >= timedelta(seconds=4)


def test_what_robots_txt_disallows_is_not_visited_where_that_is_heeded(alice, site):
    site.robots = "User-agent: *\nDisallow: /spa/"
    urls = [site.url("/static/1"), site.url("/spa/1"), site.url("/static/2"), site.url("/spa/2")]

    results = alice.scrape(urls, options={"respectRobots": True, "retries": 0})

    assert [(result["data"] or {}).get("title") for result in results] == ["Product 1", None, "Product 2", None]
    assert [result["error"]["code"] for result in results if "error" in result] == ["robots_disallowed"] * 2
    assert [site.count(path) for path in ("/robots.txt", "/spa/1", "/spa/2")] == [1, 0, 0]
    assert site.hits[0].path == "/robots.txt"


def test_without_respect_robots_nobody_asks_for_it(alice, site):
    site.robots = "User-agent: *\nDisallow: /"

    assert alice.scrape([site.url("/static/1")])[0]["data"] == {"title": "Product 1"}
    assert site.count("/robots.txt") == 0


def test_while_robots_txt_cannot_be_read_pages_wait_for_it(alice, site):
    site.robots = 500
    made = alice.post([site.url("/static/1")], options={"respectRobots": True, "retries": 5})
    site.wait_for_hit("/robots.txt")
    site.robots = 404

    job = alice.wait(made["id"])

    assert job["status"] == "completed"
    assert job["results"][0]["metadata"]["attempts"] >= 2


@pytest.mark.parametrize("path", ["/silent", "/status/429?retry-after=600"])
def test_a_job_ends_at_its_deadline_whatever_its_site_does(platform, alice, site, path):
    urls = [site.other_url("/static/1"), site.url(path), site.url("/static/2")]
    made = alice.post(urls, options={"deadline": 3_000, "retries": 10, "hostConcurrency": 1})

    job = alice.wait(made["id"])

    assert (job["status"], job["completedUrls"], job["failedUrls"]) == ("partial", 1, 2)
    assert job["results"][1]["error"] == {
        "code": "deadline_exceeded",
        "message": "The job's deadline passed before the page was done.",
        "retryable": False,
    }
    until(lambda: platform.rows.one("SELECT COUNT(*) FROM jobs_page WHERE token IS NOT NULL") == 0, what="free lanes")
    platform.rows.forget_hosts()
    assert alice.scrape([site.url("/static/2")])[0]["data"] == {"title": "Product 2"}
