"""What all of it is busy with just now. Each number comes from a small index, however many pages there are."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import redis
from django.db.models import Count, F, Min, QuerySet, Sum
from django.db.models.functions import TruncMinute

from jobs.models import Delivery, Job, Page, Schedule, Worker
from jobs.models.page import PageStatus
from jobs.models.webhook import DeliveryStatus
from jobs.queue import bell
from jobs.queue.clock import database_now

logger = logging.getLogger(__name__)

FAILURES_MINUTES = 60
WORKERS_SHOWN = 100


@dataclass(frozen=True)
class Due:
    """How many there are, and since when the oldest has been."""

    count: int
    since: datetime | None


@dataclass(frozen=True)
class Pages:
    """How many are where. `since` is when the first of those that wait could have been taken."""

    jobs: int
    pending: int
    queued: int
    running: int
    since: datetime | None
    oldest_lease: datetime | None


class BusyWorker(NamedTuple):
    row: Worker
    lanes_used: int


class Failures(NamedTuple):
    """How often this code was the end of a page, in each minute; the last one is the present."""

    code: str
    by_minute: Sequence[int]


class Rung(NamedTuple):
    """What Redis knows: the clocks that run, and how many messages of each queue nobody has taken."""

    clocks: Sequence[str]
    messages: Mapping[str, int]


@dataclass(frozen=True)
class Operations:
    now: datetime
    pages: Pages
    workers: Sequence[BusyWorker]
    failures: Sequence[Failures]
    deliveries: Due
    schedules: Due
    rung: Rung | None
    """None while Redis is away."""


def look() -> Operations:
    """Seven queries, and a few questions to Redis."""
    now = database_now()
    claimed = claims()
    return Operations(
        now=now,
        pages=pages(claimed),
        workers=busy_workers(claimed),
        failures=failures(now),
        deliveries=due(Delivery.objects.filter(status=DeliveryStatus.PENDING), "next_attempt_at", now),
        schedules=due(Schedule.objects.all(), "next_at", now),
        rung=rung(),
    )


def claims() -> list[Mapping[str, Any]]:
    """Pages that workers have, or are on their way to, counted by worker and status."""
    claimed = Page.objects.filter(token__isnull=False).order_by().values("worker", "status")
    return list(claimed.annotate(count=Count("pk"), lease=Min("lease_expires_at")))


def pages(claimed: Sequence[Mapping[str, Any]]) -> Pages:
    ended = F("completed_urls") + F("failed_urls") + F("cancelled_urls")
    live = Job.objects.live().aggregate(jobs=Count("pk"), open=Sum(F("total_urls") - ended), since=Min("ready_at"))
    counts: Counter[str] = Counter()
    for row in claimed:
        counts[row["status"]] += row["count"]
    queued, running = counts[PageStatus.QUEUED], counts[PageStatus.RUNNING]
    return Pages(
        jobs=live["jobs"],
        pending=max(0, (live["open"] or 0) - queued - running),
        queued=queued,
        running=running,
        since=live["since"],
        oldest_lease=min((row["lease"] for row in claimed if row["lease"]), default=None),
    )


def busy_workers(claimed: Sequence[Mapping[str, Any]]) -> list[BusyWorker]:
    running = [row for row in claimed if row["status"] == PageStatus.RUNNING]
    used: dict[UUID, int] = {row["worker"]: row["count"] for row in running}
    live = Worker.objects.live().order_by("host", "pid")[:WORKERS_SHOWN]
    return [BusyWorker(worker, used.get(worker.pk, 0)) for worker in live]


def failures(now: datetime) -> list[Failures]:
    """Of the last hour, the most frequent code first."""
    first = now.replace(second=0, microsecond=0) - timedelta(minutes=FAILURES_MINUTES - 1)
    failed = Page.objects.filter(status=PageStatus.FAILED, finished_at__gte=first)
    by_minute = failed.order_by().annotate(minute=TruncMinute("finished_at")).values("error_code", "minute")
    counts: dict[str, list[int]] = {}
    for row in by_minute.annotate(count=Count("*")):
        minutes = counts.setdefault(row["error_code"] or "", [0] * FAILURES_MINUTES)
        place = int((row["minute"] - first) / timedelta(minutes=1))
        minutes[min(place, FAILURES_MINUTES - 1)] += row["count"]
    return [Failures(code, minutes) for code, minutes in sorted(counts.items(), key=lambda item: -sum(item[1]))]


def due(rows: "QuerySet[Delivery] | QuerySet[Schedule]", column: str, now: datetime) -> Due:
    found = rows.filter(**{f"{column}__lte": now}).aggregate(count=Count("pk"), since=Min(column))
    return Due(found["count"], found["since"])


def rung() -> Rung | None:
    try:
        return Rung(bell.clocks(), bell.unheard())
    except redis.RedisError as error:
        logger.warning("Redis is away: %s", error)
        return None
