"""What a job costs: one credit per completed URL, reserved at the beginning, never more than there is."""

import pytest

from tests.until import until


@pytest.fixture
def make_client(platform):
    """`make_client(balance)`: the name of a new account with so many credits, and its client."""

    def make(balance):
        name = f"account-{platform.rows.one('SELECT COUNT(*) FROM jobs_account')}"
        return name, platform.open_account(name, "--credits", str(balance))

    return make


@pytest.fixture
def balance(platform):
    return lambda name: platform.rows.one("SELECT credits FROM jobs_account WHERE name = %s", name)


def test_a_job_that_the_balance_does_not_hold_is_refused_whole(platform, make_client, balance, site):
    name, carol = make_client(2)

    answer = carol.ask("POST", "/v1/jobs", {"urls": [site.url("/static/1")] * 3, "selectors": {"title": "h1"}})

    assert (answer.status, answer.code) == (402, "insufficient_credits")
    assert balance(name) == 2
    assert carol.ask("GET", "/v1/jobs").body["total"] == 0
    assert site.hits == []


def test_a_credit_is_reserved_for_each_url_and_given_back_for_those_that_fail(make_client, balance, site):
    name, carol = make_client(5)
    site.hold("/static/1")
    made = carol.post([site.url("/static/1"), site.url("/static/2"), site.url("/status/404")])
    site.wait_for_hit("/static/1")
    while_it_runs = carol.ask("POST", "/v1/jobs", {"urls": [site.url("/static/3")] * 4, "selectors": {"t": "h1"}})

    site.release()
    job = carol.wait(made["id"])

    assert while_it_runs.status == 402
    assert (job["status"], job["creditsUsed"], balance(name)) == ("partial", 2, 3)


def test_a_cancelled_job_costs_what_had_completed(platform, make_client, balance, site):
    name, carol = make_client(10)
    site.hold("/slow")
    made = carol.post([site.url("/static/1"), *[site.url(f"/slow?n={n}") for n in range(9)]])
    until(lambda: carol.job(made["id"])["completedUrls"], what="the first page")

    job = carol.cancel(made["id"]).body["job"]

    assert (job["completedUrls"], job["cancelledUrls"], job["creditsUsed"], balance(name)) == (1, 9, 1, 9)


def test_with_a_test_key_pages_are_visited_and_cost_nothing(platform, make_client, balance, site):
    name, _ = make_client(1)
    trial = platform.client(name, "--test")

    job = trial.wait(trial.post([site.url(f"/static/{n}") for n in (1, 2, 3)])["id"])
    single = trial.ask("POST", "/v1/scrape", {"url": site.url("/static/4"), "selectors": {"title": "h1"}})
    tried = trial.ask("POST", "/v1/preview", {"url": site.url("/static/5"), "selectors": {"title": "h1"}})

    assert (job["status"], job["test"], job["creditsUsed"], balance(name)) == ("completed", True, 0, 1)
    assert [one.body["job"]["test"] for one in (single, tried)] == [True, True]
    assert all(one.body["result"]["data"]["title"] for one in (single, tried))
    assert {f"/static/{n}" for n in (1, 2, 3, 4, 5)} <= {hit.path for hit in site.hits}
