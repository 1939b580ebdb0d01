"""Does harm while there is work: which kinds, in which order and how far into the work, the seed decides."""

import os
import random
import signal
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg

from tests.chaos.faults import Fault
from tests.chaos.history import Claim, Strike, now
from tests.platform.rows import Rows
from tests.platform.running import Platform

FIRST_SHARE, LAST_SHARE = 0.01, 0.85
LOOK_EVERY_S, WATCH_EVERY_S = 0.15, 0.25
APART = timedelta(seconds=0.5)
"""Two strikes are at least so far apart, or it could not be told what recovery is from."""
AWAY = (psycopg.Error, sqlite3.Error, OSError)
"""What a look at a database, or a process, that is down gives."""


def agenda(kills: int, faults: Sequence[Fault], dice: random.Random) -> list[tuple[float, Fault]]:
    """At which share of the work what is done; every kind once before any comes again."""
    shares = sorted(dice.uniform(FIRST_SHARE, LAST_SHARE) for _ in range(kills))
    rounds = -(-kills // len(faults))
    order = [fault for _ in range(rounds) for fault in dice.sample(faults, len(faults))]
    return list(zip(shares, order, strict=False))


@dataclass
class Nemesis:
    """Goes through its agenda in a thread of its own; `done()` is the share of the work that is."""

    platform: Platform
    faults: Sequence[Fault]
    done: Callable[[], float]
    strikes: list[Strike] = field(default_factory=list)
    _undoing: list[tuple[Fault, Strike]] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, kills: int, dice: random.Random) -> None:
        """Blocks until all is done, or it is stopped; whoever is held up by then goes on."""
        ahead, due = deque(agenda(kills, self.faults, dice)), deque[Fault]()
        while (ahead or due or self._undoing) and not self._stopped.wait(LOOK_EVERY_S):
            with suppress(*AWAY):
                self._undo(late=False)
                done = self.done()
                while ahead and ahead[0][0] <= done:
                    due.append(ahead.popleft()[1])
                self._strike_one(due, dice)
        self._undo(late=True)

    def stop(self) -> None:
        self._stopped.set()

    def _strike_one(self, due: deque[Fault], dice: random.Random) -> None:
        """The first that finds a victim; the others wait for theirs."""
        if self.strikes and now() - self.strikes[-1].at < APART:
            return
        spared = {claim for strike in self.strikes if not strike.freed_at for claim in strike.held}
        for fault in list(due):
            if strike := fault.strike(self.platform, dice, spared=spared):
                due.remove(fault)
                self.strikes.append(strike)
                if fault.lasts_s:
                    self._undoing.append((fault, strike))
                return

    def _undo(self, *, late: bool) -> None:
        """Let those go on who were held up for long enough, or all of them."""
        for fault, strike in list(self._undoing):
            if late or now() - strike.at >= timedelta(seconds=fault.lasts_s):
                self._undoing.remove((fault, strike))
                with suppress(ProcessLookupError):
                    os.kill(strike.victim, signal.SIGCONT)
                strike.over_at = now()


@dataclass
class Watch:
    """Sees, in a thread of its own, when what victims had in hand is out of their hands."""

    rows: Rows
    strikes: Sequence[Strike]
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self._stopped.wait(WATCH_EVERY_S):
            with suppress(*AWAY):
                self.look()

    def stop(self) -> None:
        self._stopped.set()

    def look(self) -> None:
        waiting = [strike for strike in self.strikes if strike.held and not strike.freed_at]
        still = self._still_held({claim for strike in waiting for claim in strike.held})
        for strike in waiting:
            if still.isdisjoint(strike.held):
                strike.freed_at = now()

    def _still_held(self, claims: set[Claim]) -> set[Claim]:
        found = set()
        for table in {claim.table for claim in claims}:
            ids = sorted({claim.pk for claim in claims if claim.table == table})
            marks = ", ".join(["%s"] * len(ids))
            for row in self.rows.ask(f"SELECT id, token, status FROM {table} WHERE id IN ({marks})", *ids):
                found.add(Claim(table, row["id"], row["token"], row["status"]))
        return found & claims
