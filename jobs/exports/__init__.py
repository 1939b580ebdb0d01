"""All results of a job as a file that is written while it is read, in constant memory.

`reading` takes pages from the database a chunk at a time, `columns` says what a table of them has, known from the
job's rules alone; `lines` (NDJSON, JSON, CSV), `xlsx` and `parquet` make bytes of them, and `formats` knows them by
name. All of them are generators that go on a step at a time: whoever drives them may rest between two steps, for there
they hold no connection to the database.
"""

from jobs.exports.formats import FORMATS, JSON, Format, cannot, filename, gzipped
from jobs.exports.reading import JobGone, Selection

__all__ = ["FORMATS", "JSON", "Format", "JobGone", "Selection", "cannot", "filename", "gzipped"]
