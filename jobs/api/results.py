"""Results, a page of them at a time.

Pages get their `sequence` under the job row's lock, in the transaction that counts them. So what has a sequence up
to the job's counts is exactly what was counted when the job was read: answers add up, and paging by sequence
misses nothing and repeats nothing while the job runs.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.authentication import account_of
from jobs.api.errors import ApiError, Problem, invalid_request
from jobs.api.queries import Refused, one_of, read_query, whole
from jobs.api.views import ApiView, find_job, retry_after, success
from jobs.models import Job, Page
from jobs.models.page import FINISHED
from jobs.representation import job_url, results_as_dicts

MOST_RESULTS = 1_000
MOST_DATA_CHARS = 32 * 2**20
"""How much data one answer holds, give or take a page's: a thousand pages may have a megabyte each."""
LATER_FORMATS = ("ndjson", "csv", "xlsx", "parquet")
CURSOR = re.compile(rb"(sequence|index):([0-9]{1,9})")


class Cursor(NamedTuple):
    """Where a page of results ended: the last one's place in the order."""

    order: str
    position: int

    def __str__(self) -> str:
        return urlsafe_b64encode(f"{self.order}:{self.position}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    try:
        found = CURSOR.fullmatch(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        found = None
    if not found:
        raise Refused("invalid_choice", "This is not a cursor of ours: follow `next`.")
    return Cursor(found[1].decode(), int(found[2]))


def read_format(text: str) -> str:
    if text in LATER_FORMATS:
        raise Refused("unsupported_option", f"This build does not write {text} yet; ask for json.")
    if text != "json":
        raise Refused("invalid_choice", "Expected json.")
    return text


class Results(ApiView):
    """`GET /v1/jobs/:id/results`."""

    def get(self, request: Request, public_id: str) -> Response:
        asked = read_query(
            request,
            later=("fields",),
            format=(read_format, "json"),
            status=(one_of(*FINISHED), None),
            order=(one_of("sequence", "index"), "sequence"),
            limit=(whole(1, MOST_RESULTS), MOST_RESULTS),
            after=(read_cursor, None),
        )
        refuse_foreign_cursor(asked["after"], order=asked["order"])
        job = find_job(account_of(request), public_id)
        refuse_index_order_while_live(job, order=asked["order"])
        wanted = {name: asked[name] for name in ("order", "status", "limit")}
        results, end = read_results(job, after=asked["after"], **wanted)
        return success(results=results, next=end and results_url(job, after=end, **wanted), headers=retry_after(job))


def refuse_foreign_cursor(after: Cursor | None, *, order: str) -> None:
    if after and after.order != order:
        message = f"This cursor belongs to order={after.order}."
        raise invalid_request([Problem("after", "invalid_choice", message)])


def refuse_index_order_while_live(job: Job, *, order: str) -> None:
    if order == "index" and job.live:
        raise ApiError("job_not_finished", f"Job {job.public_id} is {job.status}: until it ends, order=sequence alone.")


def first_results(job: Job) -> tuple[list[dict[str, Any]], str | None]:
    """The job's first results in the order of its URLs, and where the rest is, once the job has ended."""
    results, end = read_results(job, order="index", limit=MOST_RESULTS)
    return results, None if job.live or not end else results_url(job, order="index", after=end)


def read_results(
    job: Job, *, order: str, limit: int, after: Cursor | None = None, status: str | None = None
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """Results after a cursor, and the cursor to go on from; None where nothing can follow.

    One query, and another for what was made of the pages beside their fields.
    """
    counted = job.completed_urls + job.failed_urls
    pages = Page.objects.filter(job=job, sequence__lte=counted).order_by(order)
    if status:
        pages = pages.filter(status=status)
    if after:
        pages = pages.filter(**{f"{order}__gt": after.position})
    taken, more = take(pages, limit=limit)
    end = Cursor(order, getattr(taken[-1], order)) if more else Cursor("sequence", counted) if job.live else None
    return results_as_dicts(job, taken), end


def take(pages: QuerySet[Page], *, limit: int) -> tuple[list[Page], bool]:
    """The first pages, `limit` or as many as one answer holds, and whether there are more."""
    taken: list[Page] = []
    chars = 0
    for page in pages[: limit + 1].iterator(chunk_size=100):
        if len(taken) == limit or chars > MOST_DATA_CHARS:
            return taken, True
        taken.append(page)
        chars += len(page.data or "")
    return taken, False


def results_url(job: Job, **parameters: object) -> str:
    given = {name: str(value) for name, value in parameters.items() if value is not None}
    return f"{job_url(job)}/results?{urlencode(given)}"
