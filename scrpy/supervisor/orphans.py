"""Processes whose parent died under us: Chromium after its worker was killed, for one.

`up` adopts them (as PID 1 it would anyway), so they can be found, killed and reaped.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
LOOK_EVERY_S = 0.05
QUIET_S, MOST_S = 0.75, 10.0
"""For how long nobody has to come to light until all are gone, and for how long to look at most: a tree falls from the
top, each fall hands us the next row, and takes its time on a busy machine."""


def adopt() -> set[int]:
    """From now on, descendants that lose their parent become children of this process.

    Returns: the children it has already, which whoever became this process has started.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    return set(orphans(set()))


def orphans(known: set[int]) -> Iterator[int]:
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield from {int(pid) for pid in (thread / "children").read_text().split()} - known


async def kill_orphans(known: Callable[[], set[int]]) -> None:
    """Kill every child that is not `known()`, and those that each death brings to light."""
    clock = asyncio.get_running_loop().time
    began_at = seen_at = clock()
    while clock() < min(seen_at + QUIET_S, began_at + MOST_S):
        for pid in orphans(known()):
            seen_at = clock()
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        reap_orphans(known())
        await asyncio.sleep(LOOK_EVERY_S)


def reap_orphans(known: set[int]) -> None:
    """Take note of the deaths of adopted children, so that no zombie stays."""
    for pid in orphans(known):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
