"""Pictures of pages made small, for lists: once, when somebody first looks, and kept like any other file."""

import struct
import threading
import zlib
from io import BytesIO

from django.db import transaction
from django.db.models import F
from PIL import Image, ImageOps

from jobs.artifacts import files
from jobs.artifacts.keeping import content_of, write
from jobs.models import Artifact, Job

THUMBNAIL = "thumbnail"
"""Its output, which nobody asks for."""
SIZE = (144, 90)
"""Twice as large as lists show it, for fine screens."""
QUALITY = 80
MOST_PIXELS = 10 * 2**20
"""So many are looked at, of the top of a picture: 40 MiB."""
PNG_HEAD = struct.Struct(">12x4sII5s4x")
"""After the signature and a length that is always the same: what the first chunk is, has and is checked by."""
UNREADABLE = (OSError, SyntaxError, ValueError, TypeError, EOFError, struct.error, zlib.error)
"""What Pillow says of what is no picture, or half of one."""

one_at_a_time = threading.Lock()
"""Pixels take memory."""


def make_thumbnail(picture: Artifact) -> Artifact | None:
    """Make one of a page's picture and keep it; that of somebody who came first, if there is one. Queries.

    None if the picture cannot be read, or is no longer kept. Raises: FileGone, StorageAway.
    """
    with one_at_a_time:
        small = shrunk(content_of(picture))
    if small is None:
        return None
    made = write(picture.page, THUMBNAIL, "image/webp", small, action=picture.action, shown=False)
    kept = keep(made, picture)
    if kept is not made:
        files.try_to_remove(made.name)
    return kept


@transaction.atomic
def keep(made: Artifact, picture: Artifact) -> Artifact | None:
    """Store the row, unless there is one by now, or the picture is no more; the one there is then."""
    job = Job.objects.select_for_update(no_key=True).filter(pk=picture.job_id).only("pk").first()
    if job is None or not Artifact.objects.filter(pk=picture.pk).exists():
        return None
    first = Artifact.objects.filter(page=picture.page_id, output=THUMBNAIL).select_related("job", "page").first()
    if first is not None:
        return first
    made.save()
    Job.objects.filter(pk=job.pk).update(kept_bytes=F("kept_bytes") + made.stored_bytes)
    return made


def shrunk(png: bytes) -> bytes | None:
    """The top of a picture, small, as WebP; None if it is no PNG that can be read."""
    try:
        with Image.open(BytesIO(top_of(png)), formats=["PNG"]) as picture:
            small = ImageOps.fit(picture.convert("RGB"), SIZE, centering=(0.5, 0))
    except UNREADABLE:
        return None
    answer = BytesIO()
    small.save(answer, "WEBP", quality=QUALITY)
    return answer.getvalue()


def top_of(png: bytes) -> bytes:
    """The same file, but it says to be no higher than what is shown of it: what is below is never unpacked.

    Rows stand in a PNG one after the other, and whoever reads it stops at the last. Raises: ValueError, struct.error.
    """
    kind, width, height, rest = PNG_HEAD.unpack_from(png)
    interlaced = rest[-1]
    if kind != b"IHDR" or interlaced or not 0 < width <= MOST_PIXELS:
        raise ValueError("This is no PNG whose rows stand one after the other.")
    height = min(height, max(1, width * SIZE[1] // SIZE[0]), MOST_PIXELS // width)
    head: bytes = kind + struct.pack(">II5s", width, height, rest)
    return png[:12] + head + struct.pack(">I", zlib.crc32(head)) + png[PNG_HEAD.size :]
