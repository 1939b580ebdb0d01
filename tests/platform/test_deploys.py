"""Workers that are replaced while they work, as a deployment does: nothing lost, no attempt spent, nothing left."""

import signal
import subprocess
import sys

import pytest
import redis

from tests.platform.running import MANAGE
from tests.platform.stopping import stopped
from tests.until import until

STOPS_WITHIN_S = 30


class Worker:
    """A worker process beside those of `up`, as on another machine."""

    def __init__(self, platform, folder):
        folder.mkdir()
        self._rows = platform.rows
        self.temporary = folder
        with (folder.with_suffix(".log")).open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, MANAGE, "worker"],
                env={**platform.env, "TMPDIR": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def in_hand(self):
        """How many pages it renders just now."""
        return self._rows.one(
            "SELECT COUNT(*) FROM jobs_page page JOIN jobs_worker worker ON worker.id = page.worker"
            " WHERE worker.pid = %s AND page.status = 'running'",
            self.process.pid,
        )

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPS_WITHIN_S)


@pytest.fixture
def make_worker(platform, tmp_path):
    made = []

    def make():
        made.append(Worker(platform, tmp_path / str(len(made))))
        return made[-1]

    yield make
    for worker in made:
        worker.process.kill()
        worker.process.wait()


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_workers_replaced_under_load_lose_nothing_and_spend_no_attempt(platform, alice, site, make_worker, times):
    old, jobs = make_worker(), []
    for _ in range(times):
        urls = [site.url(f"/slow/{n}?ms=150") for n in range(1_000)]
        jobs.append(alice.post(urls, options={"retries": 0, "hostConcurrency": 64})["id"])
        new = make_worker()
        for worker in (old, new):
            until(lambda one=worker: one.in_hand() > 1, what="both are in the middle of something", within_s=90)

        assert old.stop() == 0

        assert list(old.temporary.iterdir()) == []
        assert not platform.rows.ask("SELECT id FROM jobs_worker WHERE pid = %s", old.process.pid)
        old = new
    assert old.stop() == 0
    completed = sum(ended_now(alice, public_id)["completedUrls"] for public_id in jobs)

    pages = [page for public_id in jobs for page in platform.rows.pages(public_id) if page["status"] != "cancelled"]
    assert {(page["attempts"], page["error_code"], page["error_message"]) for page in pages} == {(1, None, None)}
    assert completed == len(pages) > 20 * times


def ended_now(client, public_id):
    """The job, cancelled unless it has ended already."""
    client.cancel(public_id)
    return client.job(public_id, "?results=false")


def test_all_of_scrpy_replaced_under_load_goes_on_where_it_was(platform, alice, site):
    site.hold("/cached.js")
    made = alice.post([site.url("/cached-script")] * 8, options={"retries": 0})
    site.wait_for_hit("/cached.js")

    platform.stop()
    site.release()
    platform.start()

    job = alice.wait(made["id"])
    assert job["status"] == "completed"
    assert {result["metadata"]["attempts"] for result in job["results"]} == {1}


def test_messages_carry_ids_alone(platform, alice, site):
    """Whatever an old worker is told by a new one, it can look up."""
    with stopped(platform, "worker"):
        made = alice.post([site.url("/static/secret-path")], {"secretField": "h1"}, name="secret name")
        until(lambda: platform.rows.pages(made["id"])[0]["token"], what="a claim")
        with redis.Redis.from_url((platform.home / "valkey.url").read_text()) as queue:
            (message,) = until(lambda: queue.hvals("scrpy:pages.msgs"), what="a message")

    assert b"secret" not in message
    assert alice.wait(made["id"])["status"] == "completed"
