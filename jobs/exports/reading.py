"""Finished pages from the database, a chunk at a time, each found by where the last one ended."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from jobs.models import Job, Page

FIRST_ROWS, MOST_ROWS = 50, 500
MOST_CHARS = 2**20
"""How much data one chunk holds, give or take a page's."""
FETCHED_AT_ONCE = 50
"""Pages may have a megabyte each, and what was fetched is in memory, needed or not."""
SHOWN = (
    *("job", "variant", "index", "sequence", "url", "reference", "status", "status_code", "final_url", "duration_ms"),
    *("attempts", "data", "truncated", "reports", "blocked_requests", "actions", "reused_from"),
    *("error_code", "error_message", "error_retryable"),
)
"""What results show of a page: of what is not shown, its times and its trace take longer to read than all the rest."""


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

    def pages(self, *, after: int | None) -> QuerySet[Page]:
        """All that follow, lazily, with what is `SHOWN` of them."""
        pages = Page.objects.filter(job=self.job, sequence__lte=self.counted).order_by(self.order).only(*SHOWN)
        if self.status:
            pages = pages.filter(status=self.status)
        return pages if after is None else pages.filter(**{f"{self.order}__gt": after})

    def place(self, page: Page) -> int:
        """Where the page stands in the order."""
        return int(getattr(page, self.order))

    def chunks(self) -> Iterator[list[Page]]:
        """All of them, in chunks of 500 pages or about a megabyte. A query each. Raises: JobGone."""
        after, left, rows = self.after, self.limit, FIRST_ROWS
        more = True
        while more and left != 0:
            limit = rows if left is None else min(rows, left)
            taken, more = take(self.pages(after=after), limit=limit, most_chars=MOST_CHARS)
            if taken:
                yield taken
                after, rows = self.place(taken[-1]), min(MOST_ROWS, 2 * len(taken))
                left = None if left is None else left - len(taken)
        if not Job.objects.filter(pk=self.job.pk).exists():
            raise JobGone(self.job)


def take(pages: QuerySet[Page], *, limit: int, most_chars: int) -> tuple[list[Page], bool]:
    """The first pages, `limit` of them or as many as have `most_chars` of data, and whether there are more."""
    taken: list[Page] = []
    chars = 0
    for page in pages[: limit + 1].iterator(chunk_size=FETCHED_AT_ONCE):
        if len(taken) == limit or chars > most_chars:
            return taken, True
        taken.append(page)
        chars += len(page.data or "")
    return taken, False
