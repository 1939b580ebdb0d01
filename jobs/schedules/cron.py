"""When a schedule is due: five cron fields, meant in a time zone, through its changes of clocks."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from croniter import croniter
from croniter.croniter import CroniterError

from jobs.reading import Notes, takes, typed

NAMED = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")
WORD = re.compile(
    r"\*|[0-9]{1,2}|L|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|SUN|MON|TUE|WED|THU|FRI|SAT", re.IGNORECASE
)
FIELDS = 5
LONGEST_CRON = 200


@takes({"type": "string", "format": "cron", "maxLength": LONGEST_CRON, "examples": ["30 6 * * mon-fri", *NAMED]})
def read_cron(value: object, field: str, notes: Notes) -> str | None:
    """`value` if it is an expression that will be due some day."""
    text = typed(value, str, field, notes)
    if text is None:
        return None
    if len(text) > LONGEST_CRON or not is_cron(text):
        message = (
            "Expected five fields, minute hour day-of-month month day-of-week, such as 30 6 * * mon-fri, or one of "
            f"{', '.join(NAMED)}."
        )
        notes.add(field, "invalid_cron", message)
    elif next_run(text, "UTC", after=datetime.now(UTC)) is None:
        notes.add(field, "invalid_cron", "There is no such day: this would never run.")
    else:
        return text
    return None


def is_cron(text: str) -> bool:
    """Five standard fields; croniter itself takes seconds, years and random moments, too."""
    if text in NAMED:
        return True
    fields = text.split(" ")
    words = (word for field in fields for word in re.split(r"[,/#-]", field))
    return len(fields) == FIELDS and all(map(WORD.fullmatch, words)) and croniter.is_valid(text)


def next_run(cron: str, timezone: str, *, after: datetime) -> datetime | None:
    """The first time after `after` at which `cron` is due in `timezone`; None if there is none for years."""
    return next(upcoming(cron, timezone, after=after), None)


def next_runs(cron: str, timezone: str, *, after: datetime, count: int) -> list[datetime]:
    return list(islice(upcoming(cron, timezone, after=after), count))


def upcoming(cron: str, timezone: str, *, after: datetime) -> Iterator[datetime]:
    """The times at which `cron` is due, in UTC.

    A time that the clocks skip in spring is due when they have skipped it. Of an hour that comes twice in autumn, a
    fixed hour is the first; what is due every hour is due in both.
    """
    zone = ZoneInfo(timezone)
    due = croniter(cron, after.astimezone(zone))
    hourly = cron == "@hourly" or "*" in (cron.split(" ") * 2)[1]
    while True:
        try:
            time = due.get_next(datetime)
        except CroniterError:
            return
        if hourly or not is_second(time, zone):
            yield time.astimezone(UTC)


def is_second(time: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks have shown this time before: they were set back between."""
    first = time.replace(fold=0, tzinfo=zone)
    return first.utcoffset() != time.utcoffset()
