"""What webhooks are sent, and what endpoints answer."""

from typing import Any

from jobs.api.schema import examples
from jobs.api.schema.answers import METADATA, RUN
from jobs.api.schema.shapes import COUNT, TEXT, TIME, nullable, obj, ref, told
from jobs.models.job import JobStatus
from jobs.webhooks.events import JOB_EVENTS, SCHEDULE_EVENT, TEST_EVENT
from jobs.webhooks.posting import TIMEOUT_S

ALWAYS = ("statusCode", "finalUrl", "duration", "attempts")
URL_METADATA = obj({name: METADATA["properties"][name] for name in ALWAYS})
URL_DATA = {"jobId": TEXT, "url": TEXT, "index": COUNT, "reference": TEXT, "metadata": URL_METADATA}

URL_EXAMPLE = {
    "jobId": examples.JOB["id"],
    "url": examples.RESULT["url"],
    "index": 0,
    "results": examples.RESULT["data"],
    "metadata": examples.RESULT_METADATA,
}
SAID_OF_JOBS = {
    "job.completed": "Every URL of a job has ended, and at least one has succeeded.",
    "job.failed": "A job has ended, and no URL has succeeded.",
    "job.cancelled": "A job was cancelled.",
}
STATUS_OF = {kind: status for status, kind in reversed(JOB_EVENTS.items())}

Data = tuple[str, dict[str, Any], dict[str, Any]]
"""What an event says, the schema of its data, and an example of that."""


def job_event(kind: str) -> Data:
    job = {**examples.ENDED, "status": JobStatus(STATUS_OF[kind]).value}
    return (SAID_OF_JOBS[kind], obj({"jobId": TEXT, "job": ref("Job")}), {"jobId": job["id"], "job": job})


KINDS: dict[str, Data] = {
    "scrape.completed": (
        "A URL has succeeded.",
        obj({**URL_DATA, "results": {"type": "object", "additionalProperties": True}}, optional=["reference"]),
        URL_EXAMPLE,
    ),
    "scrape.failed": (
        "A URL has failed, after its retries.",
        obj({**URL_DATA, "results": {"type": "null"}, "error": ref("PageError")}, optional=["reference"]),
        {**URL_EXAMPLE, "results": None, "error": examples.PAGE_ERROR},
    ),
    **{kind: job_event(kind) for kind in SAID_OF_JOBS},
    SCHEDULE_EVENT: (
        "A schedule was due, or was run by hand.",
        obj(
            {
                "scheduleId": TEXT,
                "status": RUN["properties"]["status"],
                "jobId": nullable(TEXT),
                "dueAt": nullable(TIME),
                "reason": nullable(TEXT),
            }
        ),
        {
            "scheduleId": examples.SCHEDULE["id"],
            **{name: said for name, said in examples.RUN.items() if name != "ranAt"},
        },
    ),
    TEST_EVENT: (
        "A test that was asked for by `POST /v1/webhooks/test`.",
        obj({"message": TEXT}),
        {"message": "This is a test: your endpoint can be reached."},
    ),
}

HEADERS = {
    "X-Scrpy-Event": "The kind of event.",
    "X-Scrpy-Signature": "`sha256=` and the body's HMAC-SHA256 in hex, under the account's secret as it is written.",
    "X-Scrpy-Signature-Previous": "The same under the secret before, for a day after a roll.",
    "X-Scrpy-Timestamp": "When it was sent, in Unix seconds.",
    "webhook-id": "The event's id, the same at each try.",
    "webhook-timestamp": "When it was sent, in Unix seconds.",
    "webhook-signature": "By the Standard Webhooks specification.",
}
"""What signs a delivery, in two schemes."""
OPTIONAL = ("X-Scrpy-Signature-Previous",)


def name_of(kind: str) -> str:
    """As a component: `JobCompletedEvent`."""
    return "".join(part.capitalize() for part in kind.split(".")) + "Event"


EVENTS: dict[str, Any] = {
    name_of(kind): told(
        obj(
            {"id": TEXT, "event": {"const": kind}, "timestamp": TIME, "data": data, "metadata": ref("Metadata")},
            optional=("metadata",),
        ),
        said,
    )
    for kind, (said, data, _) in KINDS.items()
}


def webhook(kind: str) -> dict[str, Any]:
    said, _, example = KINDS[kind]
    sent = {"id": "evt_9x0q4m2k7hz1c5vb8n3t", "event": kind, "timestamp": "2024-01-15T10:31:00Z", "data": example}
    parameters = [
        {"name": name, "in": "header", "required": name not in OPTIONAL, "description": text, "schema": TEXT}
        for name, text in HEADERS.items()
    ]
    return {
        "post": {
            "operationId": name_of(kind)[0].lower() + name_of(kind)[1:],
            "summary": said,
            "tags": ["webhooks"],
            "parameters": parameters,
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": ref(name_of(kind)), "example": sent}},
            },
            "responses": {
                "2XX": {
                    "description": f"Taken. Whatever else comes, or nothing within {TIMEOUT_S:g} s, is tried again."
                },
                "410": {"description": "The endpoint is gone: it is not tried again."},
            },
        }
    }


WEBHOOKS = {kind: webhook(kind) for kind in KINDS}
