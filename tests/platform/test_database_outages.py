"""PostgreSQL silent, gone, or cutting its connections: 503 at once, nothing half-made, and all goes on by itself."""

import threading
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psycopg
import pytest

from tests.environment import ON_POSTGRES
from tests.platform.running import running_platform
from tests.postgres import running_postgres
from tests.until import until

pytestmark = pytest.mark.skipif(not ON_POSTGRES, reason="once is enough: it brings a PostgreSQL of its own")
SELECTORS = {"title": "h1"}
JOBS, CUT_EVERY_S = 25, 0.5
UNAVAILABLE, CREATED = HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CREATED


@pytest.fixture(scope="module")
def postgres():
    """One of its own: no other test may be hit."""
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture(scope="module")
def platform(web, hooks, postgres):
    with running_platform(allow=[web.pair], database_server=postgres.url) as platform:
        yield platform


@pytest.fixture(scope="module")
def alice(platform):
    return platform.open_account("alice", "--credits", "100000")


def ask_all(client, made):
    """A request of each kind, all at once; their answers."""
    requests = [
        ("POST", "/v1/jobs", {"urls": ["https://store.com/"], "selectors": SELECTORS}),
        ("GET", "/v1/jobs"),
        ("GET", f"/v1/jobs/{made['id']}"),
        ("GET", f"/v1/jobs/{made['id']}?wait=60"),
        ("DELETE", f"/v1/jobs/{made['id']}"),
        ("POST", f"/v1/jobs/{made['id']}/reextract", {"selectors": SELECTORS}),
        ("POST", "/v1/scrape", {"url": "https://store.com/", "selectors": SELECTORS}),
    ]
    with ThreadPoolExecutor(3 * len(requests)) as threads:
        return list(threads.map(lambda request: client.ask(*request), 3 * requests))


def under_way(client, site):
    """A job of many pages, of which some are done."""
    made = client.post([site.url(f"/slow/{n}?ms=100") for n in range(60)], options={"retries": 5})
    until(lambda: client.job(made["id"], "?results=false")["completedUrls"], what="the first page")
    return made


@pytest.mark.parametrize("outage", ["silent", "away"])
def test_while_the_database_is_away_all_is_refused_at_once_and_afterwards_all_goes_on(
    platform, postgres, alice, site, outage
):
    made = under_way(alice, site)

    with getattr(postgres, outage)():
        answers = ask_all(alice, made)

    assert {(answer.status, answer.code) for answer in answers} == {(UNAVAILABLE, "service_unavailable")}
    until(lambda: alice.ask("GET", "/v1/jobs").status == HTTPStatus.OK, what="the web answers again")
    job = alice.wait(made["id"])
    assert (job["status"], job["creditsUsed"]) == ("completed", 60)
    until(lambda: alice.scrape([site.url("/static/after")]), what="another job")


@pytest.mark.parametrize("outage", ["silent", "away"])
def test_while_the_database_is_away_people_are_shown_a_page_that_says_so(platform, postgres, outage):
    logged_in = Request(f"http://127.0.0.1:{platform.port}/admin/", headers={"Cookie": f"sessionid={'s' * 32}"})

    with getattr(postgres, outage)(), pytest.raises(HTTPError) as refused:
        urlopen(logged_in, timeout=60)

    with refused.value as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (UNAVAILABLE, "text/html; charset=utf-8")
        assert "The database is away or busy" in answer.read().decode()
    until(lambda: urlopen(logged_in, timeout=60).status == HTTPStatus.OK, what="the login is shown again")


@pytest.mark.slow
def test_connections_that_are_cut_at_any_moment_leave_nothing_half_made_and_nothing_twice(
    platform, postgres, alice, site
):
    over, cut = threading.Event(), []

    def cut_again_and_again():
        while not over.wait(CUT_EVERY_S):
            cut.append(postgres.cut_connections(platform.rows.url))

    def post_until_it_is_taken(number):
        body = {"urls": [site.url(f"/static/{number}-{n}") for n in range(5)], "selectors": SELECTORS}
        answers = []
        while not answers or answers[-1].status != CREATED:
            answers.append(alice.ask("POST", "/v1/jobs", body, **{"Idempotency-Key": f"job {number}"}))
            assert answers[-1].status in (CREATED, UNAVAILABLE), answers[-1]
        return answers[-1].body["job"]["id"]

    before = platform.rows.one("SELECT COUNT(*) FROM jobs_job")
    with ThreadPoolExecutor(7) as threads:
        cutting = threads.submit(cut_again_and_again)
        made = list(threads.map(post_until_it_is_taken, range(JOBS)))
        over.set()
        cutting.result()

    jobs = [alice.wait(public_id) for public_id in made]
    assert {job["status"] for job in jobs} == {"completed"}
    assert platform.rows.one("SELECT COUNT(*) FROM jobs_job") - before == len(set(made)) == JOBS
    assert sum(cut) > len(cut) > 1


def test_who_finds_all_connections_out_is_refused_and_later_served(platform, postgres, alice, site):
    """A table that is locked keeps each request, and with it a connection, until it gives up.

    There are 40 connections: were none of so many refused one, the last would be served after four times the patience.
    """
    with psycopg.connect(platform.rows.url) as other:
        other.execute("LOCK TABLE jobs_job")
        with ThreadPoolExecutor(200) as threads:
            answers = list(threads.map(lambda _: alice.ask("GET", "/v1/jobs"), range(200)))

    assert {(answer.status, answer.code) for answer in answers} == {(UNAVAILABLE, "service_unavailable")}
    assert "couldn't get a connection" in (platform.home / "logs" / "web.log").read_text()
    until(lambda: alice.ask("GET", "/v1/jobs").status == HTTPStatus.OK, what="the web answers again")
