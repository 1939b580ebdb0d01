"""Long lists, a part at a time: each goes on from the last row's number. Nothing is counted and no rows are skipped."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.http import HttpRequest

ROWS = 25
LARGEST_DIGITS = 18


class Part(NamedTuple):
    """Some rows of a list; `after` is the number they come after, if any, `next` that of the last if more follow."""

    rows: Sequence[Any]
    after: int | None
    next: int | None


def part_of(rows: "QuerySet[Any, Any]", request: HttpRequest) -> Part:
    """The latest rows, or those that `after=` in the address asks for. One query."""
    after = number(request.GET.get("after", ""))
    found = list((rows if after is None else rows.filter(pk__lt=after)).order_by("-pk")[: ROWS + 1])
    return Part(found[:ROWS], after, found[ROWS - 1].pk if len(found) > ROWS else None)


def number(text: str) -> int | None:
    """A row's number, if `text` is one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LARGEST_DIGITS else None
