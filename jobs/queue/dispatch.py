"""From waiting pages to claimed runs: read, plan, claim, and ring once that is committed.

Two planners at once would break every cap, so one lock serialises them. A planner never waits for a page that
someone else holds, and takes its other locks in the common order: pages, host queues, jobs.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import Now

from jobs.models import Account, Job, Page, Worker
from jobs.models.page import PageStatus
from jobs.queue import bell
from jobs.queue.clock import database_now
from jobs.queue.hosts import keep_pace, paces_of
from jobs.queue.leases import QUEUED_LEASE, call_back, expire
from jobs.queue.lock import planners_lock
from jobs.queue.moves import move_all
from jobs.queue.plan import MANY, Flight, Holder, Run, Waiting, capacity, over_share, plan
from jobs.queue.ready import note_what_is_left

logger = logging.getLogger(__name__)

JOBS_READ, URGENT_READ, NEWCOMERS_READ, HOSTS_READ = 16, 16, 16, 8
"""How many jobs one look takes in (those that have waited longest), how many more that are most urgent, and of accounts
and jobs that have nothing in flight, and how many hosts of each, or more while few jobs have to fill many lanes."""
MOST_ROUNDS = 4
"""Jobs that were looked at go to the back, so what one dispatch does not reach the next one does."""


def try_dispatch() -> None:
    """Dispatch; if the database refuses, leave it to the clock, which does so every second."""
    try:
        dispatch()
    except DatabaseError:
        logger.exception("Could not dispatch; the clock will")


def dispatch() -> int:
    """Claim runs for all free lanes and ring for them; how many. Queries, in short transactions, and sends."""
    began = database_now()
    claimed = 0
    for _ in range(MOST_ROUNDS):
        tokens, more = dispatch_once(now=began)
        claimed += len(tokens)
        if unheard := bell.ring_runs(tokens):
            expire(Q(token__in=unheard))
        if unheard or not more:
            break
    return claimed


def until_next_ready() -> timedelta | None:
    """How long it is until the next job has a page to give, of those that have none now; None if there is none.

    One query.
    """
    now = database_now()
    next_at: datetime | None = Job.objects.filter(ready_at__gt=now).aggregate(at=Min("ready_at"))["at"]
    return None if next_at is None else next_at - now


def dispatch_once(*, now: datetime) -> tuple[list[UUID], bool]:
    """One look, one plan, its claims: the tokens of the runs, and whether another look could find more.

    `now` is the database's time when the dispatch began: what it has looked at is ready again after that only.
    """
    if not Job.objects.filter(ready_at__lte=now).exists():
        return [], False
    make_room(now=now)
    with planners_lock():
        slots, flights = live_slots(), in_flight()
        room = capacity(slots) - runs_in(flights)
        if room <= 0:
            return [], False
        jobs = jobs_to_look_at(flights, full_accounts(flights), now=now)
        waiting = waiting_hosts(jobs, flights, now=now, room=room)
        paces = paces_of(waiting, jobs, now=now)
        free = [replace(one, paced=pace.delayed) for one, pace in zip(waiting, paces, strict=True) if pace.is_due(now)]
        runs = plan(slots=slots, waiting=free, flights=flights, host_most=settings.SCRPY_HOST_CONCURRENCY)
        claims = [(run, token) for run in runs if (token := claim(run, now=now))]
        not_before = keep_pace(waiting, paces, [run for run, _ in claims], now=now)
        looked_at = {run.host_queue for run in runs}
        note_what_is_left(host_queue_ids=looked_at, job_ids=[job.pk for job in jobs], now=now, not_before=not_before)
    return [token for _, token in claims], bool(jobs) and len(claims) < room


def live_slots() -> int:
    """How many pages all live workers together want at once."""
    return Worker.objects.live().aggregate(slots=Sum("target"))["slots"] or 0


def runs_in(flights: Sequence[Flight]) -> int:
    return sum(flight.runs for flight in flights)


def in_flight() -> list[Flight]:
    """What is claimed, by host queue. Reads only claimed pages, of which there are few."""
    rows = (
        Page.objects.filter(token__isnull=False)
        .values_list("job__account", "job", "host_queue")
        .annotate(runs=Count("token", distinct=True), queued=Count("pk", filter=Q(status=PageStatus.QUEUED)))
        .values_list("job__account", "job", "host_queue", "runs", "queued", "job__priority", "host_queue__host")
    )
    return [Flight(*row) for row in rows]


def full_accounts(flights: Sequence[Flight]) -> list[int]:
    """Those that have as many runs in flight as they may. One query, or none."""
    runs: Counter[int] = Counter()
    for flight in flights:
        runs[flight.account] += flight.runs
    return [account.pk for account in Account.objects.filter(pk__in=runs) if runs[account.pk] >= account.page_limit]


def ready_jobs(full: Sequence[int], *, now: datetime) -> QuerySet[Job]:
    """Those that may have a page to give, of accounts that may take one."""
    return Job.objects.filter(ready_at__lte=now).exclude(account__in=full).select_related("account")


def jobs_to_look_at(flights: Sequence[Flight], full: Sequence[int], *, now: datetime) -> list[Job]:
    """The jobs that have waited longest, the most urgent, and some of accounts that have nothing in flight.

    At most three queries.
    """
    ready = ready_jobs(full, now=now).order_by("ready_at", "pk")
    longest = list(ready[:JOBS_READ])
    if len(longest) < JOBS_READ:
        return longest
    urgent = ready.order_by("-priority", "ready_at", "pk")[:URGENT_READ]
    newcomers = ready.exclude(account__in={flight.account for flight in flights})[:NEWCOMERS_READ]
    return list({job.pk: job for job in (*longest, *urgent, *newcomers)}.values())


def starving_jobs(flights: Sequence[Flight], full: Sequence[int], *, now: datetime) -> list[Job]:
    """Jobs that wait while they have nothing in flight."""
    ready = ready_jobs(full, now=now).exclude(pk__in={flight.job for flight in flights})
    return list(ready.order_by("-priority", "ready_at", "pk")[:NEWCOMERS_READ])


def waiting_hosts(jobs: Sequence[Job], flights: Sequence[Flight], *, now: datetime, room: int = 0) -> list[Waiting]:
    """The hosts of these jobs that have waited longest and are below their limit: enough for `room`. One query."""
    if not jobs:
        return []
    limits = {job.pk: job.host_concurrency for job in jobs}
    hosts = max(HOSTS_READ, room // len(jobs))
    full = [flight.host_queue for flight in flights if flight.runs >= limits.get(flight.job, 1)] or [0]
    one = (  # a limit per job: SQLite has no LATERAL, and Django no sliced unions there
        "SELECT * FROM (SELECT id, job_id, host FROM jobs_hostqueue WHERE job_id = %s AND ready_at <= %s"  # noqa: S608
        f" AND id NOT IN ({', '.join(['%s'] * len(full))}) ORDER BY ready_at, id LIMIT {hosts}) AS host"
    )
    parameters: list[int | datetime] = []
    for job in jobs:
        parameters += [job.pk, now, *full]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([one] * len(jobs)), parameters)
        rows = cursor.fetchall()
    by_id = {job.pk: job for job in jobs}
    return [waiting_at(host_queue, host, by_id[job]) for host_queue, job, host in rows]


def waiting_at(host_queue: int, host: str, job: Job) -> Waiting:
    return Waiting(
        job.account_id,
        job.pk,
        host_queue,
        job.host_concurrency,
        job.open_urls,
        job_limit=job.concurrency or MANY,
        account_most=job.account.page_limit,
        priority=job.priority,
        host="" if job.reads_kept else host,
    )


def claim(run: Run, *, now: datetime) -> UUID | None:
    """Claim up to `run.length` pages of a host queue under a new token; None if there was none to claim."""
    due = Page.objects.filter(host_queue=run.host_queue, status=PageStatus.PENDING, available_at__lte=now)
    rows = due.order_by("available_at", "index").select_for_update(no_key=True, skip_locked=True)
    token = uuid4()
    claimed = move_all(
        list(rows.values_list("pk", flat=True)[: run.length]),
        PageStatus.QUEUED,
        token=token,
        lease_expires_at=Now() + QUEUED_LEASE,
    )
    return token if claimed else None


def make_room(*, now: datetime) -> None:
    """When no lane is free and jobs wait that have nothing in flight: call back what others hold above their share.

    Only pages that have not started; the lanes that hold them come free after the page that they are at. Not in the
    transaction that claims: this one ends with locks of jobs, that one begins with pages.
    """
    with planners_lock():
        slots, flights = live_slots(), in_flight()
        if 0 < slots <= runs_in(flights):
            jobs = starving_jobs(flights, full_accounts(flights), now=now)
            starving = waiting_hosts(jobs, flights, now=now)
            room = capacity(slots) - runs_in(flights)
            if over := over_share(starving=starving, flights=flights, room=room):
                claimed = Page.objects.filter(job__in=over, token__isnull=False)
                call_back(claimed.exclude(token__in=runs_to_leave(claimed, over)))


def runs_to_leave(claimed: QuerySet[Page], over: Mapping[int, Holder]) -> list[UUID | None]:
    """A run of each holder that has none which has started: the first. One query."""
    first: dict[Holder, UUID | None] = {}
    started: set[Holder] = set()
    for job, token, status in claimed.order_by("pk").values_list("job", "token", "status"):
        first.setdefault(over[job], token)
        if status == PageStatus.RUNNING:
            started.add(over[job])
    return [token for holder, token in first.items() if holder not in started]
