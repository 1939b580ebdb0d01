"""Redis or the database gone for a while: nothing hangs, nothing is lost, and all goes on by itself."""

from tests.platform.stopping import stopped
from tests.until import until

LENGTHEN = (
    "from datetime import timedelta; from django.db.models import F; from jobs.models import Page; "
    "Page.objects.filter(status='queued').update(lease_expires_at=F('lease_expires_at') + timedelta(hours=1))"
)
"""So that leases that run out save nobody."""


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
