"""Kills processes while there is work: which kinds, in which order and how far into the work, the seed decides."""

import os
import random
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.platform.running import Platform

KINDS = ("worker", "chromium", "renderer", "driver", "webhooks", "clock", "web", "queue")
LOOK_EVERY_S = 0.02


@dataclass(frozen=True)
class Kill:
    kind: str
    at: datetime
    running: int
    """How many pages were being rendered."""


def agenda(kills: int, dice: random.Random) -> list[tuple[float, str]]:
    """At which share of the work which kind dies; every kind once before any dies again."""
    shares = sorted(dice.uniform(0.02, 0.9) for _ in range(kills))
    rounds = -(-kills // len(KINDS))
    kinds = [kind for _ in range(rounds) for kind in dice.sample(KINDS, len(KINDS))]
    return list(zip(shares, kinds, strict=False))


@dataclass
class Nemesis:
    """Goes through its agenda in a thread of its own; `done()` is the share of the work that is."""

    platform: Platform
    done: Callable[[], float]
    kills: list[Kill] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, kills: int, dice: random.Random) -> None:
        """Blocks until all are dead, or it is stopped."""
        for share, kind in agenda(kills, dice):
            while self.done() < share or not self._strike(kind, dice):
                if self._stopped.wait(LOOK_EVERY_S):
                    return

    def stop(self) -> None:
        self._stopped.set()

    def _strike(self, kind: str, dice: random.Random) -> bool:
        """Kill one of that kind; False if there is none just now."""
        victims = self.platform.pids(kind)
        if not victims:
            return False
        running = self.platform.rows.one("SELECT COUNT(*) FROM jobs_page WHERE status = 'running'")
        with suppress(ProcessLookupError):
            os.kill(dice.choice(victims), signal.SIGKILL)
            self.kills.append(Kill(kind, datetime.now(UTC), running))
            return True
        return False
