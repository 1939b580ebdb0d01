"""How fast a job goes, and when it may be done."""

from datetime import datetime
from typing import NamedTuple

from jobs.models import Job


class Pace(NamedTuple):
    """URLs ended in a minute since the job started, and how long the rest takes at that rate."""

    per_minute: float
    left_ms: int


def pace(job: Job, *, now: datetime) -> Pace | None:
    """None where there is nothing to go by yet, or nothing left."""
    if not (job.live and job.started_at and job.ended_urls and job.open_urls):
        return None
    took_s = max((now - job.started_at).total_seconds(), 1)
    return Pace(60 * job.ended_urls / took_s, int(1_000 * took_s * job.open_urls / job.ended_urls))
