"""How many of a job's pages gave a value, field by field."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from jobs.exports import Selection
from jobs.exports.reading import take
from jobs.models import Job
from jobs.models.page import PageStatus
from jobs.representation import Result

MOST_RESULTS = 1_000
MOST_CHARS = 4 * 2**20
"""How much data is read for it: a thousand results may be a gigabyte."""


class Fill(NamedTuple):
    name: str
    filled: int
    of: int

    @property
    def percent(self) -> int:
        """Rounded down: all is only what is all."""
        return 100 * self.filled // self.of


class Fills(NamedTuple):
    """Of each field, among the first completed pages; `more` if there are others."""

    fields: list[Fill]
    of: int
    more: bool


def fills_of(job: Job, names: Sequence[str]) -> Fills | None:
    """None where nothing is completed, or there are no fields. One query, which reads the first results alone."""
    if not (job.completed_urls and names):
        return None
    rows = Selection(job=job, status=PageStatus.COMPLETED).rows(after=None)
    taken, more = take(rows, limit=MOST_RESULTS, most_chars=MOST_CHARS)
    counted = Counter(name for one in taken for name in filled(one))
    fields = [Fill(name, counted[name], len(taken)) for name in names]
    return Fills(fields, len(taken), more)


def filled(page: Result) -> Iterator[str]:
    data: dict[str, Any] = orjson.loads(page.data) if page.data else {}
    return (name for name, value in data.items() if not empty(value))


def empty(value: object) -> bool:
    """No value, or one without content; 0 and false are values."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def without(pages: Iterable[Result], name: str) -> Iterator[Result]:
    """Those in which the field is empty."""
    return (page for page in pages if name not in set(filled(page)))
