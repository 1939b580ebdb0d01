"""What must not be left on the machine, a while after the last fault."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.platform import processes
from tests.platform.running import Platform
from tests.until import until

WITHIN_S = 30.0
BROWSERS = 2
"""How many a worker may have: one with images and one without."""


def litter_of(platform: Platform) -> list[str]:
    """What is still there after half a minute."""
    left: list[str] = []

    def clean() -> bool:
        left[:] = look(platform)
        return not left

    try:
        until(clean, what="no litter", within_s=WITHIN_S, every_s=0.5)
    except AssertionError:
        return left
    return []


def look(platform: Platform) -> list[str]:
    return [*zombies(platform.up.pid), *strays(platform), *profiles(platform), *rows_of_the_dead(platform)]


def zombies(root: int) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] == "Z" and int(fields[1]) == root:
            yield f"process {process.name} is a zombie"


def strays(platform: Platform) -> Iterator[str]:
    """Processes that are more, or fewer, than belong to a platform."""
    workers = int(platform.env["SCRPY_WORKER_PROCESSES"])
    there = Counter(processes.kind_of(command) for _, command in processes.descendants(platform.up.pid))
    for kind in ("worker", "web", "webhooks", "clock", "queue"):
        expected = workers if kind == "worker" else 1
        if there[kind] != expected:
            yield f"{there[kind]} processes of kind {kind}, not {expected}"
    for kind in ("chromium", "driver"):
        if there[kind] > BROWSERS * workers:
            yield f"{there[kind]} processes of kind {kind} for {workers} workers"


def profiles(platform: Platform) -> Iterator[str]:
    """Browsers' directories without a browser."""
    scratch = platform.home / "scratch"
    left = {str(path) for path in scratch.resolve().glob("*/playwright_chromiumdev_profile-*")}
    used = " ".join(command for _, command in processes.descendants(platform.up.pid))
    for path in sorted(path for path in left if path not in used):
        yield f"{path} is left"


def rows_of_the_dead(platform: Platform) -> Iterator[str]:
    alive = platform.pids("worker")
    for row in platform.workers():
        if row["pid"] not in alive:
            yield f"the row of worker process {row['pid']}, which is dead"
