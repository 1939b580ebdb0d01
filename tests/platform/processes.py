"""Which process of a running `up` does what, told by its command line."""

from collections.abc import Iterator
from pathlib import Path

MARKS: tuple[tuple[str, str], ...] = (
    ("worker", "manage.py worker"),
    ("webhooks", "manage.py webhooks"),
    ("clock", "manage.py clock"),
    ("web", "scrpy.asgi"),
    ("shop", "scrpy.demo.shop"),
    ("driver", "run-driver"),
    ("renderer", "--type=renderer"),
    ("helper", "--type="),
    ("chromium", "--user-data-dir="),
    ("queue", "queue.sock"),
)
"""What a process is, by what its command line contains; the first that fits."""


def kind_of(command: str) -> str:
    return next((kind for kind, mark in MARKS if mark in command), "other")


def parent_of(process: Path) -> int:
    return int((process / "stat").read_text().rpartition(")")[2].split()[1])


def descendants(root: int) -> Iterator[tuple[int, str]]:
    """The pid and command line of each process under `root` that lives, zombies not counted."""
    found: dict[int, tuple[int, str]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            found[int(process.name)] = parent_of(process), command
        except (FileNotFoundError, ProcessLookupError):
            continue
    within = {root}
    while more := {pid for pid, (parent, _) in found.items() if parent in within} - within:
        within |= more
    yield from ((pid, found[pid][1]) for pid in within - {root} if found[pid][1])


def pids(root: int, kind: str) -> list[int]:
    """Those under `root` that are of this kind, oldest first."""
    return sorted(pid for pid, command in descendants(root) if kind_of(command) == kind)
