"""Results as a workbook of one sheet. It is complete only at its end, so it is made on disk, and then sent."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import xlsxwriter

from jobs.exports.columns import LAST, Cell, Column, columns_of, tables
from jobs.exports.reading import Selection

MOST_ROWS = 1_048_576
MOST_CELL_UNITS = 32_767
"""Characters of a cell, as Excel counts them: in UTF-16."""
MOST_EXACT = 2**53
"""Excel's numbers are doubles; whole numbers beyond this one are written as text."""
SENT_AT_ONCE = 64 * 1024
CUT_MARK = "…"
CUT = LAST[-1]
"""The column that names what was cut."""


def workbook(selection: Selection) -> Iterator[bytes]:
    """Empty steps while it is made, then its bytes."""
    with tempfile.TemporaryDirectory(prefix="scrpy-export-") as folder:
        path = Path(folder) / "results.xlsx"
        yield from made(selection, path, folder)
        with path.open("rb") as file:
            while piece := file.read(SENT_AT_ONCE):
                yield piece


def made(selection: Selection, path: Path, folder: str) -> Iterator[bytes]:
    columns = columns_of(selection)
    with xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": folder}) as book:
        book.use_zip64()
        sheet = Sheet(book)
        sheet.add([column.name for column in columns])
        for rows in tables(selection, columns):
            for row in rows:
                sheet.add(noting_cuts(row, columns))
            yield b""


def noting_cuts(row: list[Cell], columns: list[Column]) -> list[Cell]:
    """The row; where cells are too long for Excel, `metadata.truncated` names their columns, too."""
    cut = [column.name for column, cell in zip(columns, row, strict=True) if isinstance(cell, str) and is_long(cell)]
    if not cut:
        return row
    place = columns.index(CUT)
    before = row[place]
    named = [*(orjson.loads(before) if isinstance(before, str) else ()), *cut]
    return [*row[:place], orjson.dumps(list(dict.fromkeys(named))).decode(), *row[place + 1 :]]


class Sheet:
    """Rows, one below the other. Text is written as text: nothing in it is a formula, a link or a number."""

    def __init__(self, book: Any) -> None:
        self._sheet = book.add_worksheet("results")
        self._plain = book.add_format()
        self._row = 0

    def add(self, row: list[Cell]) -> None:
        for place, cell in enumerate(row):
            self._write(place, cell)
        self._row += 1

    def _write(self, place: int, cell: Cell) -> None:
        match cell:
            case bool():
                self._sheet.write_boolean(self._row, place, cell)
            case int() | float() if abs(cell) <= MOST_EXACT:
                self._sheet.write_number(self._row, place, cell)
            case int() | float():
                self._sheet.write_string(self._row, place, str(cell))
            case str():
                self._write_text(place, shortened(cell))

    def _write_text(self, place: int, text: str) -> None:
        """XlsxWriter takes what looks like its own markup for it, so that is written as markup."""
        if text.startswith("<r>"):
            self._sheet.write_rich_string(self._row, place, self._plain, text[:1], self._plain, text[1:])
        else:
            self._sheet.write_string(self._row, place, text)


def is_long(text: str) -> bool:
    return 2 * len(text) > MOST_CELL_UNITS and len(text.encode("utf-16-le")) > 2 * MOST_CELL_UNITS


def shortened(text: str) -> str:
    """What Excel takes of a text, with a mark where it was cut."""
    if not is_long(text):
        return text
    return text.encode("utf-16-le")[: 2 * (MOST_CELL_UNITS - 1)].decode("utf-16-le", "ignore") + CUT_MARK
