"""What the person at the keyboard reads: a few calm lines. Everything else is in the logs."""

import contextlib
import sys
from datetime import UTC, datetime


def say(text: str = "") -> None:
    """A terminal that has gone away is no reason to stop."""
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def report(event: str) -> None:
    """Something that happened to a child, with the local time."""
    say(f"{datetime.now(UTC).astimezone():%H:%M:%S}  {event}")
