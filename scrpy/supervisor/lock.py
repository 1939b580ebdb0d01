"""One `up` per SCRPY_HOME."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scrpy.supervisor.checks import CannotStart


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold `home` for this process; the kernel lets go of it however we end.

    Raises: CannotStart, naming the process that holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise CannotStart(
                f"scrpy is already running on {home} (process {lock.read().strip() or 'unknown'}). "
                "Stop that one, or give this one a SCRPY_HOME and a SCRPY_PORT of its own."
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield
