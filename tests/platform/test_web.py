"""The web process: what it keeps of the requests that it has answered."""

from concurrent.futures import ThreadPoolExecutor

from tests.soak.gauges import descriptors

REQUESTS, AT_ONCE, ROUNDS = 24, 6, 3
FEW = 12


def test_requests_that_were_answered_leave_no_connection_open(platform, alice):
    (web,) = platform.pids("web")
    before = descriptors(web)

    for _ in range(ROUNDS):
        with ThreadPoolExecutor(AT_ONCE) as clients:
            list(clients.map(lambda _: alice.ask("GET", "/v1/jobs"), range(REQUESTS)))

    assert descriptors(web) <= before + FEW
