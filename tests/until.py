"""Waiting for something to become true, and saying what did not."""

import time
from collections.abc import Callable, Sized
from typing import TypeVar

T = TypeVar("T")


def until(true: Callable[[], T], *, what: str, within_s: float = 30.0, every_s: float = 0.02) -> T:
    """The first truthy answer. The deadline only bounds a test that has already failed; nothing is timed by it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if answer := true():
            return answer
        time.sleep(every_s)
    raise AssertionError(f"Not within {within_s:.0f} s: {what}")


def until_settled(counted: Sized, *, looks: int = 15) -> None:
    """Return once something has been counted, and nothing more for so many looks."""
    seen: list[int] = []

    def settled() -> bool:
        seen.append(len(counted))
        return seen[-1] > 0 and seen[-looks:] == [seen[-1]] * looks

    until(settled, what="nothing more is counted")
