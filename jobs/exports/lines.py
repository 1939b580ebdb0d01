"""Results line by line: NDJSON, JSON, and CSV after RFC 4180."""

import csv
import io
from collections.abc import Iterable, Iterator

import orjson

from jobs.exports.columns import Cell, as_text, columns_of, tables
from jobs.exports.reading import Selection
from jobs.representation import results_as_dicts

STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def ndjson(selection: Selection) -> Iterator[bytes]:
    """Each result as it stands in `results`, on a line of its own."""
    for pages in selection.chunks():
        results = results_as_dicts(selection.job, pages, fields=selection.fields)
        yield b"".join(orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE) for result in results)


def json_array(selection: Selection) -> Iterator[bytes]:
    """All results as one JSON array, a result on each line."""
    before = b"[\n"
    for lines in ndjson(selection):
        yield before + lines[:-1].replace(b"\n", b",\n")
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"


def csv_lines(selection: Selection) -> Iterator[bytes]:
    """A header, and a record for each result."""
    columns = columns_of(selection)
    yield records([[column.name for column in columns]])
    for rows in tables(selection, columns):
        yield records(rows)


def records(rows: Iterable[Iterable[Cell]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def harmless(cell: Cell) -> str | None:
    """The cell as text. A text that a spreadsheet would take for a formula gets an apostrophe before it.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(STARTS_FORMULA) else as_text(cell)
