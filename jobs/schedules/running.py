"""Makes the jobs of schedules that are due. Any number of clocks may do so at once."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.db import transaction

from jobs.intake import JobRequest, Refusal, Wanted, create_job, queueing, refuse_many_test_urls
from jobs.models import Account, Job, Schedule, ScheduleRun
from jobs.options import options_of
from jobs.queue.clock import database_now
from jobs.schedules.cron import next_run
from jobs.secrets import opened
from jobs.webhooks.events import record_schedule_event
from scraping.egress import check
from scraping.errors import ScrapeError, UrlError

logger = logging.getLogger(__name__)

SCHEDULES_AT_ONCE = 20
LONGEST_REASON = 500


@transaction.atomic
def make(account: Account, columns: Mapping[str, Any]) -> Schedule:
    """A new schedule, due at its next time. Queries. Raises: TooManyTestUrls."""
    schedule = Schedule.objects.create(account=account, created_at=database_now(), **columns)
    check_size(schedule)
    plan_next(schedule)
    return schedule


@transaction.atomic
def change(schedule: Schedule, columns: Mapping[str, Any]) -> Schedule:
    """Change what is given; when it is due next is found anew. Queries. Raises: TooManyTestUrls."""
    Schedule.objects.filter(pk=schedule.pk).update(**columns)
    schedule.refresh_from_db()
    check_size(schedule)
    plan_next(schedule)
    return schedule


def check_size(schedule: Schedule) -> None:
    if schedule.test:
        refuse_many_test_urls(len(orjson.loads(schedule.urls)))


def run_due_schedules() -> int:
    """Run a few of the schedules that are due; how many. Queries, in a transaction each.

    Times that passed while no clock was there are made up for by a single run.
    """
    due = list(Schedule.objects.due().order_by("next_at").values_list("pk", flat=True)[:SCHEDULES_AT_ONCE])
    return sum(map(run_if_due, due))


@transaction.atomic
def run_if_due(schedule_id: int) -> bool:
    """False if another clock was faster, or it has been paused or deleted meanwhile."""
    due = (
        Schedule.objects.due().select_related("account").select_for_update(no_key=True, skip_locked=True, of=("self",))
    )
    schedule = due.filter(pk=schedule_id).first()
    if schedule is None:
        return False
    run = run_once(schedule, due_at=schedule.next_at)
    logger.info("Schedule %s: %s, %s", schedule.public_id, run.status, run.job_public_id or run.reason)
    plan_next(schedule)
    return True


@transaction.atomic
def run_now(schedule: Schedule, *, test: bool = False) -> ScheduleRun:
    """Run it beside its times, perhaps as a test. It is skipped like any other run while the last one goes on."""
    locked = Schedule.objects.select_related("account").select_for_update(no_key=True, of=("self",)).get(pk=schedule.pk)
    return run_once(locked, due_at=None, test=test)


def plan_next(schedule: Schedule) -> None:
    """Note when it is due next, from now on. One query for the time, one to note it."""
    now = database_now()
    schedule.next_at = None if schedule.paused else next_run(schedule.cron, schedule.timezone, after=now)
    Schedule.objects.filter(pk=schedule.pk).update(next_at=schedule.next_at)


def run_once(schedule: Schedule, *, due_at: datetime | None, test: bool = False) -> ScheduleRun:
    """Make the job, unless the last one is still live, and write down what came of it. In a transaction."""
    run = ScheduleRun(schedule=schedule, due_at=due_at, status=ScheduleRun.Status.STARTED)
    try:
        if last := live_job(schedule):
            run.status = ScheduleRun.Status.SKIPPED
            run.reason = f"The job of the run before, {last.public_id}, is still {last.status}."
        else:
            run.job = create_job(account=schedule.account, request=request_of(schedule, test=test or schedule.test))
            run.job_public_id = run.job.public_id
    except (Refusal, UrlError, ScrapeError) as error:
        run.status, run.reason = ScheduleRun.Status.FAILED, str(error)[:LONGEST_REASON]
    run.save()
    record_schedule_event(run)
    return run


def live_job(schedule: Schedule) -> Job | None:
    """The job of an earlier run that has not ended. One query."""
    return Job.objects.live().filter(pk__in=schedule.runs.exclude(job=None).order_by("-id").values("job")[:1]).first()


def request_of(schedule: Schedule, *, test: bool) -> JobRequest:
    """What the schedule asks for, judged anew: what could be visited when it was made may be forbidden now.

    Raises: UrlError, ScrapeError.
    """
    return JobRequest(
        name=schedule.job_name,
        wanted=[Wanted(check(url, settings.EGRESS_POLICY)) for url in orjson.loads(schedule.urls)],
        selectors=schedule.selectors,
        options=schedule.options,
        metadata=schedule.metadata,
        webhook=schedule.webhook,
        sealed_webhook=schedule.sealed_webhook,
        secrets=opened(schedule.sealed_options),
        free=test,
        test=test,
        **queueing(options_of(schedule)),
    )
