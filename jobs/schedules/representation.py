"""How schedules and their runs look outside."""

from datetime import datetime
from typing import Any

import orjson
from django.conf import settings

from jobs.models import Schedule, ScheduleRun
from jobs.queue.clock import database_now
from jobs.representation import as_text
from jobs.schedules.cron import next_runs

RUNS_FORESEEN = 5


def schedule_as_dict(schedule: Schedule) -> dict[str, Any]:
    """With its next times and its last run. Two queries."""
    last = schedule.runs.order_by("-id").first()
    return {
        "id": schedule.public_id,
        "name": schedule.name,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "paused": schedule.paused,
        **({"test": True} if schedule.test else {}),
        "createdAt": as_text(schedule.created_at),
        "nextRunAt": as_text(schedule.next_at),
        "nextRuns": [as_text(time) for time in foreseen(schedule)],
        "lastRun": run_as_dict(last) if last else None,
        "job": job_of(schedule),
    }


def foreseen(schedule: Schedule) -> list[datetime]:
    """The next times at which it is due. One query; none while it is paused."""
    if schedule.paused:
        return []
    return next_runs(schedule.cron, schedule.timezone, after=database_now(), count=RUNS_FORESEEN)


def job_of(schedule: Schedule) -> dict[str, Any]:
    """The job that it asks for, without what is secret of it."""
    return {
        "name": schedule.job_name,
        "urls": orjson.Fragment(schedule.urls),
        "selectors": orjson.Fragment(schedule.selectors),
        "options": orjson.Fragment(schedule.options),
        "metadata": orjson.Fragment(schedule.metadata),
        "webhook": orjson.Fragment(schedule.webhook) if schedule.webhook else None,
    }


def run_as_dict(run: ScheduleRun) -> dict[str, Any]:
    """`dueAt` is null for a run by hand; `jobId` names a job that may no longer be kept."""
    return {
        "dueAt": as_text(run.due_at),
        "ranAt": as_text(run.ran_at),
        "status": run.status,
        "jobId": run.job_public_id,
        "reason": run.reason,
    }


def schedule_url(schedule: Schedule) -> str:
    return f"{settings.SCRPY_PUBLIC_URL}/v1/schedules/{schedule.public_id}"
