"""Results: a page of them at a time, or all in a file.

Which results there are is said by `jobs.exports.Selection`: answers add up, and paging by sequence misses nothing and
repeats nothing while the job runs.
"""

import csv
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from jobs.api.authentication import account_of
from jobs.api.errors import ApiError, Problem, Problems, invalid_request
from jobs.api.exports import exported
from jobs.api.queries import Refused, one_of, read_query, takes, whole
from jobs.api.views import ApiView, find_job, retry_after, success
from jobs.exports import FORMATS, Selection
from jobs.exports.columns import field_names
from jobs.exports.reading import take
from jobs.models import Job
from jobs.models.page import FINISHED
from jobs.names import did_you_mean
from jobs.representation import job_url, results_as_dicts

MOST_RESULTS = 1_000
MOST_DATA_CHARS = 32 * 2**20
"""How much data one answer holds, give or take a page's: a thousand pages may have a megabyte each."""
CURSOR = re.compile(rb"(sequence|index):([0-9]{1,9})")


class Cursor(NamedTuple):
    """Where a page of results ended: the last one's place in the order."""

    order: str
    position: int

    def __str__(self) -> str:
        return urlsafe_b64encode(f"{self.order}:{self.position}".encode()).decode().rstrip("=")


@takes({"type": "string", "format": "cursor"})
def read_cursor(text: str) -> Cursor:
    try:
        found = CURSOR.fullmatch(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        found = None
    if not found:
        raise Refused("invalid_choice", "This is not a cursor of ours: follow `next`.")
    return Cursor(found[1].decode(), int(found[2]))


@takes({"type": "string", "format": "names", "examples": ["title,price"]})
def read_names(text: str) -> list[str]:
    """Names between commas, as CSV has them: one that has a comma itself stands in double quotes."""
    try:
        (names,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError):
        names = []
    if not names:
        raise Refused("invalid_choice", "Expected names of fields, separated by commas.")
    return names


class Results(ApiView):
    """`GET /v1/jobs/:id/results`."""

    query = {
        "GET": {
            "format": (one_of("json", *FORMATS), "json"),
            "fields": (read_names, None),
            "status": (one_of(*FINISHED), None),
            "order": (one_of("sequence", "index"), "sequence"),
            "limit": (whole(1, MOST_RESULTS), None),
            "after": (read_cursor, None),
        }
    }

    def get(self, request: Request, public_id: str) -> HttpResponseBase:
        asked = read_query(request, **self.query["GET"])
        refuse_foreign_cursor(asked["after"], order=asked["order"])
        job = find_job(account_of(request), public_id)
        refuse_index_order_while_live(job, order=asked["order"])
        selection = selected(job, asked)
        if asked["format"] != "json":
            return exported(request, selection, FORMATS[asked["format"]])
        results, end = read_results(selection)
        again = {"fields": request.query_params.get("fields"), "order": asked["order"], "status": asked["status"]}
        more = end and results_url(job, after=end, limit=selection.limit, **again)
        return success(results=results, next=more, headers=retry_after(job))


def selected(job: Job, asked: dict[str, Any]) -> Selection:
    """Raises: ApiError that names the fields the job does not have."""
    after, limit = asked["after"], asked["limit"]
    return Selection(
        job=job,
        order=asked["order"],
        status=asked["status"],
        after=after and after.position,
        limit=limit or (MOST_RESULTS if asked["format"] == "json" else None),
        fields=None if asked["fields"] is None else known_fields(job, asked["fields"]),
    )


def known_fields(job: Job, names: Sequence[str]) -> tuple[str, ...]:
    known, problems = field_names(job), Problems()
    for place, name in enumerate(names):
        if name not in known:
            problems.add("fields", "unknown_field", f"The job has no field {name}.{did_you_mean(name, known)}")
        elif name in names[:place]:
            problems.add("fields", "duplicate_key", f"The field {name} is named more than once.")
    problems.raise_any()
    return tuple(names)


def refuse_foreign_cursor(after: Cursor | None, *, order: str) -> None:
    if after and after.order != order:
        message = f"This cursor belongs to order={after.order}."
        raise invalid_request([Problem("after", "invalid_choice", message)])


def refuse_index_order_while_live(job: Job, *, order: str) -> None:
    if order == "index" and job.live:
        raise ApiError("job_not_finished", f"Job {job.public_id} is {job.status}: until it ends, order=sequence alone.")


def first_results(job: Job) -> tuple[list[dict[str, Any]], str | None]:
    """The job's first results in the order of its URLs, and where the rest is, once the job has ended."""
    results, end = read_results(Selection(job=job, order="index", limit=MOST_RESULTS))
    return results, None if job.live or not end else results_url(job, order="index", after=end)


def read_results(selection: Selection) -> tuple[list[dict[str, Any]], Cursor | None]:
    """One page of the results, and the cursor to go on from; None where nothing can follow.

    One query, and another for what was made of the pages beside their fields.
    """
    job, order = selection.job, selection.order
    rows = selection.rows(after=selection.after)
    taken, more = take(rows, limit=selection.limit or MOST_RESULTS, most_chars=MOST_DATA_CHARS)
    follows = Cursor("sequence", selection.counted) if job.live else None
    end = Cursor(order, selection.place(taken[-1])) if more else follows
    return results_as_dicts(job, taken, fields=selection.fields), end


def results_url(job: Job, **parameters: object) -> str:
    given = {name: str(value) for name, value in parameters.items() if value is not None}
    return f"{job_url(job)}/results?{urlencode(given)}"
