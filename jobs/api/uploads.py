"""The URLs of a job as a file, NDJSON or CSV: the body itself, or a part of a form. It stays on disk, however large.

A job of 100,000 URLs is read line by line; what is wrong with a line is told with its number.
"""

import csv
import hashlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import PurePath
from threading import Lock
from typing import IO, Any, Protocol

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict

from jobs.api.bodies import UTF_8, check_encoding, read_document, read_object
from jobs.api.body_limit import FORM, KINDS, is_upload, media_type
from jobs.api.errors import ApiError, Problem, Problems, invalid_request
from jobs.api.url_lists import FIELDS as COLUMNS
from jobs.api.url_lists import Refusals
from jobs.names import did_you_mean

SUFFIXES = {".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv"}
OF_JSON = ("selectors", "options")
LONGEST_LINE = 2**20
NO_CSV = "This is no CSV in UTF-8: a quote, a line's end or a byte is where none may be, or a value is too long."
CHUNK_BYTES = 2**16
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

MOST_OF_ACCOUNT = 2
"""In one process: each keeps a core busy, and 100,000 URLs take some 100 MB while they are stored."""
AGAIN_IN_S = 5

reading: Counter[int] = Counter()
"""Files by account."""
entrance = Lock()


class Unreadable(ValueError):
    """From here on the file means nothing; the sentence is for the client."""


class File(Protocol):
    """What is read of one."""

    def readline(self, size: int = ..., /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Upload:
    """`job` is what the body of `POST /v1/jobs` says besides `urls`; `digest` is of all that was sent."""

    job: Mapping[str, Any]
    file: File
    kind: str
    digest: bytes

    def items(self, refused: Refusals) -> Iterator[tuple[str, object]]:
        """Each URL or object that the file has, with where it is among them; what cannot be read is refused."""
        read, lines = ndjson_items if self.kind == "ndjson" else csv_items, Lines(self.file)
        try:
            yield from read(lines, refused)
        except Unreadable as error:
            refused.line = lines.number
            refused.add("urls", "invalid", f"{error} What follows was not read.")


class Lines:
    """The lines of a file. `number` is that of the last one, from 1."""

    def __init__(self, file: File) -> None:
        self.number = 0
        self._file = file
        self._left = LONGEST_LINE

    def begin(self) -> None:
        """What follows is another item; how long a row of several lines may be is counted from here."""
        self._left = LONGEST_LINE

    def __iter__(self) -> Iterator[bytes]:
        """Raises: Unreadable."""
        while line := self._file.readline(self._left + 1):
            self.number += 1
            self._left -= len(line)
            if self._left < 0:
                raise Unreadable(f"A line, or a row, has {LONGEST_LINE:,} bytes at most.")
            yield line.removeprefix(BYTE_ORDER_MARK) if self.number == 1 else line


@contextmanager
def posted(request: HttpRequest, job: str | None, *, account_id: int) -> Iterator[dict[str, Any] | Upload]:
    """The body of a request for a job, whose query may have the JSON that goes with a file. Raises: ApiError."""
    if is_upload(request.headers.get("Content-Type", "")):
        with one_of_few(account_id), opened(request, job) as upload:
            yield upload
    elif job is not None:
        raise invalid_request([Problem("job", "unknown_field", "This goes with a file of URLs; here it is the body.")])
    else:
        yield read_object(request)


@contextmanager
def one_of_few(account_id: int) -> Iterator[None]:
    """Raises: ApiError if as many files of the account are being read as may be."""
    with entrance:
        if reading[account_id] >= MOST_OF_ACCOUNT:
            message = f"This account has {MOST_OF_ACCOUNT} files of URLs being read; try again when one is done."
            raise ApiError("rate_limited", message, headers={"Retry-After": str(AGAIN_IN_S)})
        reading[account_id] += 1
    try:
        yield
    finally:
        with entrance:
            reading[account_id] -= 1


@contextmanager
def opened(request: HttpRequest, job: str | None) -> Iterator[Upload]:
    """What `request` brings, with `job` from its query. Raises: ApiError."""
    check_encoding(request)
    content_type = request.headers.get("Content-Type", "")
    if media_type(content_type) == FORM:
        fields, files = read_form(request)
        with ExitStack() as stack:
            for one in chain.from_iterable(each for _, each in files.lists()):
                stack.callback(one.close)
            yield form_of(fields, files, job)
        return
    if not UTF_8.fullmatch(content_type.partition(";")[2].strip()):
        raise ApiError("unsupported_media_type", "Send the file in UTF-8.")
    read = partial(request.read, CHUNK_BYTES)
    with tempfile.TemporaryFile() as file:
        digest = copied(read, file)
        yield Upload(read_job((job or "{}").encode()), file, KINDS[media_type(content_type)], digest)


def copied(read: Callable[[], bytes], file: IO[bytes]) -> bytes:
    """What `read` gives is in `file`, to be read from its beginning; its digest."""
    digest = hashlib.sha256()
    while chunk := read():
        digest.update(chunk)
        file.write(chunk)
    file.seek(0)
    return digest.digest()


def read_form(request: HttpRequest) -> tuple[QueryDict, MultiValueDict[str, Any]]:
    """Its texts, whose bytes are read as Latin-1, which loses none, and its files. Also where it tells no length."""
    meta = {"CONTENT_LENGTH": settings.SCRPY_MAX_UPLOAD_BYTES, **request.META}
    try:
        return MultiPartParser(meta, request, request.upload_handlers, "latin-1").parse()
    except MultiPartParserError as error:
        raise ApiError("invalid_request", f"The form cannot be read: {error}.") from error


def form_of(fields: QueryDict, files: MultiValueDict[str, Any], job: str | None) -> Upload:
    """Its parts are `job` and `urls`. The boundary is another each time, so the digest is of the parts alone."""
    problems = Problems()
    if job is not None:
        problems.add("job", "unknown_field", "With a form, the job is a part of it.")
    for name in {*fields, *files} - {"job", "urls"}:
        problems.add(name, "unknown_field", f"There is no such part.{did_you_mean(name, ('job', 'urls'))}")
    jobs = [*(one.encode("latin-1") for one in fields.getlist("job")), *(one.read() for one in files.getlist("job"))]
    if len(jobs) != 1:
        problems.add("job", "duplicate_key" if jobs else "required", "Send one part `job`: what is asked, as JSON.")
    uploaded = files.getlist("urls")
    kinds = [kind_of(one) for one in uploaded]
    if len(uploaded) != 1:
        problems.add("urls", "duplicate_key" if uploaded else "required", "Send one part `urls`: a file of URLs.")
    elif kinds[0] is None:
        problems.add("urls", "invalid_choice", "Send NDJSON or CSV, and say so by the part's type or file name.")
    problems.raise_any()
    digest = hashlib.sha256(jobs[0])
    for chunk in uploaded[0].chunks():
        digest.update(chunk)
    uploaded[0].seek(0)
    return Upload(read_job(jobs[0]), uploaded[0], str(kinds[0]), digest.digest())


def kind_of(uploaded: Any) -> str | None:
    """As its type says, else its name: many clients call each file a stream of octets."""
    suffix = PurePath(uploaded.name or "").suffix.lower()
    return KINDS.get(uploaded.content_type or "") or SUFFIXES.get(suffix)


def read_job(text: bytes) -> dict[str, Any]:
    job = read_document(text, what="`job`")
    if not isinstance(job, dict):
        raise invalid_request([Problem("job", "invalid_type", "Expected one JSON object: { … }.")])
    return job


# -------------------------------------------------------------------------- what the lines say


def ndjson_items(lines: Lines, refused: Refusals) -> Iterator[tuple[str, object]]:
    index = 0
    for line in lines:
        lines.begin()
        if line.strip():
            field, refused.line = f"urls[{index}]", lines.number
            index += 1
            yield from read_json(line, field, refused, what="This line")


def read_json(text: bytes, field: str, refused: Refusals, *, what: str) -> Iterator[tuple[str, object]]:
    """The document in `text`, if it is one."""
    try:
        yield field, read_document(text, what=what, path=field)
    except ApiError as error:
        for problem in error.problems or (Problem(field, "invalid", str(error)),):
            refused.add(problem.field, problem.code, problem.message)


def csv_items(lines: Lines, refused: Refusals) -> Iterator[tuple[str, object]]:
    """A file of nothing but URLs needs no line that says so."""
    rows = rows_of(lines, refused)
    first = next(rows, [])
    columns = ["url"]
    if first is None:
        raise Unreadable(NO_CSV)
    if len(first) == 1 and "://" in first[0]:
        rows = chain([first], rows)
    elif first:
        columns = read_columns(first)
    for index, row in enumerate(rows):
        field = f"urls[{index}]"
        if row is None:
            refused.add(field, "invalid", NO_CSV)
        else:
            yield from read_row(row, columns, field, refused)


def rows_of(lines: Lines, refused: Refusals) -> Iterator[list[str] | None]:
    """Each that is not empty, None for one that is no CSV; `refused` is told on which line it begins."""
    reader = csv.reader((line.decode(errors="surrogateescape") for line in lines), strict=True)
    while True:
        lines.begin()
        first = lines.number + 1
        try:
            row = next(reader, None)
            if row is None:
                return
            "".join(row).encode()  # what was not UTF-8 is half a letter now
        except (csv.Error, UnicodeEncodeError):
            refused.line = first
            yield None
            continue
        if any(row):
            refused.line = first
            yield row


def read_columns(first: list[str]) -> list[str]:
    """Raises: Unreadable."""
    columns = [name.strip() for name in first]
    for name in columns:
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise Unreadable(f"There is no column {name[:60]!r}: name them in the first line, of {known}.")
    if "url" not in columns or len(set(columns)) < len(columns):
        raise Unreadable("There has to be one column `url`, and no column twice.")
    return columns


def read_row(row: list[str], columns: list[str], field: str, refused: Refusals) -> Iterator[tuple[str, object]]:
    """An empty cell says nothing."""
    if len(row) > len(columns):
        refused.add(field, "too_many", f"This row has {len(row)} cells; there are {len(columns)} columns.")
        return
    item: dict[str, object] = {}
    for name, cell in zip(columns, row, strict=False):
        if "\0" in cell:
            refused.add(f"{field}.{name}", "invalid_character", "U+0000 cannot be kept.")
            return
        if not cell:
            continue
        if name not in OF_JSON:
            item[name] = cell
            continue
        found = list(read_json(cell.encode(), f"{field}.{name}", refused, what="This cell"))
        if not found:
            return
        item[name] = found[0][1]
    yield field, item
