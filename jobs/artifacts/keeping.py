"""What was made of a page, in storage, and the rows that will name it."""

import gzip
import hashlib
from collections.abc import Collection, Iterable, Sequence

from jobs.artifacts import files
from jobs.models import Artifact, Page
from scraping.capture import Capture
from scraping.options import Output

GZIP_LEVEL = 1
"""0.5 ms for 100 KB of HTML and 5 ms for 1 MB; level 6 takes three times as long and saves a fifth of the space."""
COMPRESSIBLE = ("text/", "application/json")
COPIED = ("output", "action", "shown", "content_type", "bytes", "sha256", "compressed", "stored_bytes")


def store(page: Page, captures: Iterable[Capture], wanted: Collection[Output]) -> list[Artifact]:
    """Write the files, and give the rows that name them, not stored yet. Sends, where the storage is remote.

    `wanted` are the outputs that the client asked for; what an action took was asked for, too.
    Raises: StorageAway, and takes back what was written.
    """
    kept: list[Artifact] = []
    try:
        for capture in captures:
            kept.append(_stored(page, capture, shown=capture.action is not None or capture.output in wanted))
    except files.StorageAway:
        discard(page, kept)
        raise
    return kept


def _stored(page: Page, capture: Capture, *, shown: bool) -> Artifact:
    return write(page, capture.output, capture.content_type, capture.content, action=capture.action, shown=shown)


def write(
    page: Page, output: str, content_type: str, content: bytes, *, action: int | None = None, shown: bool
) -> Artifact:
    """Write a file, and give the row that names it, not stored yet. Raises: StorageAway."""
    compressed = content_type.startswith(COMPRESSIBLE)
    stored = gzip.compress(content, GZIP_LEVEL, mtime=0) if compressed else content
    return Artifact(
        job=page.job,
        page=page,
        output=output,
        action=action,
        shown=shown,
        content_type=content_type,
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        name=files.write(page.job, stored),
        compressed=compressed,
        stored_bytes=len(stored),
    )


def content_of(artifact: Artifact) -> bytes:
    """The content of the file, as it is served. Raises: FileGone, StorageAway."""
    content = files.read(artifact.name)
    return gzip.decompress(content) if artifact.compressed else content


def copies(artifacts: Iterable[Artifact], *, page: Page) -> list[Artifact]:
    """The same for another page, each with a file of its own. Raises: FileGone, StorageAway, and leaves nothing."""
    kept: list[Artifact] = []
    try:
        for one in artifacts:
            kept.append(_copied(one, page))
    except (files.FileGone, files.StorageAway):
        discard(page, kept)
        raise
    return kept


def _copied(artifact: Artifact, page: Page) -> Artifact:
    name = files.write(page.job, files.read(artifact.name))
    return Artifact(job=page.job, page=page, name=name, **{field: getattr(artifact, field) for field in COPIED})


def discard(page: Page, artifacts: Sequence[Artifact]) -> None:
    """Remove the files of those that were not stored: the claim was lost. Queries.

    An answer that was lost on its way from the database is no proof that nothing was stored, so the rows are asked for.
    What cannot be removed now goes with its job.
    """
    if not artifacts:
        return
    stored = set(Artifact.objects.filter(page=page).values_list("name", flat=True))
    for one in artifacts:
        if one.name not in stored:
            files.try_to_remove(one.name)
