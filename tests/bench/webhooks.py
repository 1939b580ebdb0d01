"""How long a healthy endpoint waits for its events, while another one hangs that has as many, against having none.

Events are stored by scrpy's own code, in one transaction, and sent by the platform's sender. The two sides take turns.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.figures import Size, report
from tests.platform.running import Platform, running_platform
from tests.until import until
from tests.webhooks.receiver import Receiver

RECORD = """
from jobs.models import Account
from jobs.webhooks.asked import Endpoint
from jobs.webhooks.events import new_event, record
account, endpoint = Account.objects.get(name="{account}"), Endpoint("{url}")
events = [new_event(account.pk, "job.completed", endpoint, dict(number=n), sealed_headers=None) for n in range({count})]
record(events, endpoint)
"""
FORGET = "UPDATE jobs_delivery SET status = 'given_up', next_attempt_at = NULL, lease_expires_at = NULL, token = NULL"
ALL_WITHIN_S = 600.0


def run(size: Size) -> None:
    with receiver() as healthy, receiver() as silent, running_platform(allow=[healthy.pair, silent.pair]) as platform:
        for name in ("healthy", "silent"):
            platform.open_account(name)
        silent.stays_silent()
        turns = [
            (turn(platform, healthy, size.pages), turn(platform, healthy, size.pages, beside=silent))
            for _ in range(size.turns + 1)
        ][1:]  # the first warms both up
    report(
        f"webhooks, {size.turns} turns of {size.pages} events",
        {
            "healthy endpoint alone, events/s": [size.pages / alone for alone, _ in turns],
            "beside one that hangs, events/s": [size.pages / beside for _, beside in turns],
            "time beside / time alone": [beside / alone for alone, beside in turns],
        },
    )


@contextmanager
def receiver() -> Iterator[Receiver]:
    started = Receiver()
    try:
        yield started
    finally:
        started.stop()


def turn(platform: Platform, healthy: Receiver, count: int, *, beside: Receiver | None = None) -> float:
    """Seconds until the healthy endpoint has all of its events; those of the other are forgotten then."""
    healthy.received.clear()
    if beside:
        record(platform, "silent", beside.url, count)
        until(lambda: beside.received, what="the endpoint that hangs is being asked")
    record(platform, "healthy", healthy.url, count)
    began = time.monotonic()
    until(lambda: len(healthy.received) >= count, what="all events", within_s=ALL_WITHIN_S)
    took_s = time.monotonic() - began
    platform.rows.change(FORGET)
    if beside:
        beside.received.clear()
    return took_s


def record(platform: Platform, account: str, url: str, count: int) -> None:
    platform.manage("shell", "-c", RECORD.format(account=account, url=url, count=count))
