"""Checks what a client asks of a schedule; the job in it is checked like any other."""

from collections.abc import Mapping
from typing import Any

import orjson

from jobs.api.errors import Problems
from jobs.api.job_requests import FIELDS, read_name, read_request, read_urls
from jobs.intake import Wanted
from jobs.options.identity import read_timezone
from jobs.reading import joined, refuse_unknown, required, switch, typed
from jobs.schedules.cron import read_cron
from jobs.secrets import sealed

SCHEDULE_FIELDS = ("name", "cron", "timezone", "paused", "job")


class Within(Problems):
    """Those of a part of the body: noted with the others, each with the path to that part."""

    def __init__(self, path: str, problems: Problems) -> None:
        self.found = problems.found
        self._path = path

    def add(self, field: str, code: str, message: str) -> None:
        super().add(joined(self._path, field), code, message)


def read_schedule(body: dict[str, Any], *, complete: bool) -> dict[str, Any]:
    """The columns of a schedule that `body` gives; `complete` demands all that a new one needs.

    Raises: ApiError with every problem found in it.
    """
    problems = Problems()
    refuse_unknown(body, SCHEDULE_FIELDS, "", problems)
    columns: dict[str, Any] = {}
    if "name" in body:
        columns["name"] = read_name(body["name"], problems)
    if complete or "cron" in body:
        text = required(body, "cron", str, problems)
        columns["cron"] = None if text is None else read_cron(text, "cron", problems)
    if "timezone" in body:
        columns["timezone"] = read_timezone(body["timezone"], "timezone", problems)
    if "paused" in body:
        columns["paused"] = switch(body["paused"], "paused", problems)
    if complete or "job" in body:
        job = required(body, "job", dict, problems)
        columns |= {} if job is None else read_job(job, problems)
    problems.raise_any()
    return columns


def read_plain_urls(body: Mapping[str, Any], notes: Problems) -> list[Wanted]:
    """Those of a schedule are URLs and nothing more."""
    for index, url in enumerate(body["urls"] if isinstance(body.get("urls"), list) else ()):
        typed(url, str, f"urls[{index}]", notes)
    return [] if notes.found else read_urls(body, notes, notes)


def read_job(body: Mapping[str, Any], problems: Problems) -> dict[str, Any]:
    """The columns that say what job to make."""
    notes = Within("job", problems)
    refuse_unknown(body, FIELDS, "", notes)
    request = read_request(body, read_plain_urls(body, notes), notes)
    return {
        "job_name": request.name,
        "urls": orjson.dumps(body.get("urls")).decode(),
        "selectors": request.selectors,
        "options": request.options,
        "metadata": request.metadata,
        "webhook": request.webhook,
        "sealed_webhook": request.sealed_webhook,
        "sealed_options": sealed(request.secrets) if not problems.found else None,
    }
