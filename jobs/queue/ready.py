"""`ready_at` of jobs and host queues: from when a planner's look at them is worth it.

It may be too early (the planner looks, finds nothing and puts it right), never too late.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Greatest, Least

from jobs.models import HostQueue, Job, Page
from jobs.models.page import PageStatus


def make_ready(job_ids: Collection[int], host_queue_ids: Collection[int], *, at: Combinable) -> None:
    """Have planners look at these host queues of these jobs again from `at` on. In a transaction; two queries or more.

    Where there are several, they are locked in the order in which everyone does so.
    """
    earlier = Least(Coalesce("ready_at", at), at)
    queues, jobs = HostQueue.objects.filter(pk__in=host_queue_ids), Job.objects.filter(pk__in=job_ids)
    if len(host_queue_ids) > 1:
        lock(queues)
    queues.update(ready_at=earlier)
    if len(job_ids) > 1:
        lock(jobs)
    jobs.update(ready_at=earlier)


def note_what_is_left(
    *,
    host_queue_ids: Collection[int],
    job_ids: Collection[int],
    now: datetime,
    not_before: Mapping[int, datetime] | None = None,
) -> None:
    """Put `ready_at` right after a look at `now`: when the next page waits, or null.

    `not_before` has, by host queue, until when its host is to be left alone.

    Jobs with more to give go to the back, just past `now`, so that the next look takes in others. Each row is locked
    before what it sums up is read: a retry that is being noted there would otherwise be overlooked, for good.
    """
    host_queue_ids = {*host_queue_ids, *(not_before or ())}
    lock(HostQueue.objects.filter(pk__in=host_queue_ids))
    next_page = Page.objects.filter(host_queue=OuterRef("pk"), status=PageStatus.PENDING).order_by("available_at")
    HostQueue.objects.filter(pk__in=host_queue_ids).update(ready_at=Subquery(next_page.values("available_at")[:1]))
    if not_before:
        latest = Case(*(When(pk=pk, then=Greatest("ready_at", until)) for pk, until in not_before.items()))
        HostQueue.objects.filter(pk__in=not_before, ready_at__isnull=False).update(ready_at=latest)
    lock(Job.objects.filter(pk__in=job_ids))
    next_host = HostQueue.objects.filter(job=OuterRef("pk"), ready_at__isnull=False).order_by("ready_at")
    Job.objects.filter(pk__in=job_ids).update(
        ready_at=Case(
            When(Exists(next_host.filter(ready_at__lte=now)), then=now + timedelta(milliseconds=1)),
            default=Subquery(next_host.values("ready_at")[:1]),
        )
    )


def lock(rows: QuerySet[HostQueue] | QuerySet[Job]) -> None:
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
