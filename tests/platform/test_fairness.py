"""A small job beside a large one of another account."""

import os

from tests.until import until


def test_three_urls_finish_beside_a_thousand_almost_as_if_they_were_alone(platform, alice, bob, site):
    large = alice.post([site.url(f"/slow/{n}?ms=100") for n in range(1_200)], options={"hostConcurrency": 100})
    until(lambda: alice.job(large["id"])["completedUrls"] >= 2 * platform.slots(), what="the large job is under way")

    small = bob.wait(bob.post([site.url(f"/slow/bob-{n}?ms=100") for n in range(3)])["id"])

    meanwhile = platform.rows.one(
        """SELECT COUNT(*) FROM jobs_page page, jobs_job large, jobs_job small
           WHERE large.public_id = %s AND small.public_id = %s AND page.job_id = large.id
             AND page.started_at BETWEEN small.created_at AND small.completed_at""",
        large["id"],
        small["id"],
    )
    after = alice.cancel(large["id"])
    assert small["status"] == "completed"
    assert (after.status, after.body["job"]["status"]) == (200, "cancelled")
    assert meanwhile <= 6 * platform.slots(), "whole runs of the large job went first: eight pages on every lane"


def test_browsers_give_way_to_everything_else(platform, alice, site):
    alice.scrape([site.url("/static/1")])

    niceness = {
        kind: {os.getpriority(os.PRIO_PROCESS, pid) for pid in platform.pids(kind)}
        for kind in ("web", "clock", "queue", "worker", "driver", "chromium")
    }

    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert [niceness[kind] for kind in ("web", "clock", "queue", "worker")] == [{own}] * 4
    assert niceness["driver"] == {own + 5}
    assert own + 5 in niceness["chromium"]  # which, as root, takes more for some of its own
