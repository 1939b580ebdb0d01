"""How jobs and results look outside: one form for the API's answers and for webhooks.

What the user sent (selectors, options, metadata) and what was scraped are kept as JSON text and spliced in as
they are, byte for byte and in their order; a proxy's credentials are not in that text. The dicts made here are for
`orjson.dumps` alone.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings

from jobs.models import Job, Page
from jobs.models.page import PageStatus
from jobs.options import options_of


def job_as_dict(
    job: Job, *, results: Iterable[dict[str, Any]] | None = None, results_next: str | None = None
) -> dict[str, Any]:
    """The job as the contract shows it; `results` and `resultsNext` only where results are given, none or many."""
    head = {
        "id": job.public_id,
        "name": job.name,
        "status": job.status,
        "totalUrls": job.total_urls,
        "completedUrls": job.completed_urls,
        "failedUrls": job.failed_urls,
    }
    shown = {} if results is None else {"results": list(results)}
    tail = {
        "createdAt": as_text(job.created_at),
        "completedAt": as_text(job.completed_at),
        "cancelledUrls": job.cancelled_urls,
        **({"duplicatesDropped": job.duplicates_dropped} if options_of(job).deduplicate else {}),
        "creditsUsed": job.credits_used,
        "metadata": orjson.Fragment(job.metadata),
        "webhook": orjson.Fragment(job.webhook) if job.webhook else None,
        "options": orjson.Fragment(job.options),
        "selectors": orjson.Fragment(job.selectors),
        "startedAt": as_text(job.started_at),
    }
    more = {} if results is None else {"resultsNext": results_next}
    return head | shown | tail | more


def result_as_dict(page: Page) -> dict[str, Any]:
    """A finished page: its data, or why there is none."""
    return {
        "url": page.url,
        "data": None if page.data is None else orjson.Fragment(page.data),
        **({"error": error_as_dict(page)} if page.status == PageStatus.FAILED else {}),
        "index": page.index,
        "metadata": {
            "statusCode": page.status_code,
            "finalUrl": page.final_url,
            "duration": page.duration_ms,
            "attempts": page.attempts,
            **({"blockedRequests": page.blocked_requests} if page.blocked_requests else {}),
            **({"fields": orjson.Fragment(page.reports)} if page.reports else {}),
            **({"truncated": orjson.Fragment(page.truncated)} if page.truncated else {}),
        },
    }


def error_as_dict(page: Page) -> dict[str, Any]:
    return {"code": page.error_code, "message": page.error_message, "retryable": page.error_retryable}


def job_url(job: Job) -> str:
    return f"{settings.SCRPY_PUBLIC_URL}/v1/jobs/{job.public_id}"


def as_text(time: datetime | None) -> str | None:
    """A time as `2024-01-15T10:30:00Z`: UTC, whole seconds."""
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
