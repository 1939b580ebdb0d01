"""What is answered: jobs, results, and all else that `representation` modules make; and the one shape of a failure."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from jobs.api.errors import PROBLEMS, STATUSES
from jobs.api.schema.shapes import ANYTHING, COUNT, TEXT, TIME, TRUTH, choice, listed, nullable, obj, ref, told
from jobs.models.job import JobKind, JobStatus
from jobs.models.page import PageStatus
from jobs.models.schedule import RunStatus
from jobs.models.webhook import DeliveryStatus
from jobs.options.acting import KINDS
from jobs.webhooks.asked import EVENTS
from jobs.webhooks.events import TEST_EVENT
from scraping.acting.report import Status as ActionStatus
from scraping.errors import ScrapeError
from scraping.options import Output
from scraping.rules.evaluate import Report
from scraping.rules.evaluate import Status as FieldStatus


def leaves(error: type[ScrapeError] = ScrapeError) -> Iterator[type[ScrapeError]]:
    """All that can go wrong with one URL."""
    for child in error.__subclasses__():
        yield child
        yield from leaves(child)


PAGE_CODES = sorted({error.code for error in leaves()})
URL = told(TEXT, "The very string that was sent.")
MAYBE_TIME = nullable(TIME)
SELECTORS = told({"type": "object", "additionalProperties": True}, "The very `Selectors` that were sent.")
"""Not a reference: clients that are generated would read each rule anew, and some stumble over its `cast`."""
TEST = told(TRUTH, "True of what a test key made; not there otherwise.")

PROBLEM = obj(
    {
        "field": told(TEXT, "Where: `urls[3]`."),
        "code": choice(PROBLEMS),
        "message": TEXT,
        "line": told(COUNT, "Of a file of URLs, where it is wrong."),
    },
    optional=("line",),
)
ERROR = obj(
    {
        "success": {"const": False},
        "error": obj({"code": choice(STATUSES), "message": TEXT, "details": listed(ref("Problem"))}),
        "requestId": TEXT,
    }
)

PAGE_ERROR = obj({"code": choice(PAGE_CODES), "message": TEXT, "retryable": TRUTH})
FILE = {"id": TEXT, "url": TEXT, "contentType": TEXT, "bytes": COUNT, "sha256": TEXT}
ACTION_REPORT = obj(
    {
        "type": choice(KINDS),
        "status": choice(ActionStatus),
        "duration": told(COUNT, "In ms."),
        "reason": TEXT,
        "scrolls": COUNT,
        "items": COUNT,
        "stoppedBy": choice(("end", "limit", "maxScrolls", "timeout")),
        "value": told(ANYTHING, "What `evaluate` gave."),
        "artifact": ref("Artifact"),
    },
    optional=("reason", "scrolls", "items", "stoppedBy", "value", "artifact"),
)
REPORT_TYPES = {
    "status": choice(FieldStatus),
    "alternative": nullable(COUNT),
    "reason": nullable(TEXT),
    "elements": told(listed(COUNT), "Where what matched stands in the document, and in the output `elements`."),
}
FIELD_REPORT = obj({each.name: REPORT_TYPES.get(each.name, COUNT) for each in fields(Report)})
METADATA = obj(
    {
        "statusCode": told(nullable(COUNT), "Null where the site did not answer."),
        "finalUrl": nullable(TEXT),
        "duration": told(nullable(COUNT), "In ms."),
        "attempts": COUNT,
        "reusedFrom": told(TIME, "When the result was made that stands here instead of a visit."),
        "blockedRequests": COUNT,
        "actions": listed(ref("ActionReport")),
        "fields": {"type": "object", "additionalProperties": ref("FieldReport")},
        "truncated": told(listed(TEXT), "What was too long, and was cut."),
    },
    optional=("reusedFrom", "blockedRequests", "actions", "fields", "truncated"),
)
DATA = told({"type": ["object", "null"], "additionalProperties": True}, "By field; null if the URL failed.")


def outputs(file: str) -> dict[str, Any]:
    return {**obj({output.value: ref(file) for output in Output}, optional=Output), "additionalProperties": False}


RESULT = {
    "url": URL,
    "data": DATA,
    "error": ref("PageError"),
    "outputs": ref("Outputs"),
    "index": told(COUNT, "The place in `urls`."),
    "reference": told(TEXT, "Yours, if you gave one."),
    "metadata": ref("ResultMetadata"),
}
SOMETIMES = ("error", "outputs", "reference")

JOB = {
    "id": TEXT,
    "name": nullable(TEXT),
    "status": choice(JobStatus.values),
    "totalUrls": COUNT,
    "completedUrls": COUNT,
    "failedUrls": COUNT,
    "createdAt": TIME,
    "completedAt": told(MAYBE_TIME, "Null while the job is live."),
    "cancelledUrls": COUNT,
    "duplicatesDropped": told(COUNT, "With `deduplicate` alone."),
    "creditsUsed": COUNT,
    "metadata": ref("Metadata"),
    "webhook": {"anyOf": [TEXT, ref("Webhook"), {"type": "null"}]},
    "options": ref("Options"),
    "selectors": SELECTORS,
    "startedAt": MAYBE_TIME,
    "kind": choice(JobKind.values),
    "test": TEST,
    "sourceJobId": told(TEXT, "Of the job that is tried or read again."),
}
NOT_ALWAYS = ("duplicatesDropped", "test", "sourceJobId")
RESULTS = {
    "results": listed(ref("Result")),
    "resultsNext": told(nullable(TEXT), "Where the rest is, once the job has ended."),
}

RUN = obj(
    {
        "dueAt": told(MAYBE_TIME, "Null for a run by hand."),
        "ranAt": TIME,
        "status": choice(RunStatus.values),
        "jobId": nullable(TEXT),
        "reason": nullable(TEXT),
    }
)
SCHEDULED_JOB = obj(
    {
        "name": nullable(TEXT),
        "urls": listed(TEXT),
        "selectors": SELECTORS,
        "options": ref("Options"),
        "metadata": ref("Metadata"),
        "webhook": JOB["webhook"],
    }
)
SCHEDULE = obj(
    {
        "id": TEXT,
        "name": nullable(TEXT),
        "cron": TEXT,
        "timezone": TEXT,
        "paused": TRUTH,
        "test": TEST,
        "createdAt": TIME,
        "nextRunAt": MAYBE_TIME,
        "nextRuns": listed(TIME),
        "lastRun": {"anyOf": [ref("ScheduleRun"), {"type": "null"}]},
        "job": ref("ScheduledJob"),
    },
    optional=("test",),
)

DELIVERY = obj(
    {
        "id": TEXT,
        "event": choice((*EVENTS, TEST_EVENT)),
        "eventId": TEXT,
        "url": TEXT,
        "status": choice(DeliveryStatus.values),
        "attempts": listed(
            obj(
                {
                    "at": TIME,
                    "statusCode": told(nullable(COUNT), "Null where there was no answer."),
                    "duration": COUNT,
                    "excerpt": told(TEXT, "The beginning of the answer, or why there was none."),
                }
            )
        ),
        "nextAttemptAt": MAYBE_TIME,
    }
)

USAGE = obj(
    {
        "credits": obj({"available": nullable({"type": "integer"}), "reserved": COUNT, "unlimited": TRUTH}),
        "running": obj({"jobs": COUNT, "urls": COUNT}),
        "days": listed(
            obj(
                {
                    "date": {"type": "string", "format": "date"},
                    "completedUrls": COUNT,
                    "failedUrls": COUNT,
                    "creditsUsed": COUNT,
                }
            )
        ),
        "limits": obj(
            {
                "urlsPerJob": COUNT,
                "urlsPerUpload": COUNT,
                "liveJobs": COUNT,
                "urlsAtOnce": COUNT,
                "requestsOfKey": nullable(TEXT),
                "requestsOfAccount": nullable(TEXT),
                "testUrlsPerJob": COUNT,
                "testUrlsPerDay": COUNT,
                "retentionDays": COUNT,
            }
        ),
    }
)
DRY_RUN = obj(
    {
        "accepted": TRUTH,
        "totalUrls": COUNT,
        "duplicateUrls": COUNT,
        "refusedUrls": COUNT,
        "refused": listed(ref("Problem")),
        "totalHosts": COUNT,
        "hosts": listed(obj({"host": TEXT, "urls": COUNT})),
        "credits": obj({"needed": COUNT, "available": nullable({"type": "integer"})}),
    }
)

ANSWERS: dict[str, Any] = {
    "Error": ERROR,
    "Problem": PROBLEM,
    "Job": obj(JOB, optional=NOT_ALWAYS),
    "JobWithResults": obj({**JOB, **RESULTS}, optional=(*NOT_ALWAYS, *RESULTS)),
    "JobProgress": obj(
        {name: JOB[name] for name in ("status", "totalUrls", "completedUrls", "failedUrls", "cancelledUrls")}
    ),
    "Result": obj(RESULT, optional=SOMETIMES),
    "FullResult": told(
        obj({**RESULT, "outputs": outputs("FullArtifact")}, optional=SOMETIMES), "With the content of texts."
    ),
    "Page": obj(
        {
            **RESULT,
            "status": choice(PageStatus.values),
            "sequence": told(nullable(COUNT), "Its place among those that have ended."),
            "startedAt": MAYBE_TIME,
            "finishedAt": MAYBE_TIME,
            "nextAttemptAt": told(MAYBE_TIME, "While it waits."),
        },
        optional=SOMETIMES,
    ),
    "PageError": PAGE_ERROR,
    "Outputs": outputs("Artifact"),
    "Artifact": obj(FILE),
    "FullArtifact": obj(
        {**FILE, "content": told(ANYTHING, "Of texts: a string, or what the JSON says.")}, optional=("content",)
    ),
    "ResultMetadata": METADATA,
    "ActionReport": ACTION_REPORT,
    "FieldReport": FIELD_REPORT,
    "Delivery": DELIVERY,
    "Schedule": SCHEDULE,
    "ScheduledJob": SCHEDULED_JOB,
    "ScheduleRun": RUN,
    "Usage": USAGE,
    "DryRun": DRY_RUN,
}
