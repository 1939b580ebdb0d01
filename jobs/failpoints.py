"""Places where a test may have a process die, stop or fail: `FAILPOINT=claimed:kill`. Otherwise they do nothing.

What is named here is a border: before it, one thing is so in the database, after it another.
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping

from django.conf import settings
from django.db.utils import OperationalError

PLACES = (
    *("job_committed", "before_ring"),
    *("claimed", "lane_open", "navigated", "extracted", "before_finish", "finish_sent", "before_ack"),
    *("event_claimed", "hook_answered", "before_event_commit"),
    *("sweep_selected", "cancel_pages", "term_received", "lease_released"),
)


class Failed(OperationalError):
    """What the database raises when a connection breaks: the failure that any of these places may really see."""


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stop() -> None:
    """The whole process, and this thread right here: sent to the process, the signal would let it run on a little."""
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def fail() -> None:
    raise Failed("A fail point was met.")


ACTIONS: Mapping[str, Callable[[], None]] = {"kill": kill, "stop": stop, "raise": fail}


def failpoint(place: str) -> None:
    """Do what `FAILPOINT` says if it names this place."""
    if settings.FAILPOINT and settings.FAILPOINT[0] == place:
        ACTIONS[settings.FAILPOINT[1]]()
