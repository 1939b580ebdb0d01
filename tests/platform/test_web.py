"""The web process: what it keeps of the requests that it has answered."""

from concurrent.futures import ThreadPoolExecutor

from tests.soak.gauges import descriptors

REQUESTS, AT_ONCE, ROUNDS = 24, 6, 3
FEW = 12


def test_requests_are_counted_in_the_embedded_queue(platform):
    carol = platform.open_account("counted")

    told = [carol.ask("GET", "/v1/jobs").headers for _ in range(3)]

    assert [int(headers["ratelimit-remaining"]) for headers in told] == [2_999, 2_998, 2_997]
    assert {headers["ratelimit-limit"] for headers in told} == {"3000"}


def test_requests_that_were_answered_leave_no_connection_open(platform, alice):
    (web,) = platform.pids("web")
    ask_many(alice)  # each thread of the server keeps a connection to the database
    before = descriptors(web)

    for _ in range(ROUNDS):
        ask_many(alice)

    assert descriptors(web) <= before + FEW


def ask_many(client):
    with ThreadPoolExecutor(AT_ONCE) as clients:
        list(clients.map(lambda _: client.ask("GET", "/v1/jobs"), range(REQUESTS)))
