"""Files that were made of pages: kept in storage before the rows that name them, removed in the opposite order.

`keeping` writes and copies them for pages and takes back what turned out to be nobody's; `files` knows where they are,
all of a job in one folder, and translates what a storage says when it is away; `disk` and `bucket` are the two storages
there are; `serving` answers with one; `thumbnails` makes pictures small. `jobs.retention` removes them.

A worker that dies between a file and its row leaves a file that nobody names. It goes with the folder of its job.
"""

from jobs.artifacts.files import FileGone, StorageAway
from jobs.artifacts.keeping import content_of, copies, discard, store

__all__ = ["FileGone", "StorageAway", "content_of", "copies", "discard", "store"]
