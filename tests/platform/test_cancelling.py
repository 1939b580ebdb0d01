"""DELETE under load: after its answer nothing more happens."""

from concurrent.futures import ThreadPoolExecutor
from urllib.request import urlopen

from tests.platform.client import Client
from tests.until import until


def under_load(client: Client, site, done: int):
    """A job of 200 pages, some done and as many as fit waiting for the site.

    Some of those may have come first: then the others have their turn when these have waited for half a minute.
    """
    made = client.post([site.url(f"/{'static' if n < done else 'slow'}/{n}") for n in range(200)])
    until(lambda: client.job(made["id"])["completedUrls"] == done, what=f"{done} pages done", within_s=120)
    until(lambda: len(requests_to(site, "/slow/")) >= 8, what="the tabs are full")
    return made


def requests_to(site, beginning):
    with site.changed:
        return [hit for hit in site.hits if hit.path.startswith(beginning)]


def hold_all(site):
    for number in range(200):
        site.hold(f"/slow/{number}")


def test_after_the_answer_no_page_starts_no_result_is_recorded_and_the_tabs_are_free(platform, alice, bob, site):
    hold_all(site)
    made = under_load(alice, site, done=12)

    answer = alice.cancel(made["id"])
    rows = platform.rows.pages(made["id"])
    asked_for = len(requests_to(site, "/slow/"))

    job = answer.body["job"]
    assert (answer.status, job["status"], job["completedUrls"], job["cancelledUrls"]) == (200, "cancelled", 12, 188)
    assert {row["status"] for row in rows} == {"completed", "cancelled"}
    # The site still holds the answers: that as many tabs as there are render bob's pages shows that none waits for one.
    assert bob.wait(bob.post([site.url(f"/static/{n}") for n in range(40)])["id"])["completedUrls"] == 40
    site.release()
    assert bob.wait(bob.post([site.url("/static/later")])["id"])["status"] == "completed"
    assert len(requests_to(site, "/slow/")) == asked_for
    assert platform.rows.pages(made["id"]) == rows
    assert alice.job(made["id"]) == job


def test_a_cancelled_job_is_answered_again_and_an_ended_one_refused(alice, site):
    site.hold("/static/held")
    made = alice.post([site.url("/static/held")])
    ended = alice.wait(alice.post([site.url("/static/1")])["id"])

    first, again = alice.cancel(made["id"]), alice.cancel(made["id"])
    refused = alice.cancel(ended["id"])

    assert (first.status, again.status) == (200, 200)
    assert first.body["job"] == again.body["job"]
    assert (refused.status, refused.code) == (409, "job_already_finished")
    assert alice.job(ended["id"]) == ended


def test_who_waits_for_a_job_hears_of_its_cancelling(platform, alice, site):
    site.hold("/static/held")
    made = alice.post([site.url("/static/held")])
    site.wait_for_hit("/static/held")

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(alice.job, made["id"], "?wait=60")
        until(lambda: "scrpy_waiters 1.0" in metrics(platform), what="somebody waits")
        alice.cancel(made["id"])

        assert waiting.result()["status"] == "cancelled"


def metrics(platform):
    with urlopen(f"http://127.0.0.1:{platform.port}/metrics") as answer:
        return answer.read().decode()
