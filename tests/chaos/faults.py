"""What can be done to a platform: to whom, and what the victim has in hand at that moment.

A victim is held still while we look what it holds, and let go again if that is nothing: a fault that meets nobody at
work proves nothing.
"""

import os
import random
import signal
from collections.abc import Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.chaos.history import Claim, SeenBy, Strike, now
from tests.platform import processes
from tests.platform.rows import Rows
from tests.platform.running import Platform
from tests.postgres import Postgres

PROCESSES = ("worker", "chromium", "renderer", "driver", "webhooks", "clock", "web", "queue")
RENDER = ("worker", "chromium", "renderer", "driver")
PAST_A_LEASE_S, QUEUE_STOPPED_S = 33.0, 6.0

OF_WORKER = """
    SELECT page.id, page.token, page.status FROM jobs_page page JOIN jobs_worker worker ON worker.id = page.worker
    WHERE worker.pid = %s AND page.status = 'running'"""
SENDING = "SELECT id, token, status FROM jobs_delivery WHERE status = 'sending'"
RUNG_FOR = "SELECT id, token, status FROM jobs_page WHERE status = 'queued'"
RUNNING = "SELECT COUNT(*) FROM jobs_page WHERE status = 'running'"
LIVE = "SELECT COUNT(*) FROM jobs_job WHERE status IN ('pending', 'running')"
AT_WORK = "datname = %s AND state <> 'idle' AND pid <> pg_backend_pid()"


@dataclass(frozen=True)
class Fault:
    """A kind of harm. `lasts_s` is how long its victim is held up, none being for good."""

    kind: str
    seen_by: SeenBy
    lasts_s: float = 0.0

    def strike(self, platform: Platform, dice: random.Random, *, spared: Set[Claim]) -> Strike | None:
        """Do it once; None if nobody is worth it just now.

        Who holds any of `spared` is left alone: an earlier victim's, of which it is still to be seen what becomes.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Signal(Fault):
    """A signal to a process of the kind `process`, which may be stopped for a while by it.

    One that is stopped in a transaction may keep all others from writing, and so from taking back what it holds:
    `between_transactions` spares it.
    """

    process: str = ""
    number: signal.Signals = signal.SIGKILL
    between_transactions: bool = False

    def strike(self, platform: Platform, dice: random.Random, *, spared: Set[Claim]) -> Strike | None:
        victims = platform.pids(self.process)
        for pid in dice.sample(victims, len(victims)):
            with suppress(ProcessLookupError):
                if found := self._hit(platform, pid, spared):
                    return found
        return None

    def _hit(self, platform: Platform, pid: int, spared: Set[Claim]) -> Strike | None:
        os.kill(pid, signal.SIGSTOP)
        struck = False
        try:
            strike = self._state(platform, pid)
            wanted = bool(strike.held) if self.process in (*RENDER, "webhooks") else strike.effective
            busy = self.between_transactions and platform.rows.busy()
            struck = wanted and not busy and spared.isdisjoint(strike.held)
            if struck:
                os.kill(pid, self.number)
            return strike if struck else None
        finally:
            if not (struck and self.number == signal.SIGSTOP):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def _state(self, platform: Platform, pid: int) -> Strike:
        rows = platform.rows
        return Strike(
            kind=self.kind,
            seen_by=self.seen_by,
            running=rows.one(RUNNING),
            live=rows.one(LIVE),
            held=list(self._held(platform, pid)),
            counts_from_end=self.process == "queue",
            at=now(),
            victim=pid,
        )

    def _held(self, platform: Platform, pid: int) -> Iterator[Claim]:
        if self.process in RENDER:
            yield from claims(platform.rows, "jobs_page", OF_WORKER, worker_above(platform, pid))
        elif self.process == "webhooks":
            yield from claims(platform.rows, "jobs_delivery", SENDING)
        elif self.process == "queue":
            yield from claims(platform.rows, "jobs_page", RUNG_FOR)


def claims(rows: Rows, table: str, statement: str, *parameters: object) -> Iterator[Claim]:
    for row in rows.ask(statement, *parameters):
        yield Claim(table, row["id"], row["token"], row["status"])


def worker_above(platform: Platform, pid: int) -> int:
    """The worker process that `pid` is, or was started by; 0 if there is none."""
    workers = platform.pids("worker")
    while pid > 1 and pid not in workers:
        pid = processes.parent_of(Path(f"/proc/{pid}"))
    return pid if pid in workers else 0


@dataclass(frozen=True)
class ServerStopped(Fault):
    """PostgreSQL as if the power went, and started again."""

    server: Postgres | None = None

    def strike(self, platform: Platform, dice: random.Random, *, spared: Set[Claim]) -> Strike | None:
        assert self.server
        live, running = platform.rows.one(LIVE), platform.rows.one(RUNNING)
        if not live:
            return None
        found = Strike(self.kind, self.seen_by, running, live, counts_from_end=True)
        self.server.stop_at_once()
        self.server.start()
        found.over_at = now()
        return found


@dataclass(frozen=True)
class ConnectionsCut(Fault):
    """Every connection to the database ended by the server, in transactions and between them."""

    server: Postgres | None = None

    def strike(self, platform: Platform, dice: random.Random, *, spared: Set[Claim]) -> Strike | None:
        assert self.server
        live, running = platform.rows.one(LIVE), platform.rows.one(RUNNING)
        name = platform.rows.url.rpartition("/")[2]
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            at_work = connection.execute(f"SELECT 1 FROM pg_stat_activity WHERE {AT_WORK}", [name]).fetchall()
            if not (live and at_work):
                return None
        self.server.cut_connections(platform.rows.url)
        return Strike(self.kind, self.seen_by, running, live)


def all_faults(server: Postgres | None) -> Sequence[Fault]:
    """Every kind that fits a platform on `server`, or on SQLite."""
    kills = [Signal(kind, "worker" if kind in RENDER[1:] else "supervisor", process=kind) for kind in PROCESSES]
    stops = [
        Signal("worker told to end", "supervisor", process="worker", number=signal.SIGTERM),
        Signal("worker stopped", "nobody", PAST_A_LEASE_S, process="worker", number=signal.SIGSTOP),
        Signal("chromium stopped", "nobody", process="chromium", number=signal.SIGSTOP),
        Signal("queue stopped", "nobody", QUEUE_STOPPED_S, process="queue", number=signal.SIGSTOP),
    ]
    if server is None:
        return [*kills, *stops]
    cuts = [
        ServerStopped("database stopped", "nobody", server=server),
        ConnectionsCut("connections cut", "nobody", server=server),
    ]
    return [*kills, *stops, *cuts]
