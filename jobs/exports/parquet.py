"""Results as Parquet, written a row group at a time. For installations that have pyarrow."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

from jobs.exports.columns import Cell, Column, as_text, columns_of, fits, tables
from jobs.exports.reading import Selection

GROUP_ROWS, GROUP_CHARS = 10_000, 2 * 2**20
"""When a row group is written: readers like large ones, memory does not."""


def parquet(selection: Selection) -> Iterator[bytes]:
    """Empty steps while a row group is gathered, then its bytes."""
    import pyarrow as pa  # noqa: PLC0415 - there only if it is installed, and large
    from pyarrow import parquet as pq  # noqa: PLC0415

    columns = columns_of(selection)
    types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    schema = pa.schema([(column.name, types[column.kind]) for column in columns])
    sink = Sink()
    with pq.ParquetWriter(sink, schema) as writer:
        for rows in groups(tables(selection, columns)):
            if rows:
                writer.write_table(table_of(rows, columns, schema))
            yield sink.taken()
    yield sink.taken()


def groups(chunks: Iterator[list[list[Cell]]]) -> Iterator[list[list[Cell]]]:
    """The rows of several chunks together; an empty list while there are not enough."""
    gathered: list[list[Cell]] = []
    chars = 0
    for rows in chunks:
        gathered += rows
        chars += sum(len(cell) for row in rows for cell in row if isinstance(cell, str))
        if len(gathered) >= GROUP_ROWS or chars >= GROUP_CHARS:
            yield gathered
            gathered, chars = [], 0
        else:
            yield []
    yield gathered


def table_of(rows: list[list[Cell]], columns: Sequence[Column], schema: Any) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return pa.table(
        [
            pa.array([typed(row[place], column) for row in rows], type=schema.field(place).type)
            for place, column in enumerate(columns)
        ],
        schema=schema,
    )


def typed(cell: Cell, column: Column) -> Cell:
    if column.kind == "text":
        return as_text(cell)
    return cell if fits(cell, column.kind) else None


class Sink(io.RawIOBase):
    """Where Parquet is written to: what was written since is taken from it."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        self._position += len(self._pieces[-1])
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
