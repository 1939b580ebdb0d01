"""What processes take: CPU time and memory, theirs and of all below them."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.platform.processes import descendants
from tests.soak.gauges import pss_mb

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
SAMPLED_EVERY_S = 1.0


@dataclass
class Usage:
    """Of a stretch of time; `peak_mb` is proportional set size, so that what is shared counts once."""

    cpu_s: float = 0.0
    peak_mb: float = 0.0


def trees(roots: Sequence[int]) -> list[int]:
    return [pid for root in roots for pid in (root, *(pid for pid, _ in descendants(root)))]


def cpu_s(*roots: int) -> float:
    """User and system time of processes and all below them, those included that have ended and were waited for."""
    return sum(map(ticks, trees(roots))) / TICKS_PER_S


def ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:15]))


@contextmanager
def measured(*roots: int) -> Iterator[Usage]:
    """What `roots` and all below them take meanwhile; known when it is over."""
    usage, over = Usage(), threading.Event()

    def sample() -> None:
        while not over.wait(SAMPLED_EVERY_S):
            usage.peak_mb = max(usage.peak_mb, sum(map(pss_mb, trees(roots))))

    sampling, before = threading.Thread(target=sample, daemon=True), cpu_s(*roots)
    sampling.start()
    try:
        yield usage
    finally:
        usage.cpu_s = cpu_s(*roots) - before
        over.set()
        sampling.join()
