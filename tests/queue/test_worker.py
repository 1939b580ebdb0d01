"""What a worker has in hand, how it keeps it, and how it stops; everything but the browser."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db.models import F

from jobs.models import Page
from jobs.queue.bell import ring
from jobs.queue.clock import database_now
from jobs.queue.dispatch import dispatch
from jobs.recording import cancel_job
from jobs.worker import heartbeat
from jobs.worker.attempts import foreseen
from jobs.worker.claims import Aborted, Claims
from jobs.worker.heartbeat import Heartbeat
from scrpy import broker
from tests.queue.making import DUE, expire_leases, start_all
from tests.until import until


@pytest.fixture
def loop():
    """An event loop in a thread of its own, as a worker has one."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    asyncio.run_coroutine_threadsafe(end_all_tasks(), loop).result(timeout=10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(timeout=10)
    loop.close()


async def end_all_tasks():
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def claims(loop):
    return Claims(loop)


class Endless:
    """A coroutine that ends only when it is cancelled, and says when it began and cleaned up."""

    def __init__(self):
        self.began, self.cleaned_up = threading.Event(), threading.Event()

    async def run(self):
        try:
            self.began.set()
            await asyncio.Event().wait()
        finally:
            self.cleaned_up.set()


async def give(value):
    return value


async def break_down():
    raise LookupError("broken")


def abort_once_begun(endless, abort):
    thread = threading.Thread(target=lambda: endless.began.wait(timeout=10) and abort())
    thread.start()
    return thread


def test_a_call_gives_what_its_coroutine_gives_or_raises(claims):
    with claims.hold(uuid4(), job_id=1) as claim:
        assert claim.call(give(7)) == 7
        with pytest.raises(LookupError, match="broken"):
            claim.call(break_down())


def test_an_aborted_call_has_cleaned_up_before_it_returns(claims):
    endless = Endless()
    with claims.hold(uuid4(), job_id=1) as claim:
        aborting = abort_once_begun(endless, claim.abort)

        with pytest.raises(Aborted):
            claim.call(endless.run())

        assert endless.cleaned_up.is_set()
    aborting.join()


def test_a_claim_that_was_aborted_begins_nothing_more(claims):
    endless = Endless()
    with claims.hold(uuid4(), job_id=1) as claim:
        claim.abort()

        with pytest.raises(Aborted):
            claim.call(endless.run())

    assert not endless.began.is_set()


def test_only_the_runs_of_the_cancelled_job_are_aborted(claims):
    endless = Endless()
    with claims.hold(uuid4(), job_id=1) as cancelled, claims.hold(uuid4(), job_id=2) as other:
        aborting = abort_once_begun(endless, lambda: claims.abort_job(1))

        with pytest.raises(Aborted):
            cancelled.call(endless.run())

        assert other.call(give("fine")) == "fine"
    aborting.join()


def test_a_run_is_held_once_however_often_its_message_comes(claims):
    token = uuid4()
    with claims.hold(token, job_id=1) as first, claims.hold(token, job_id=1) as second:
        assert first
        assert second is None
    with claims.hold(token, job_id=1) as later:
        assert later


def test_a_worker_that_stops_takes_nothing_more(claims):
    with claims.hold(uuid4(), job_id=1) as held:
        claims.abort_all()

        with pytest.raises(Aborted):
            held.call(give(1))
    with claims.hold(uuid4(), job_id=1) as late:
        assert late is None


def test_a_page_that_is_aborted_has_not_failed():
    with pytest.raises(Aborted), foreseen(Page(pk=1)):
        raise Aborted


def test_what_is_no_longer_in_hand_is_not_listed(claims):
    token = uuid4()

    with claims.hold(token, job_id=1):
        assert [claim.token for claim in claims.held()] == [token]

    assert claims.held() == []


# -- the heartbeat -------------------------------------------------------------------------------------


class Steady:
    """A condition in which nothing changes."""

    def look(self):
        return False

    def measure(self):
        return {"memory_bytes": 5}


@pytest.fixture
def make_heartbeat(claims, loop, monkeypatch):
    """One that beats many times a second."""
    made = []

    def make(worker, condition=None, **limits):
        for name, seconds in {"INTERVAL_S": 0.02, "STAMP_EVERY_S": 0.01, **limits}.items():
            monkeypatch.setattr(heartbeat, name, seconds)
        made.append(Heartbeat(worker=worker.pk, claims=claims, loop=loop, condition=condition or Steady()))
        made[0].start()
        return made[0]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def running(transactional_db, make_job, make_worker, queue):
    """A page in the hands of a worker whose row is `worker`."""
    make_worker(1)
    make_job(1)
    dispatch()
    return start_all()[0]


@pytest.fixture
def block(loop):
    """Block the event loop until the test is over."""
    over = threading.Event()
    yield lambda: loop.call_soon_threadsafe(over.wait, 60)
    over.set()


def lease_of(page):
    return Page.objects.get(pk=page.pk).lease_expires_at


@pytest.mark.django_db(transaction=True)
def test_the_heartbeat_renews_what_is_held_and_shows_that_the_worker_lives(
    running, claims, make_worker, make_heartbeat
):
    worker = make_worker(1)
    type(worker).objects.update(last_seen_at=F("started_at") - DUE)
    expire_leases()

    with claims.hold(running.token, job_id=running.job_id):
        make_heartbeat(worker)
        until(lambda: lease_of(running) > database_now(), what="a lease that was renewed")

    assert list(type(worker).objects.live()) == [worker]
    assert type(worker).objects.get(pk=worker.pk).memory_bytes == 5
    assert Page.objects.get(pk=running.pk).worker == worker.pk


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_wants_another_number_of_pages_says_so_at_once(make_worker, make_heartbeat):
    worker = make_worker(1)
    changes = iter([False, True])

    class Changing(Steady):
        def look(self):
            return next(changes, False)

    make_heartbeat(worker, Changing(), INTERVAL_S=3_600, LOOK_EVERY_S=0.01)

    until(lambda: type(worker).objects.get(pk=worker.pk).memory_bytes == 5, what="a row that was written")


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_job_was_cancelled_is_aborted_although_redis_told_nobody(
    running, claims, make_worker, make_heartbeat
):
    endless = Endless()
    with claims.hold(running.token, job_id=running.job_id) as claim:
        cancel_job(running.job)
        make_heartbeat(make_worker(1))

        with pytest.raises(Aborted):
            claim.call(endless.run())


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_loop_is_stuck_loses_its_leases(running, claims, make_worker, make_heartbeat, block, caplog):
    with claims.hold(running.token, job_id=running.job_id):
        make_heartbeat(make_worker(1), STUCK_AFTER_S=0.2)
        block()
        until(lambda: "its leases run out" in caplog.text, what="a heartbeat that noticed")
        expire_leases()
        seen = len(caplog.records)
        until(lambda: len(caplog.records) > seen + 3, what="some more beats")

        assert lease_of(running) < database_now()


@pytest.mark.django_db(transaction=True)
def test_a_process_whose_loop_is_stuck_for_good_ends_itself(make_worker, make_heartbeat, block, monkeypatch, caplog):
    killed = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append((pid, number)))

    make_heartbeat(make_worker(1), STUCK_AFTER_S=0.05, HOPELESS_AFTER_S=0.2)
    block()
    until(lambda: killed, what="a heartbeat that gave up")

    assert killed[0] == (os.getpid(), signal.SIGKILL)
    assert "ending this worker" in caplog.text


# -- stopping ------------------------------------------------------------------------------------------

SERVED = """
import sys, threading
import dramatiq
from django.conf import settings
settings.REDIS_URL = sys.argv[1]
import django
django.setup()
from scrpy import broker
broker.install()
from jobs.worker.serve import serve

stopping = threading.Event()

@dramatiq.actor(queue_name="pages")
def render_run(token):
    print("began", token, flush=True)
    stopping.wait(30)
    print("ended", token, flush=True)

def stop():
    print("stopping", flush=True)
    stopping.set()

serve(queue="pages", threads=2, on_ready=lambda: print("ready", flush=True), on_stop=stop)
print("over", flush=True)
"""


@pytest.fixture
def served(queue, valkey_url):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVED, valkey_url],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "scrpy.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def take(queue):
    """`take()`: the next message's argument, once there is one."""
    queue.declare_queue("pages")
    consumer = queue.consume("pages", prefetch=2)
    yield lambda: next(message.args[0] for message in consumer if message)
    consumer.close()


def test_a_message_is_heard_when_it_comes_although_redis_is_rarely_looked_at(take, monkeypatch):
    monkeypatch.setattr(broker, "LOOK_EVERY_S", 3_600)

    with ThreadPoolExecutor(1) as threads:
        for text in ("a", "b"):
            taken = threads.submit(take)
            assert ring("pages", "render_run", text)
            assert taken.result(timeout=30) == text


def test_a_message_that_no_call_told_of_is_found_at_the_next_look(take, queue, monkeypatch):
    monkeypatch.setattr(broker, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(broker, "calls_for", lambda queue_name: "elsewhere")

    with ThreadPoolExecutor(1) as threads:
        taken = threads.submit(take)
        assert ring("pages", "render_run", "a")
        assert taken.result(timeout=30) == "a"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_ends_what_it_has_in_hand(served, number):
    assert served.stdout.readline() == "ready\n"
    assert ring("pages", "render_run", "a")
    assert served.stdout.readline() == "began a\n"

    served.send_signal(number)

    assert served.stdout.read().splitlines() == ["stopping", "ended a", "over"]
    assert served.wait(timeout=30) == 0
