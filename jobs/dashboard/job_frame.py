"""What every tab of a job shows above itself."""

from typing import Any

from django.utils import timezone

from jobs.models import Job
from jobs.progress import pace

TABS = (
    ("Results", "dashboard:job"),
    ("Failures", "dashboard:job-failures"),
    ("Deliveries", "dashboard:job-deliveries"),
    ("Timeline", "dashboard:job-timeline"),
    ("Exports", "dashboard:job-exports"),
    ("Request", "dashboard:job-request"),
)
"""The tabs: a title, and the name of the address."""


def frame(job: Job) -> dict[str, Any]:
    """No query."""
    return {"job": job, "pace": pace(job, now=timezone.now()), "tabs": TABS}
