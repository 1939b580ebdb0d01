"""Finished pages from the database, a chunk at a time, each found by where the last one ended."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import QuerySet

from jobs.models import Job, Page
from jobs.representation import Result

NAMES = tuple(field.name for field in fields(Result))
Rows = QuerySet[Page, tuple[Any, ...]]
"""These fields of pages."""

FIRST_ROWS, MOST_ROWS = 50, 500
MOST_CHARS = 2**20
"""How much data one chunk holds, give or take a page's."""
FETCHED_AT_ONCE = 50
"""Pages may have a megabyte each, and what was fetched is in memory, needed or not."""


class JobGone(Exception):
    """The job was deleted while its results were read; what was read is not all."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"Job {job.public_id} was deleted while its results were read.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which results of a job: those that had been counted when the job was read, in an order that they keep.

    Pages get their `sequence` under the job row's lock, in the transaction that counts them, so these are exactly those
    with a sequence up to the job's counts. `after` is the last place in the order that is not meant; `fields` are the
    names of data that are kept, None for all.
    """

    job: Job
    order: str = "sequence"
    status: str | None = None
    after: int | None = None
    limit: int | None = None
    fields: tuple[str, ...] | None = None

    @property
    def counted(self) -> int:
        return self.job.completed_urls + self.job.failed_urls

    def rows(self, *, after: int | None) -> Rows:
        """All that follow, lazily."""
        pages = Page.objects.filter(job=self.job, sequence__lte=self.counted).order_by(self.order)
        if self.status:
            pages = pages.filter(status=self.status)
        if after is not None:
            pages = pages.filter(**{f"{self.order}__gt": after})
        return pages.values_list(*NAMES)

    def place(self, result: Result) -> int:
        """Where it stands in the order."""
        return int(getattr(result, self.order))

    def chunks(self) -> Iterator[list[Result]]:
        """All of them, in chunks of 500 pages or about a megabyte. A query each. Raises: JobGone."""
        after, left, rows = self.after, self.limit, FIRST_ROWS
        more = True
        while more and left != 0:
            limit = rows if left is None else min(rows, left)
            taken, more = take(self.rows(after=after), limit=limit, most_chars=MOST_CHARS)
            if taken:
                yield taken
                after, rows = self.place(taken[-1]), min(MOST_ROWS, 2 * len(taken))
                left = None if left is None else left - len(taken)
        if not Job.objects.filter(pk=self.job.pk).exists():
            raise JobGone(self.job)


def take(rows: Rows, *, limit: int, most_chars: int) -> tuple[list[Result], bool]:
    """The first results, `limit` of them or as many as have `most_chars` of data, and whether there are more."""
    taken: list[Result] = []
    chars = 0
    for row in rows[: limit + 1].iterator(chunk_size=FETCHED_AT_ONCE):
        if len(taken) == limit or chars > most_chars:
            return taken, True
        taken.append(Result(*row))
        chars += len(taken[-1].data or "")
    return taken, False
