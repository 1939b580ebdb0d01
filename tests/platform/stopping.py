"""Processes that are stopped for a while, as a machine does that has no time for them."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.platform.running import Platform
from tests.until import until


@contextmanager
def stopped(platform: Platform, kind: str) -> Iterator[None]:
    """Processes of this kind do nothing meanwhile, and hold no transaction open that others would wait for."""
    pids = platform.pids(kind)
    until(lambda: halt(platform, pids), what=f"{kind} processes between two transactions")
    try:
        yield
    finally:
        send(signal.SIGCONT, pids)


def halt(platform: Platform, pids: Sequence[int]) -> bool:
    send(signal.SIGSTOP, pids)
    if platform.rows.busy():
        send(signal.SIGCONT, pids)
        return False
    return True


def send(number: signal.Signals, pids: Sequence[int]) -> None:
    for pid in pids:
        os.kill(pid, number)
