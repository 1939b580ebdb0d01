"""What may be done, by method and path: what each operation says of itself beside what its view says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.api.artifacts import PUBLIC_ID as ARTIFACT
from jobs.api.deliveries import PUBLIC_ID as DELIVERY
from jobs.api.events import LAST_EVENT_ID, read_sequence
from jobs.api.idempotency import HEADER, KEY
from jobs.api.pages import INDEX
from jobs.api.schedules import PUBLIC_ID as SCHEDULE
from jobs.api.schema import examples
from jobs.api.schema.shapes import ANYTHING, TEXT, listed, nullable, obj, ref, taken, told
from jobs.api.views import PUBLIC_ID as JOB
from jobs.artifacts.serving import EXTENSIONS
from jobs.exports import FORMATS
from jobs.reading import Schema

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is sent: a component, and one of its kind; or, of another type, content with its schema and example."""

    schema: str
    example: Any
    required: bool = True
    others: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A success. `content` has the schema and an example of each type that it may come as."""

    said: str
    content: Mapping[str, Any] = field(default_factory=dict)
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`errors` are the codes of failures that not every operation has; the rest is seen by what it takes."""

    name: str
    said: str
    more: str = ""
    body: Body | None = None
    answers: Mapping[int, Answer]
    errors: tuple[str, ...] = ()
    once: bool = False
    """Whether an `Idempotency-Key` is heeded."""
    open: bool = False
    """Whether it takes no API key."""
    headers: tuple[str, ...] = ()
    """Those that it takes besides."""


def answer(said: str, *headers: str, **members: tuple[Any, Any]) -> Answer:
    """JSON whose `members` have a schema and an example each."""
    schema = obj({"success": {"const": True}, **{name: shape for name, (shape, _) in members.items()}})
    example = {"success": True, **{name: one for name, (_, one) in members.items()}}
    return Answer(said=said, content={JSON: {"schema": schema, "example": example}}, headers=headers)


def files(*types: str) -> dict[str, Any]:
    """Content that is whatever its type says."""
    return {kind.partition(";")[0]: {"schema": schema_of(kind)} for kind in types}


def schema_of(kind: str) -> Schema:
    if kind == JSON:
        return ANYTHING
    return TEXT if kind.startswith("text/") else {"type": "string", "format": "binary"}


def page_of(name: str, kind: str, one: Any) -> Answer:
    """A part of a list."""
    count = {"type": "integer", "minimum": 0}
    members = {name: (listed(ref(kind)), [one]), "total": (count, 1), "limit": (count, 20), "offset": (count, 0)}
    return answer("Newest first.", **members)


job, with_results = (ref("Job"), examples.JOB), (ref("JobWithResults"), examples.JOB)
results = listed(ref("Result")), [examples.RESULT, examples.FAILED]
MADE = answer("The job that was made.", "Location", job=job)
SINGLE = {
    200: answer(
        "The page has ended, well or not.",
        job=(ref("Job"), examples.ENDED),
        result=({"anyOf": [ref("FullResult"), {"type": "null"}]}, examples.FULL_RESULT),
    ),
    202: answer("It takes longer.", "Location", "Retry-After", job=job, result=({"type": "null"}, None)),
}
schedule, delivery, run = (
    answer("The schedule.", schedule=(ref("Schedule"), examples.SCHEDULE)),
    answer("The delivery.", delivery=(ref("Delivery"), examples.DELIVERY)),
    answer("What came of the run.", run=(ref("ScheduleRun"), examples.RUN)),
)
EVENT = {
    "oneOf": [
        obj(
            {
                "id": TEXT,
                "event": {"const": kind},
                "data": {"type": "string", "contentMediaType": JSON, "contentSchema": ref(schema)},
            }
        )
        for kind, schema in (("page", "Result"), ("progress", "JobProgress"), ("end", "Job"))
    ]
}
"""Of a stream of events, one."""
PROGRESSED = {
    "id": "7",
    "event": "progress",
    "data": '{"status": "running", "totalUrls": 50, "completedUrls": 6, "failedUrls": 1, "cancelledUrls": 0}',
}

FILES_OF_URLS: Mapping[str, Any] = {
    "application/x-ndjson": {
        "schema": told(TEXT, "A `JobUrl`, or a URL as a string, per line."),
        "example": examples.NDJSON,
    },
    "text/csv": {"schema": told(TEXT, "Columns `url`, `reference`, `selectors`, `options`."), "example": examples.CSV},
    "multipart/form-data": {
        "schema": taken({"job": ref("JobOfFile"), "urls": {"type": "string", "format": "binary"}}, "job", "urls"),
        "example": {"job": {"selectors": examples.SELECTORS}, "urls": examples.CSV},
        "encoding": {"job": {"contentType": JSON}, "urls": {"contentType": "application/x-ndjson, text/csv"}},
    },
}

OPERATIONS: Mapping[str, Operation] = {
    "POST /v1/jobs": Operation(
        name="createJob",
        said="Make a job",
        more="With `dryRun` nothing is made, and it is told what would run. The URLs may come as a file; the rest of "
        "the request is then a part of the form, or the parameter `job`.",
        body=Body(schema="JobRequest", example=examples.JOB_REQUEST, others=FILES_OF_URLS),
        answers={201: MADE, 200: answer("What would run.", dryRun=(ref("DryRun"), examples.DRY_RUN))},
        errors=("insufficient_credits", "idempotency_conflict"),
        once=True,
    ),
    "GET /v1/jobs": Operation(
        name="listJobs", said="List jobs, without results", answers={200: page_of("jobs", "Job", examples.JOB)}
    ),
    "GET /v1/jobs/{id}": Operation(
        name="getJob",
        said="Look at a job and its first results, or wait for its end",
        answers={
            200: answer(
                "The job. A live one comes with `Retry-After`.",
                "Retry-After",
                job=(ref("JobWithResults"), {**examples.JOB, "results": [examples.RESULT], "resultsNext": None}),
            )
        },
    ),
    "DELETE /v1/jobs/{id}": Operation(
        name="cancelJob",
        said="Cancel a live job",
        answers={200: answer("The job.", job=(ref("JobWithResults"), {**examples.ENDED, "status": "cancelled"}))},
        errors=("job_already_finished",),
    ),
    "GET /v1/jobs/{id}/results": Operation(
        name="getResults",
        said="Page through a job's results, or have all in a file",
        answers={
            200: Answer(
                said="A page of results, or a file of all.",
                content={
                    JSON: {
                        "schema": obj({"success": {"const": True}, "results": results[0], "next": nullable(TEXT)}),
                        "example": {"success": True, "results": results[1], "next": None},
                    },
                    **files(*(each.content_type for each in FORMATS.values())),
                },
                headers=("Retry-After", "Content-Disposition", "Content-Encoding", "Vary"),
            )
        },
        errors=("job_not_finished",),
    ),
    "GET /v1/jobs/{id}/events": Operation(
        name="getEvents",
        said="Hear what happens in a job, as server-sent events",
        more="`page` has a `Result`, `progress` a `JobProgress`, and `end`, the last one, a `Job`. `id` is the "
        "sequence of the page that ended last: who comes back with it hears all that came after.",
        answers={
            200: Answer(
                said="Events, until the job has ended.",
                content={"text/event-stream": {"schema": EVENT, "example": PROGRESSED}},
                headers=("Cache-Control",),
            )
        },
        headers=(LAST_EVENT_ID,),
    ),
    "GET /v1/jobs/{id}/pages/{index}": Operation(
        name="getPage",
        said="Look at one URL of a job, whatever became of it",
        answers={200: answer("The page.", page=(ref("Page"), examples.PAGE))},
    ),
    "POST /v1/jobs/{id}/retry": Operation(
        name="retryJob",
        said="Try the failed URLs of an ended job again, as a new job",
        body=Body(schema="Nothing", example={}, required=False),
        answers={201: MADE},
        errors=("insufficient_credits", "idempotency_conflict", "job_not_finished", "nothing_failed"),
        once=True,
    ),
    "POST /v1/jobs/{id}/purge": Operation(
        name="purgeJob",
        said="Delete an ended job and all that was kept of it",
        body=Body(schema="Nothing", example={}, required=False),
        answers={200: answer("It is gone.", purged=(obj({"id": TEXT}), {"id": examples.JOB["id"]}))},
        errors=("idempotency_conflict", "job_not_finished"),
        once=True,
    ),
    "POST /v1/jobs/{id}/reextract": Operation(
        name="reextractJob",
        said="Read other fields of the pages that were kept of a job, as a new job",
        body=Body(schema="ReextractRequest", example=examples.REEXTRACT_REQUEST),
        answers={201: MADE},
        errors=("idempotency_conflict", "job_not_finished", "nothing_kept"),
        once=True,
    ),
    "GET /v1/jobs/{id}/deliveries": Operation(
        name="listDeliveries",
        said="See what became of a job's webhooks",
        answers={200: page_of("deliveries", "Delivery", examples.DELIVERY)},
    ),
    "GET /v1/deliveries/{id}": Operation(name="getDelivery", said="Look at a delivery", answers={200: delivery}),
    "POST /v1/deliveries/{id}/resend": Operation(
        name="resendDelivery",
        said="Send a delivery again",
        answers={200: delivery},
        errors=("idempotency_conflict",),
        once=True,
    ),
    "POST /v1/webhooks/test": Operation(
        name="testWebhook",
        said="Try an endpoint with an event that means nothing",
        body=Body(schema="TestDeliveryRequest", example=examples.TEST_DELIVERY_REQUEST),
        answers={201: delivery},
        errors=("idempotency_conflict",),
        once=True,
    ),
    "POST /v1/scrape": Operation(
        name="scrape",
        said="Scrape one URL, and wait for its result",
        body=Body(schema="ScrapeRequest", example=examples.SCRAPE_REQUEST),
        answers=SINGLE,
        errors=("insufficient_credits", "idempotency_conflict"),
        once=True,
    ),
    "POST /v1/preview": Operation(
        name="preview",
        said="Try rules on HTML or on a URL, and have them explained",
        body=Body(schema="PreviewRequest", example=examples.PREVIEW_REQUEST),
        answers=SINGLE,
        errors=("insufficient_credits", "idempotency_conflict"),
        once=True,
    ),
    "POST /v1/schedules": Operation(
        name="createSchedule",
        said="Make a schedule",
        body=Body(schema="ScheduleRequest", example=examples.SCHEDULE_REQUEST),
        answers={201: answer("The schedule.", "Location", schedule=(ref("Schedule"), examples.SCHEDULE))},
        errors=("idempotency_conflict",),
        once=True,
    ),
    "GET /v1/schedules": Operation(
        name="listSchedules",
        said="List schedules",
        answers={200: page_of("schedules", "Schedule", examples.SCHEDULE)},
    ),
    "GET /v1/schedules/{id}": Operation(name="getSchedule", said="Look at a schedule", answers={200: schedule}),
    "PATCH /v1/schedules/{id}": Operation(
        name="changeSchedule",
        said="Change what is given of a schedule",
        body=Body(schema="ScheduleChanges", example=examples.SCHEDULE_CHANGES),
        answers={200: schedule},
    ),
    "DELETE /v1/schedules/{id}": Operation(
        name="endSchedule", said="End a schedule; its jobs stay", answers={200: schedule}
    ),
    "POST /v1/schedules/{id}/pause": Operation(name="pauseSchedule", said="Pause a schedule", answers={200: schedule}),
    "POST /v1/schedules/{id}/resume": Operation(
        name="resumeSchedule", said="Let a schedule go on", answers={200: schedule}
    ),
    "POST /v1/schedules/{id}/run": Operation(
        name="runSchedule",
        said="Run a schedule now",
        answers={201: run},
        errors=("idempotency_conflict",),
        once=True,
    ),
    "GET /v1/schedules/{id}/runs": Operation(
        name="listRuns",
        said="See what became of a schedule's runs",
        answers={200: page_of("runs", "ScheduleRun", examples.RUN)},
    ),
    "GET /v1/usage": Operation(
        name="getUsage",
        said="See what the account has used, and has left",
        answers={200: answer("Usage.", usage=(ref("Usage"), examples.USAGE))},
    ),
    "GET /v1/artifacts/{id}": Operation(
        name="getArtifact",
        said="Download a file that was made of a page",
        answers={
            200: Answer(
                said="The file.",
                content=files(*EXTENSIONS),
                headers=("ETag", "Content-Disposition", "Content-Encoding", "Cache-Control", "Vary"),
            ),
            304: Answer(said="It is the one whose `ETag` was sent.", headers=("ETag", "Cache-Control", "Vary")),
        },
        headers=("If-None-Match",),
    ),
    "GET /v1/openapi.json": Operation(
        name="getDocument",
        said="This document",
        answers={200: Answer(said="OpenAPI 3.1.", content={JSON: {"schema": {"type": "object"}}})},
        open=True,
    ),
}

IDS: Mapping[str, str] = {
    "jobs": JOB.pattern,
    "artifacts": ARTIFACT.pattern,
    "deliveries": DELIVERY.pattern,
    "schedules": SCHEDULE.pattern,
}
"""What an id looks like, by the first part of a path."""
INDEX_PATTERN = INDEX.pattern

REQUEST_HEADERS: dict[str, Any] = {
    HEADER: {
        "description": "The same request under the same key is done once, within 24 hours, and answered as at first.",
        "schema": {"type": "string", "pattern": f"^{KEY.pattern}$", "maxLength": 255},
    },
    LAST_EVENT_ID: {"description": "The last `id` that was heard.", "schema": read_sequence.schema},
    "If-None-Match": {"description": "An `ETag` that is known.", "schema": TEXT},
}
