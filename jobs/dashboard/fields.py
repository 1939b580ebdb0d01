"""The fields of a page, for people: each value as text, and what became of it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from jobs.models import Page

SHORT_CHARS = 300
"""A longer value is folded."""
MOST_LINES = 8
LINE_CHARS = 80


class Field(NamedTuple):
    """A field's value as text, what became of it where that is known, and the beginning of a long value."""

    name: str
    text: str
    head: str
    report: dict[str, Any]

    @property
    def outcome(self) -> str:
        """Why there is no value, in words; empty if there is one, or nobody knows."""
        status: str = self.report.get("status", "found")
        return "" if status == "found" else status.replace("_", " ")


def fields_of(page: Page) -> Iterator[Field]:
    data: dict[str, Any] = orjson.loads(page.data) if page.data else {}
    reports: dict[str, Any] = orjson.loads(page.reports) if page.reports else {}
    for name in dict.fromkeys((*data, *reports)):
        text = as_text(data.get(name))
        short = len(text) <= SHORT_CHARS and text.count("\n") < MOST_LINES
        head = "" if short else text[:SHORT_CHARS].partition("\n")[0].strip() + "…"
        yield Field(name, text, head, reports.get(name, {}))


def as_text(value: object) -> str:
    """Text as it is, the rest as JSON, on one line where it fits."""
    if value is None or isinstance(value, str):
        return value or ""
    line = orjson.dumps(value).decode()
    return line if len(line) <= LINE_CHARS else as_json(value)


def as_json(value: object) -> str:
    """Over many lines."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def pretty(text: str | bytes) -> str:
    """JSON text, for people."""
    return as_json(orjson.loads(text))
