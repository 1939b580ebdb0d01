"""How much is measured, and what is told of it."""

import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Size:
    """Of one room: pages per turn, turns of each side, and lanes at once; and whether other tools take turns, too."""

    pages: int
    turns: int
    lanes: int
    peers: bool = False

    def but(self, **changes: Any) -> "Size":
        """The same with those of `changes` that are given."""
        return replace(self, **{name: value for name, value in changes.items() if value})


def report(title: str, rows: Mapping[str, Sequence[float]]) -> None:
    """One row for each figure, of all its turns."""
    sys.stdout.write(f"{title:56}{'min':>8}{'median':>8}{'max':>8}\n")
    for name, values in rows.items():
        sys.stdout.write(f"{name:56}{min(values):8.2f}{statistics.median(values):8.2f}{max(values):8.2f}\n")
    sys.stdout.write("\n")
    sys.stdout.flush()
