"""How gently each host is treated: the time between two starts there, kept by all who have to keep one.

Who has to: jobs with a delay of their own, those that heed the host's robots.txt where that asks for one, and every job
while the host says that it is too much (429, 503). Under the planners' lock, so no two starts are planned at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, F, Value, When

from jobs.models import Host, Job
from jobs.options import options_of
from jobs.queue.clock import database_now
from jobs.queue.plan import Run, Waiting

FIRST_DELAY_MS, LONGEST_DELAY_MS = 500, 60_000
SHORTEST_DELAY_MS = 50
"""Below this a host counts as recovered."""
LONGEST_WAIT = timedelta(minutes=10)
"""How long a host is left alone at most, whatever it asks for."""
FORGOTTEN_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Pace:
    """What one job has to keep at one host."""

    delay_ms: int = 0
    next_at: datetime | None = None

    @property
    def delayed(self) -> bool:
        return self.delay_ms > 0

    def is_due(self, now: datetime) -> bool:
        return not self.delayed or self.next_at is None or self.next_at <= now


def paces_of(waiting: Sequence[Waiting], jobs: Sequence[Job]) -> list[Pace]:
    """Of each that waits. One query."""
    known = Host.objects.in_bulk({one.host for one in waiting}) if waiting else {}
    by_id = {job.pk: job for job in jobs}
    return [pace_of(by_id[one.job], known.get(one.host)) for one in waiting]


def pace_of(job: Job, host: Host | None) -> Pace:
    if host is None:
        return Pace(job.host_delay_ms)
    crawl_ms = host.crawl_delay_ms if host.crawl_delay_ms and options_of(job).respect_robots else 0
    return Pace(max(job.host_delay_ms, host.delay_ms, crawl_ms), host.next_at)


def keep_pace(
    waiting: Sequence[Waiting], paces: Sequence[Pace], runs: Sequence[Run], *, now: datetime
) -> Mapping[int, datetime]:
    """Note when the next one may start at each host where a run was claimed that has to keep a delay.

    Gives until when each host queue is to be left alone. One query, or none. In the planners' transaction.
    """
    claimed = {run.host_queue for run in runs}
    next_at = {
        one.host: now + timedelta(milliseconds=pace.delay_ms)
        for one, pace in zip(waiting, paces, strict=True)
        if pace.delayed and one.host_queue in claimed
    }
    if next_at:
        Host.objects.bulk_create(
            [Host(host=host, next_at=at) for host, at in next_at.items()],
            update_conflicts=True,
            unique_fields=["host"],
            update_fields=["next_at"],
        )
    left_alone = {}
    for one, pace in zip(waiting, paces, strict=True):
        until = next_at.get(one.host, pace.next_at)
        if pace.delayed and until is not None and until > now:
            left_alone[one.host_queue] = until
    return left_alone


@transaction.atomic
def slow_down(host: str, *, asked_s: float | None) -> None:
    """The host has said that it is too much: double the time between starts, and wait as long as it asks.

    Lanes that are told so side by side count once: within a delay nothing is doubled again. Queries.
    """
    Host.objects.get_or_create(host=host)
    row = Host.objects.select_for_update().get(pk=host)
    now = database_now()
    if row.slowed_at is None or now >= row.slowed_at + timedelta(milliseconds=max(row.delay_ms, FIRST_DELAY_MS)):
        row.delay_ms = min(max(row.delay_ms * 2, FIRST_DELAY_MS), LONGEST_DELAY_MS)
        row.slowed_at = now
    wait = min(timedelta(seconds=max(asked_s or 0, row.delay_ms / 1000)), LONGEST_WAIT)
    row.next_at = max(row.next_at or now, now + wait)
    row.save(update_fields=["delay_ms", "slowed_at", "next_at"])


def recover(host: str) -> None:
    """The host has answered well: a fifth less of the time between starts. One query."""
    shorter = Case(When(delay_ms__lt=SHORTEST_DELAY_MS * 5 / 4, then=Value(0)), default=F("delay_ms") * 4 / 5)
    Host.objects.filter(pk=host, delay_ms__gt=0).update(delay_ms=shorter)


def forget_hosts() -> None:
    """Delete what is known of hosts that nobody has to be gentle with any more. One query."""
    long_ago = database_now() - FORGOTTEN_AFTER
    idle = Host.objects.filter(delay_ms=0).exclude(next_at__gt=long_ago).exclude(robots_at__gt=long_ago)
    idle.delete()
