"""Redis or the database gone for a while: nothing hangs, nothing is lost, and all goes on by itself."""

import os
import signal
from contextlib import contextmanager

from tests.until import until

LENGTHEN = (
    "from datetime import timedelta; from django.db.models import F; from jobs.models import Page; "
    "Page.objects.filter(status='queued').update(lease_expires_at=F('lease_expires_at') + timedelta(hours=1))"
)
"""So that leases that run out save nobody."""


@contextmanager
def stopped(platform, kind):
    """Processes of this kind do nothing meanwhile, and hold no transaction open that others would wait for."""
    pids = platform.pids(kind)
    until(lambda: halt(platform, pids), what=f"{kind} processes between two transactions")
    try:
        yield
    finally:
        send(signal.SIGCONT, pids)


def halt(platform, pids):
    send(signal.SIGSTOP, pids)
    if platform.rows.busy():
        send(signal.SIGCONT, pids)
        return False
    return True


def send(number, pids):
    for pid in pids:
        os.kill(pid, number)


def test_pages_whose_messages_died_with_redis_are_rung_for_again(platform, alice, site):
    with stopped(platform, "worker"):
        made = alice.post([site.url(f"/static/{n}") for n in range(4)])
        until(lambda: all_queued(platform, made), what="all pages are claimed")
        platform.manage("shell", "--no-imports", "-c", LENGTHEN)
        killed = platform.kill("queue")
        until(lambda: platform.pids("queue") not in ([], [killed]), what="another queue")

    assert alice.wait(made["id"])["status"] == "completed"


def all_queued(platform, job):
    return {page["status"] for page in platform.rows.pages(job["id"])} == {"queued"}


def test_a_job_posted_while_redis_does_not_answer_is_taken_and_done_afterwards(platform, alice, site):
    with stopped(platform, "queue"):
        made = alice.post([site.url(f"/static/{n}") for n in range(4)])

    assert alice.wait(made["id"])["status"] == "completed"
