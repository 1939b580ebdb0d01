"""A process that dies, stops or fails at a border: afterwards everything adds up, and is done.

A process of its own, the victim, is started beside those of the platform, which stand still until it has met its fate.
"""

import json
import os
import signal
import subprocess
import sys
from http.client import HTTPException
from pathlib import Path

import pytest

from jobs.failpoints import PLACES
from scrpy.supervisor.family import uvicorn
from tests.platform.client import Client
from tests.platform.running import MANAGE
from tests.platform.stopping import stopped
from tests.ports import free_port
from tests.until import until

RULES = {"title": "h1"}
OF_WORKER = ("claimed", "lane_open", "navigated", "extracted", "before_finish", "finish_sent", "before_event_commit")
OF_SENDER = ("event_claimed", "hook_answered")
EXPIRED = "'2000-01-01 00:00:00'"


def some_slow(places, *, but):
    """All of them as parameters, those slow that are not among `but`."""
    return [place if place in but else pytest.param(place, marks=pytest.mark.slow) for place in places]


@pytest.fixture
def start(platform, tmp_path):
    """`start(fate, "worker")`: that command beside the platform's own; it is gone afterwards."""
    started = []

    def run(fate, *command):
        env = {**platform.env, "FAILPOINT": fate, "TMPDIR": str(tmp_path)}
        env["REDIS_URL"] = (platform.home / "valkey.url").read_text()
        with (tmp_path / f"{command[0]}.out").open("wb") as output:
            victim = subprocess.Popen(
                [sys.executable, *(command if command[0].startswith("-") else [MANAGE, *command])],
                env=env,
                cwd=MANAGE.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        started.append(victim)
        return victim

    yield run
    for victim in started:
        victim.kill()
        victim.wait()


@pytest.fixture
def web_victim(platform, start):
    """`web_victim(fate)`: a web process of that fate, and a client of alice's to it."""

    def run(fate):
        port = free_port()
        process = start(fate, *uvicorn("scrpy.asgi:application", "127.0.0.1", port)[1:])
        client = Client(port, platform.client("alice").key)
        until(lambda: answers(client), what="the victim's first answer")
        return process, client

    return run


def answers(client):
    try:
        return client.ask("GET", "/v1/jobs").status == 200
    except (OSError, HTTPException):
        return False


def dead(victim):
    return victim.poll() == -signal.SIGKILL


def halted(victim):
    return Path(f"/proc/{victim.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def lease_over(platform):
    """As if the time of every lease were over, and every delivery's bell unheard for long. Gives None."""
    for table in ("jobs_page", "jobs_delivery"):
        platform.rows.change(f"UPDATE {table} SET lease_expires_at = {EXPIRED} WHERE lease_expires_at IS NOT NULL")


def delivered(platform, job):
    return platform.rows.ask(
        "SELECT delivery.id FROM jobs_delivery delivery JOIN jobs_webhookevent event ON event.id = delivery.event_id"
        " JOIN jobs_job job ON job.id = event.job_id WHERE job.public_id = %s AND delivery.status = 'delivered'",
        job["id"],
    )


def until_done(platform, alice, job):
    """The job's results, when it has ended and its endpoint was told."""
    ended = alice.wait(job["id"])
    until(lambda: delivered(platform, job), what="the delivery")
    assert platform.rows.offences() == {}
    return [result["data"] for result in ended["results"]]


def test_every_place_is_tried():
    tried = {*OF_WORKER, *OF_SENDER, "job_committed", "before_ring", "before_ack", "sweep_selected", "cancel_pages"}

    assert tried | {"term_received", "lease_released"} == set(PLACES)


@pytest.mark.parametrize("place", some_slow([*OF_WORKER, "before_ack"], but={"extracted", "finish_sent"}))
def test_a_worker_that_dies_there_loses_nothing_and_charges_once(platform, alice, site, hooks, start, place):
    with stopped(platform, "worker"):
        victim = start(f"{place}:kill", "worker")
        job = alice.post([site.url("/static/1")], RULES, options={"retries": 1}, webhook=hooks.url)
        until(lambda: dead(victim), what="the victim's death", within_s=60)
    lease_over(platform)

    assert until_done(platform, alice, job) == [{"title": "Product 1"}]


@pytest.mark.slow
@pytest.mark.parametrize("place", OF_WORKER)
def test_a_worker_that_fails_there_loses_nothing_and_charges_once(platform, alice, site, hooks, start, place):
    with stopped(platform, "worker"):
        start(f"{place}:raise", "worker")
        job = alice.post([site.url("/static/1")], RULES, options={"retries": 4}, webhook=hooks.url)
        site_or_log = platform.rows
        until(lambda: site_or_log.pages(job["id"])[0]["status"] != "pending", what="the victim's start", within_s=60)
    until(lambda: alice.job(job["id"])["completedAt"] or lease_over(platform), what="the end", within_s=90, every_s=2)

    assert until_done(platform, alice, job) == [{"title": "Product 1"}]


@pytest.mark.parametrize("place", some_slow(["before_finish", "extracted"], but={"before_finish"}))
def test_a_worker_that_wakes_after_its_lease_can_do_nothing_more(platform, alice, site, hooks, start, place):
    with stopped(platform, "worker"):
        victim = start(f"{place}:stop", "worker")
        job = alice.post([site.url("/static/1")], RULES, options={"retries": 1}, webhook=hooks.url)
        until(lambda: halted(victim), what="the victim's stop", within_s=60)
    lease_over(platform)
    data = until_done(platform, alice, job)
    ended = platform.rows.pages(job["id"])

    os.kill(victim.pid, signal.SIGCONT)
    victim.terminate()
    victim.wait(30)

    assert (data, platform.rows.pages(job["id"])) == ([{"title": "Product 1"}], ended)


@pytest.mark.parametrize(
    ("place", "attempts"), [("term_received", 2), pytest.param("lease_released", 1, marks=pytest.mark.slow)]
)
def test_a_worker_that_dies_while_it_is_being_ended_loses_nothing(platform, alice, site, hooks, start, place, attempts):
    site.hold("/cached.js")
    with stopped(platform, "worker"):
        victim = start(f"{place}:kill", "worker")
        job = alice.post([site.url("/cached-script")], RULES, options={"retries": 1}, webhook=hooks.url)
        site.wait_for_hit("/cached.js")
        victim.terminate()
        until(lambda: dead(victim), what="the victim's death")
    site.release()
    lease_over(platform)

    assert until_done(platform, alice, job) == [{"title": "Cached"}]
    assert platform.rows.pages(job["id"])[0]["attempts"] == attempts


@pytest.mark.parametrize("place", some_slow(["job_committed", "before_ring"], but={"job_committed"}))
def test_a_job_whose_web_process_dies_there_is_done_all_the_same(platform, alice, site, web_victim, place):
    victim, client = web_victim(f"{place}:kill")
    url = site.url(f"/static/{place}")

    with pytest.raises((OSError, HTTPException)):
        client.post([url], RULES)
    until(lambda: dead(victim), what="the victim's death")
    lease_over(platform)
    (made,) = platform.rows.ask(
        "SELECT public_id FROM jobs_job job JOIN jobs_page page ON page.job_id = job.id WHERE page.url = %s", url
    )

    assert alice.wait(made["public_id"])["status"] == "completed"


def test_a_cancel_whose_web_process_dies_half_way_has_not_happened(platform, alice, site, web_victim):
    site.hold("/static/held")
    job = alice.post([site.url("/static/held")], RULES)
    victim, client = web_victim("cancel_pages:kill")

    with pytest.raises((OSError, HTTPException)):
        client.cancel(job["id"])
    until(lambda: dead(victim), what="the victim's death")

    assert alice.job(job["id"])["cancelledUrls"] == 0
    assert alice.cancel(job["id"]).body["job"]["status"] == "cancelled"


@pytest.mark.parametrize("place", some_slow(OF_SENDER, but={"hook_answered"}))
def test_an_event_whose_sender_dies_there_is_delivered_with_the_same_bytes(platform, alice, site, hooks, start, place):
    hooks.received.clear()
    with stopped(platform, "webhooks"):
        victim = start(f"{place}:kill", "webhooks")
        job = alice.post([site.url("/static/1")], RULES, webhook=hooks.url)
        until(lambda: dead(victim), what="the victim's death", within_s=60)
    lease_over(platform)

    until_done(platform, alice, job)
    told = {(json.loads(each.body)["event"], each.body) for each in hooks.received if job["id"].encode() in each.body}
    assert sorted(kind for kind, _ in told) == ["job.completed", "scrape.completed"]


def test_pages_whose_sweeper_dies_are_swept_by_another(platform, alice, site, start):
    site.hold("/static/held")
    job = alice.post([site.url("/static/held")], RULES, options={"retries": 1})
    site.wait_for_hit("/static/held")
    with stopped(platform, "clock"):
        victim = start("sweep_selected:kill", "clock")
        until(lambda: dead(victim) or lease_over(platform), what="the victim's death", within_s=60, every_s=0.5)
    site.release()

    assert alice.wait(job["id"])["status"] == "completed"
