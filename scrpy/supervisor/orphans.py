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
LOOKS_S = (0.0, 0.05, 0.2, 0.5)
"""Pauses before each look: a tree falls from the top, and each fall hands us the next row."""


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
    for pause_s in LOOKS_S:
        await asyncio.sleep(pause_s)
        for pid in orphans(known()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        reap_orphans(known())


def reap_orphans(known: set[int]) -> None:
    """Take note of the deaths of adopted children, so that no zombie stays."""
    for pid in orphans(known):
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
