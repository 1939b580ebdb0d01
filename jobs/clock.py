"""The clock: whatever was forgotten, lost or is due now is seen to within about a second.

Any number of clocks may run at once: each duty takes its own locks, and finding nothing to do is normal.
"""

import logging
import os
import socket
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import close_old_connections

from jobs.queue.bell import note_clock
from jobs.queue.deadlines import end_overdue_jobs
from jobs.queue.dispatch import dispatch, until_next_ready
from jobs.queue.hosts import forget_hosts
from jobs.queue.sweep import forget_dead_workers, notice_lost_messages, sweep
from jobs.retention import (
    forget_idempotency_keys,
    forget_runs,
    forget_sessions,
    make_room,
    purge_old_jobs,
    remove_litter,
)
from jobs.schedules.running import run_due_schedules
from jobs.stopping import stop_event
from jobs.webhooks.due import ring_due

logger = logging.getLogger(__name__)

SOONEST = timedelta(milliseconds=20)


def dispatch_due() -> timedelta | None:
    """Dispatch; until when it is worth it again, if that is known."""
    dispatch()
    return until_next_ready()


def show_itself() -> None:
    note_clock(f"{socket.gethostname()}:{os.getpid()}")


DUTIES: tuple[tuple[Callable[[], object], float], ...] = (
    (notice_lost_messages, 1.0),
    (sweep, 1.0),
    (dispatch_due, 1.0),
    (end_overdue_jobs, 1.0),
    (ring_due, 1.0),
    (run_due_schedules, 1.0),
    (show_itself, 3.0),
    (forget_dead_workers, 60.0),
    (forget_hosts, 600.0),
    (forget_idempotency_keys, 60.0),
    (forget_runs, 600.0),
    (forget_sessions, 600.0),
    (purge_old_jobs, 5.0),
    (make_room, 10.0),
    (remove_litter, 60.0),
)
"""What is done, and every how many seconds; or after the time span that a duty gives, if that is shorter."""


def run() -> None:
    """Do each duty in its time until SIGTERM or SIGINT. Blocks."""
    stop = stop_event()
    due = {duty: 0.0 for duty, _ in DUTIES}
    while not stop.wait(min(due.values()) - time.monotonic()):
        tick(due)


def tick(due: dict[Callable[[], object], float]) -> None:
    """Do what is due, and note when it is due again. `due` holds monotonic seconds.

    All that was due together is due together again: each awakening costs.
    """
    began = time.monotonic()
    for duty, every_s in DUTIES:
        if due[duty] <= began:
            wanted = attend(duty)
            wait_s = max(wanted, SOONEST).total_seconds() if isinstance(wanted, timedelta) else every_s
            due[duty] = max(began + min(wait_s, every_s), time.monotonic() + SOONEST.total_seconds())


def attend(duty: Callable[[], object]) -> object:
    """What the duty gives. One that fails, with the database away for example, stops neither the clock nor others."""
    close_old_connections()
    try:
        return duty()
    except Exception:
        logger.exception("The clock could not %s; it will try again", duty.__name__)
        return None
    finally:
        close_old_connections()
