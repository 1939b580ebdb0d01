"""How jobs and results look outside: one form for the API's answers and for webhooks.

What the user sent (selectors, options, metadata) and what was scraped are kept as JSON text and spliced in as
they are, byte for byte and in their order; a proxy's credentials are not in that text. The dicts made here are for
`orjson.dumps` alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings

from jobs.models import Artifact, Job, Page
from jobs.models.page import PageStatus
from jobs.options import options_of


@dataclass(slots=True)
class Result:
    """What results show of a page, by the names of its fields. To make an object of each would take five times as long,
    and to read its times and its trace as long as all the rest."""

    pk: int
    index: int
    sequence: int
    url: str
    reference: str | None
    status: str
    status_code: int | None
    final_url: str | None
    duration_ms: int | None
    attempts: int
    data: str | None
    truncated: str | None
    reports: str | None
    blocked_requests: int
    actions: str | None
    reused_from: datetime | None
    error_code: str | None
    error_message: str | None
    error_retryable: bool | None


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
        "kind": job.kind,
        **({"test": True} if job.test else {}),
        **({"sourceJobId": job.source.public_id} if job.source else {}),
    }
    more = {} if results is None else {"resultsNext": results_next}
    return head | shown | tail | more


def results_as_dicts(
    job: Job, pages: Sequence[Result | Page], *, fields: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Pages of a job, with all of their data or only these fields of it, which are then read.

    One query where outputs or actions may have made artifacts of them, else none.
    """
    asks_outputs = bool(options_of(job).fetch.outputs)
    made: dict[int, list[Artifact]] = defaultdict(list)
    if asks_outputs or any(page.actions for page in pages):
        for artifact in Artifact.objects.filter(page__in=[page.pk for page in pages], shown=True).order_by("pk"):
            made[artifact.page_id].append(artifact)
    return [result_as_dict(page, artifacts=made[page.pk], with_outputs=asks_outputs, fields=fields) for page in pages]


def result_as_dict(
    page: Result | Page,
    *,
    artifacts: Sequence[Artifact] = (),
    with_outputs: bool = False,
    fields: Sequence[str] | None = None,
) -> dict[str, Any]:
    """A finished page: its data, or why there is none, and what was made of it."""
    return {
        "url": page.url,
        "data": data_of(page, fields),
        **({"error": error_as_dict(page)} if page.status == PageStatus.FAILED else {}),
        **({"outputs": outputs_as_dict(artifacts)} if with_outputs else {}),
        "index": page.index,
        **({} if page.reference is None else {"reference": page.reference}),
        "metadata": {
            "statusCode": page.status_code,
            "finalUrl": page.final_url,
            "duration": page.duration_ms,
            "attempts": page.attempts,
            **({"reusedFrom": as_text(page.reused_from)} if page.reused_from else {}),
            **({"blockedRequests": page.blocked_requests} if page.blocked_requests else {}),
            **({"actions": actions_as_list(page.actions, artifacts)} if page.actions else {}),
            **({"fields": orjson.Fragment(page.reports)} if page.reports else {}),
            **({"truncated": orjson.Fragment(page.truncated)} if page.truncated else {}),
        },
    }


def page_as_dict(job: Job, page: Page) -> dict[str, Any]:
    """A page of whatever status: like a result, with what the queue knows of it. One query, or none."""
    (result,) = results_as_dicts(job, [page])
    return {
        "index": page.index,
        "status": page.status,
        **result,
        "sequence": page.sequence,
        "startedAt": as_text(page.started_at),
        "finishedAt": as_text(page.finished_at),
        "nextAttemptAt": as_text(page.available_at) if page.status == PageStatus.PENDING else None,
    }


def data_of(page: Result | Page, fields: Sequence[str] | None) -> object:
    """What the rules gave: as it is kept, or of it only some `fields`, in their order."""
    if page.data is None or fields is None:
        return None if page.data is None else orjson.Fragment(page.data)
    data = orjson.loads(page.data)
    return {name: data.get(name) for name in fields}


def outputs_as_dict(artifacts: Iterable[Artifact]) -> dict[str, dict[str, Any]]:
    return {one.output: artifact_as_dict(one) for one in artifacts if one.action is None}


def actions_as_list(actions: str, artifacts: Iterable[Artifact]) -> object:
    """What became of each action, with what it took."""
    taken = {one.action: artifact_as_dict(one) for one in artifacts if one.action is not None}
    if not taken:
        return orjson.Fragment(actions)
    return [
        {**report, "artifact": taken[index]} if index in taken else report
        for index, report in enumerate(orjson.loads(actions))
    ]


def artifact_as_dict(artifact: Artifact) -> dict[str, Any]:
    return {
        "id": artifact.public_id,
        "url": f"{settings.SCRPY_PUBLIC_URL}/v1/artifacts/{artifact.public_id}",
        "contentType": artifact.content_type,
        "bytes": artifact.bytes,
        "sha256": artifact.sha256,
    }


def error_as_dict(page: Result | Page) -> dict[str, Any]:
    return {"code": page.error_code, "message": page.error_message, "retryable": page.error_retryable}


def job_url(job: Job) -> str:
    return f"{settings.SCRPY_PUBLIC_URL}/v1/jobs/{job.public_id}"


def as_text(time: datetime | None) -> str | None:
    """A time as `2024-01-15T10:30:00Z`: UTC, whole seconds."""
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
