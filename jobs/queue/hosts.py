"""How gently each host is treated: the time between two starts there, kept by all who have to keep one.

Who has to: jobs with a delay of their own, those that heed the host's robots.txt where that asks for one or is not
known yet, and every job while the host says that it is too much (429, 503). Starts are planned under the planners'
lock, so no two are planned at once; what a host says is noted under it, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from django.db import transaction
from django.db.models import Case, F, Q, Value, When

from jobs.models import Host, HostQueue, Job, Page
from jobs.options import options_of
from jobs.queue.clock import database_now
from jobs.queue.leases import call_back
from jobs.queue.lock import planners_lock
from jobs.queue.plan import Run, Waiting

FIRST_DELAY_MS = {HTTPStatus.TOO_MANY_REQUESTS: 500, HTTPStatus.SERVICE_UNAVAILABLE: 100}
"""What a host answers that wants fewer requests, and the delay that follows: a 503 may be a single broken page."""
LONGEST_DELAY_MS = 60_000
SHORTEST_DELAY_MS = 50
"""Below this a host counts as recovered."""
LONGEST_WAIT_S = 600.0
"""How long a host is left alone at most, whatever it asks for."""
ROBOTS_KEPT = timedelta(hours=1)
UNKNOWN_ROBOTS_DELAY_MS = 1_000
"""While a host's robots.txt is not known, pages that heed it start one by one: the first of them reads it."""
FORGOTTEN_AFTER = timedelta(hours=24)
BEHIND = timedelta(microseconds=1)


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


def paces_of(waiting: Sequence[Waiting], jobs: Sequence[Job], *, now: datetime) -> list[Pace]:
    """Of each that waits. One query."""
    known = Host.objects.in_bulk({one.host for one in waiting}) if waiting else {}
    by_id = {job.pk: job for job in jobs}
    return [pace_of(by_id[one.job], known.get(one.host), now=now) for one in waiting]


def pace_of(job: Job, host: Host | None, *, now: datetime) -> Pace:
    delays_ms = [job.host_delay_ms]
    if host:
        delays_ms.append(host.delay_ms)
    if options_of(job).respect_robots:
        delays_ms.append(host.crawl_delay_ms if host and knows_robots(host, now=now) else UNKNOWN_ROBOTS_DELAY_MS)
    return Pace(max(delays_ms), host.next_at if host else None)


def knows_robots(host: Host, *, now: datetime) -> bool:
    return host.robots is not None and host.robots_at is not None and host.robots_at > now - ROBOTS_KEPT


def keep_pace(
    waiting: Sequence[Waiting], paces: Sequence[Pace], runs: Sequence[Run], *, now: datetime
) -> Mapping[int, datetime]:
    """Note when the next one may start at each host where a run was claimed that has to keep a delay.

    Gives until when each host queue is to be left alone, those that have just had their turn behind those that have
    not. One query, or none. In the planners' transaction.
    """
    claimed = {run.host_queue for run in runs}
    delayed = [(one, pace) for one, pace in zip(waiting, paces, strict=True) if pace.delayed]
    next_at = {
        one.host: now + timedelta(milliseconds=pace.delay_ms) for one, pace in delayed if one.host_queue in claimed
    }
    if next_at:
        Host.objects.bulk_create(
            [Host(host=host, next_at=at) for host, at in next_at.items()],
            update_conflicts=True,
            unique_fields=["host"],
            update_fields=["next_at"],
        )
    left_alone = {}
    in_turn = sorted(delayed, key=lambda item: item[0].host_queue in claimed)
    for place, (one, pace) in enumerate(in_turn):
        until = next_at.get(one.host, pace.next_at)
        if until is not None and until > now:
            left_alone[one.host_queue] = until + place * BEHIND
    return left_alone


def heed(page: Page, *, status_code: int | None, asked_s: float | None = None) -> None:
    """Note what the host of `page` has answered: too much, or that it can take more. Queries, if it is to be noted."""
    if page.job.reads_kept:
        return
    host = page.host_queue.host
    if status_code in FIRST_DELAY_MS:
        slow_down(host, HTTPStatus(status_code), asked_s=asked_s)
    elif status_code is not None and status_code < HTTPStatus.BAD_REQUEST:
        recover(host)


def slow_down(host: str, status: HTTPStatus, *, asked_s: float | None = None) -> None:
    """Double the time between starts, wait as long as the host asks, and call back what has not started there.

    Lanes that are told so side by side count once: within a delay nothing is doubled again.
    """
    first_ms = FIRST_DELAY_MS[status]
    Host.objects.get_or_create(host=host)
    with planners_lock():
        row, now = Host.objects.get(pk=host), database_now()
        if row.slowed_at is None or now >= row.slowed_at + timedelta(milliseconds=max(row.delay_ms, first_ms)):
            row.delay_ms = min(max(row.delay_ms * 2, first_ms), LONGEST_DELAY_MS)
            row.slowed_at = now
        wait_s = min(max(asked_s or 0.0, row.delay_ms / 1000), LONGEST_WAIT_S)
        row.next_at = max(row.next_at or now, now + timedelta(seconds=wait_s))
        row.save(update_fields=["delay_ms", "slowed_at", "next_at"])
    call_back_at(host)


@transaction.atomic
def call_back_at(host: str) -> None:
    """Make the pages at this host pending again that have not started."""
    there = Page.objects.filter(token__isnull=False, status=Page.Status.QUEUED, host_queue__host=host)
    call_back(Page.objects.filter(pk__in=list(there.values_list("pk", flat=True))))


def recover(host: str) -> None:
    """A fifth less of the time between starts, down to none. One query, where there is a delay two."""
    slowed = Host.objects.filter(pk=host, delay_ms__gt=0)
    if slowed.exists():
        shorter = Case(When(delay_ms__lt=SHORTEST_DELAY_MS * 5 / 4, then=Value(0)), default=F("delay_ms") * 4 / 5)
        slowed.update(delay_ms=shorter)


def learn_robots(host: str, *, robots: str, crawl_delay_ms: int) -> Host:
    """Remember the robots.txt of a host, and what delay it asks for, for an hour. Two queries."""
    now = database_now()
    learnt = Host(host=host, robots=robots, robots_at=now, crawl_delay_ms=crawl_delay_ms)
    Host.objects.bulk_create(
        [learnt],
        update_conflicts=True,
        unique_fields=["host"],
        update_fields=["robots", "robots_at", "crawl_delay_ms"],
    )
    return learnt


def robots_of(host_queue: HostQueue) -> Host | None:
    """What is known of the host, if its robots.txt is. Two queries."""
    host = Host.objects.filter(pk=host_queue.host).first()
    return host if host and knows_robots(host, now=database_now()) else None


def forget_hosts() -> None:
    """Delete what is known of hosts where nothing has happened for a day. One query."""
    long_ago = database_now() - FORGOTTEN_AFTER
    news = Q(next_at__gt=long_ago) | Q(slowed_at__gt=long_ago) | Q(robots_at__gt=long_ago)
    Host.objects.exclude(news).delete()
