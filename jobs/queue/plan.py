"""Who is next: a pure decision from what waits and what is in flight. It queries nothing.

A *run* is up to eight pages of one job and host that one lane renders one after another. The plan counts in
runs: a run holds one lane, so runs are what fairness, host limits and free slots are about.

Fair means: the account with the fewest runs is next, within it the most urgent job, of those the one with the fewest,
within it the host with the fewest. A run is as long as what is left of its job allows (guided self-scheduling): small
jobs, and the last pages of large ones, are dealt page by page to all lanes. Where a host is paced, one page is started
at a time.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

LONGEST_RUN = 8
MANY = 1_000_000
Holder = tuple[str, int]
"""An account or a job, by what it is and its id."""
AHEAD = 0.5
"""Runs that may wait in Redis for a lane, per slot: enough that no lane waits for a planner, no more."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Pages of one host of one job that could start now. `open_pages` are the job's, waiting ones and others.

    `host_limit`, `job_limit` and `account_most` are the most runs at once of the host, the job and the account. `host`
    is empty for pages that ask nothing of any. `paced` means that only one page may start there now, whosever it is,
    among those who have to keep a delay.
    """

    account: int
    job: int
    host_queue: int
    host_limit: int
    open_pages: int
    job_limit: int = MANY
    account_most: int = MANY
    priority: int = 0
    host: str = ""
    paced: bool = False

    @property
    def most_lanes(self) -> int:
        """How many lanes it could fill."""
        return min(self.host_limit, self.job_limit, self.account_most)


@dataclass(frozen=True, slots=True)
class Flight:
    """What of one host of one job is claimed: `runs` claims, and in them `queued` pages that have not started."""

    account: int
    job: int
    host_queue: int
    runs: int
    queued: int
    priority: int = 0
    host: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Claim up to `length` pages of this host queue."""

    job: int
    host_queue: int
    length: int


@dataclass(slots=True)
class Held:
    """Runs held, by account, job, host queue and host, and in all; and where a paced page has just been taken."""

    accounts: Counter[int] = field(default_factory=Counter)
    jobs: Counter[int] = field(default_factory=Counter)
    queues: Counter[int] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    paced: set[str] = field(default_factory=set)
    total: int = 0

    def add(self, holder: Waiting | Flight, runs: int) -> None:
        self.accounts[holder.account] += runs
        self.jobs[holder.job] += runs
        self.queues[holder.host_queue] += runs
        self.hosts[holder.host] += runs
        self.total += runs

    def has_room_for(self, waiting: Waiting, *, host_most: int) -> bool:
        """Whether neither its host, for it or for all, nor its job nor its account is at its limit."""
        return (
            self.queues[waiting.host_queue] < waiting.host_limit
            and self.jobs[waiting.job] < waiting.job_limit
            and self.accounts[waiting.account] < waiting.account_most
            and (not waiting.host or self.hosts[waiting.host] < host_most)
            and not (waiting.paced and waiting.host in self.paced)
        )

    def turn(self, waiting: Waiting) -> tuple[int, int, int, int]:
        own = self.accounts[waiting.account], -waiting.priority
        return *own, self.jobs[waiting.job], self.queues[waiting.host_queue]


def held_in(flights: Iterable[Flight]) -> Held:
    held = Held()
    for flight in flights:
        held.add(flight, flight.runs)
    return held


def capacity(slots: int) -> int:
    """The most runs that may be claimed at once for `slots` lanes of live workers."""
    return slots + ceil(slots * AHEAD)


def plan(*, slots: int, waiting: Sequence[Waiting], flights: Sequence[Flight], host_most: int = MANY) -> list[Run]:
    """Which runs to claim now, in order, so that claims reach `capacity(slots)` and everyone gets a fair share.

    `host_most` is the most runs at one host, those of all jobs together.

    How many pages a host queue really has is known only once they are claimed, so the caller claims, and plans
    again while there is room.
    """
    held = held_in(flights)
    left = {one.job: one.open_pages for one in waiting}
    runs = []
    while held.total < capacity(slots):
        candidates = [one for one in waiting if held.has_room_for(one, host_most=host_most) and left[one.job] > 0]
        if not candidates:
            break
        chosen = min(candidates, key=held.turn)
        length = 1 if chosen.paced else run_length(left[chosen.job], lanes=min(slots, chosen.most_lanes))
        left[chosen.job] -= length
        runs.append(Run(chosen.job, chosen.host_queue, length))
        held.add(chosen, 1)
        if chosen.paced:
            held.paced.add(chosen.host)
    return runs


def run_length(pages_left: int, *, lanes: int) -> int:
    """Pages of one run: half of an equal share of what is left, at least one, and no more than keeps it fair."""
    return min(LONGEST_RUN, max(1, pages_left // (2 * lanes)))


def over_share(*, starving: Sequence[Waiting], flights: Sequence[Flight], room: int = 0) -> dict[int, Holder]:
    """The jobs whose pages that have not started are called back, because others wait with nothing in flight.

    A job gives way to one of another account that holds at least two runs less, to one of its own account while it
    holds two itself, unless that is less urgent, and to a more urgent one of its own account always; where there is
    `room` for a run of each that waits, only if it holds one more than that.

    With each comes who is left one run: its account where that holds too much, else the job, or what was called back
    would wait with nothing in its turn. So what is planned next is fairer, and plans never undo each other.
    """
    held = held_in(flights)
    urgency: dict[int, int] = {}
    for one in starving:
        urgency[one.account] = max(one.priority, urgency.get(one.account, one.priority))
    fewest = min((held.accounts[account] for account in urgency), default=held.total)
    margin = 1 if len({one.job for one in starving}) > room else 2
    over: dict[int, Holder] = {}
    for flight in flights:
        if flight.queued and held.accounts[flight.account] > fewest + margin:
            over[flight.job] = ("account", flight.account)
        elif flight.queued and gives_way(flight, held, urgency, margin=margin):
            over[flight.job] = ("job", flight.job)
    return over


def gives_way(flight: Flight, held: Held, urgency: Mapping[int, int], *, margin: int) -> bool:
    """To another job of its account. `urgency` is the highest priority that waits, by account."""
    wanted = urgency.get(flight.account)
    return wanted is not None and (
        wanted > flight.priority or (wanted == flight.priority and held.jobs[flight.job] > margin)
    )
