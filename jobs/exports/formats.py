"""The formats by name: what they are called outside, and who writes them."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from jobs.exports import xlsx
from jobs.exports.lines import csv_lines, json_array, ndjson
from jobs.exports.parquet import parquet
from jobs.exports.reading import Selection
from jobs.models import Job

GZIP = zlib.MAX_WBITS | 16
GZIP_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Format:
    """`name` is also the ending of a file; `text` is worth compressing on its way."""

    name: str
    content_type: str
    write: Callable[[Selection], Iterator[bytes]]
    text: bool = False


FORMATS: Mapping[str, Format] = {
    each.name: each
    for each in (
        Format("ndjson", "application/x-ndjson", ndjson, text=True),
        Format("csv", "text/csv; charset=utf-8", csv_lines, text=True),
        Format("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx.workbook),
        Format("parquet", "application/vnd.apache.parquet", parquet),
    )
}
JSON = Format("json", "application/json", json_array, text=True)
"""The whole as one document, for people; the API's own JSON has a part of it at a time."""


def cannot(name: str, *, rows: int) -> str | None:
    """Why so many rows cannot be written in a format, in a sentence; None if they can."""
    if name == "parquet" and not find_spec("pyarrow"):
        return "Parquet needs pyarrow here. Install it: .venv/bin/pip install -r requirements-parquet.in"
    if name == "xlsx" and rows >= xlsx.MOST_ROWS:
        return f"A sheet has {xlsx.MOST_ROWS:,} rows at most, its header counted; ask for csv."
    return None


def filename(job: Job, name: str) -> str:
    """Of our own letters alone."""
    return f"{job.public_id}-results.{name}"


def gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same, compressed."""
    packer = zlib.compressobj(GZIP_LEVEL, wbits=GZIP)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()
