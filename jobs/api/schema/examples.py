"""One of each: what is shown of requests and answers. All of them are about the same job."""

from typing import Any

SELECTORS = {"title": "h1", "price": {"selector": ".price", "cast": "price"}, "tags": [".tag"]}
JOB_REQUEST: dict[str, Any] = {
    "name": "Product Scrape",
    "urls": ["https://store.com/p1", "https://store.com/p2", "https://store.com/p3"],
    "selectors": SELECTORS,
    "options": {"timeout": 30_000, "retries": 2, "waitUntil": "load"},
    "metadata": {"batch": "42"},
    "webhook": "https://example.com/hook",
}
NDJSON = '"https://store.com/p1"\n{"url": "https://store.com/p2", "reference": "sku-2"}\n'
CSV = "url,reference\nhttps://store.com/p1,sku-1\nhttps://store.com/p2,sku-2\n"
SCRAPE_REQUEST = {"url": "https://store.com/p1", "selectors": SELECTORS, "options": {"outputs": ["markdown"]}}
PREVIEW_REQUEST = {
    "html": "<h1>Chair</h1><b class=price>£5</b>",
    "url": "https://store.com/p1",
    "selectors": {"price": {"selector": ".price", "cast": "price"}},
}
REEXTRACT_REQUEST = {"selectors": {"title": "h1", "sku": ".sku"}, "name": "Products, again"}
TEST_DELIVERY_REQUEST = {"url": "https://example.com/hook", "headers": {"X-Token": "of mine"}}
SCHEDULE_REQUEST = {
    "name": "Prices",
    "cron": "30 6 * * mon-fri",
    "timezone": "Europe/Berlin",
    "job": {"urls": ["https://store.com/p1"], "selectors": {"price": ".price"}},
}
SCHEDULE_CHANGES = {"cron": "@daily", "paused": False}

JOB: dict[str, Any] = {
    "id": "job_7hk2m9wq4xz0c1vb5n8t",
    "name": "Product Scrape",
    "status": "running",
    "totalUrls": 3,
    "completedUrls": 1,
    "failedUrls": 0,
    "createdAt": "2024-01-15T10:30:00Z",
    "completedAt": None,
    "cancelledUrls": 0,
    "creditsUsed": 1,
    "metadata": {"batch": "42"},
    "webhook": "https://example.com/hook",
    "options": {"timeout": 30_000, "retries": 2, "waitUntil": "load"},
    "selectors": SELECTORS,
    "startedAt": "2024-01-15T10:30:01Z",
    "kind": "job",
}
RESULT_METADATA = {"statusCode": 200, "finalUrl": "https://store.com/p1", "duration": 1234, "attempts": 1}
RESULT: dict[str, Any] = {
    "url": "https://store.com/p1",
    "data": {"title": "Chair", "price": {"amount": "1299.00", "currency": "USD"}, "tags": ["oak"]},
    "index": 0,
    "metadata": RESULT_METADATA,
}
PAGE_ERROR = {"code": "http_error", "message": "The site answered 404 Not Found.", "retryable": False}
FAILED: dict[str, Any] = {
    "url": "https://store.com/p2",
    "data": None,
    "error": PAGE_ERROR,
    "index": 1,
    "metadata": {"statusCode": 404, "finalUrl": "https://store.com/p2", "duration": 321, "attempts": 1},
}
PAGE = {
    "index": 0,
    "status": "completed",
    **RESULT,
    "sequence": 1,
    "startedAt": "2024-01-15T10:30:01Z",
    "finishedAt": "2024-01-15T10:30:02Z",
    "nextAttemptAt": None,
}
ARTIFACT = {
    "id": "art_7hk2m9wq4xz0c1vb5n8t",
    "url": "https://scrpy.example.com/v1/artifacts/art_7hk2m9wq4xz0c1vb5n8t",
    "contentType": "text/markdown; charset=utf-8",
    "bytes": 9,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
FULL_RESULT = {**RESULT, "outputs": {"markdown": {**ARTIFACT, "content": "# Chair\n\n"}}}
DRY_RUN = {
    "accepted": False,
    "totalUrls": 2,
    "duplicateUrls": 0,
    "refusedUrls": 1,
    "refused": [{"field": "urls[2]", "code": "blocked_address", "message": "10.0.0.1 is not a public address."}],
    "totalHosts": 1,
    "hosts": [{"host": "store.com:443", "urls": 2}],
    "credits": {"needed": 2, "available": 100},
}
DELIVERY = {
    "id": "dlv_7hk2m9wq4xz0c1vb5n8t",
    "event": "job.completed",
    "eventId": "evt_9x0q4m2k7hz1c5vb8n3t",
    "url": "https://example.com/hook",
    "status": "delivered",
    "attempts": [{"at": "2024-01-15T10:31:00Z", "statusCode": 204, "duration": 87, "excerpt": ""}],
    "nextAttemptAt": None,
}
RUN = {
    "dueAt": "2024-01-15T05:30:00Z",
    "ranAt": "2024-01-15T05:30:00Z",
    "status": "started",
    "jobId": JOB["id"],
    "reason": None,
}
SCHEDULE = {
    "id": "sch_7hk2m9wq4xz0c1vb5n8t",
    "name": "Prices",
    "cron": "30 6 * * mon-fri",
    "timezone": "Europe/Berlin",
    "paused": False,
    "createdAt": "2024-01-14T18:00:00Z",
    "nextRunAt": "2024-01-16T05:30:00Z",
    "nextRuns": ["2024-01-16T05:30:00Z", "2024-01-17T05:30:00Z"],
    "lastRun": RUN,
    "job": {
        "name": None,
        "urls": ["https://store.com/p1"],
        "selectors": {"price": ".price"},
        "options": {},
        "metadata": {},
        "webhook": None,
    },
}
USAGE = {
    "credits": {"available": 920, "reserved": 30, "unlimited": False},
    "running": {"jobs": 2, "urls": 8},
    "days": [{"date": "2024-01-15", "completedUrls": 50, "failedUrls": 2, "creditsUsed": 50}],
    "limits": {
        "urlsPerJob": 10_000,
        "urlsPerUpload": 100_000,
        "liveJobs": 5_000,
        "urlsAtOnce": 1_000,
        "requestsOfKey": "3000/minute",
        "requestsOfAccount": "6000/minute",
        "testUrlsPerJob": 25,
        "testUrlsPerDay": 500,
        "retentionDays": 30,
    },
}
ENDED = {**JOB, "status": "completed", "completedUrls": 3, "creditsUsed": 3, "completedAt": "2024-01-15T10:31:00Z"}
