"""When a delivery is tried again."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from jobs.webhooks.posting import Answer

LADDER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
)
MOST_ATTEMPTS = len(LADDER) + 1
JITTER = 0.1
LONGEST_PAUSE = timedelta(hours=24)


def pause_after(answer: Answer, *, attempts: int) -> timedelta | None:
    """How long to wait after `attempts` tries, the last of which had this answer; None: give up.

    An endpoint may ask for another pause, up to a day, but for no less than half of ours:
    one that is always back "in a second" would use up its tries before it really is.
    """
    if attempts >= MOST_ATTEMPTS or answer.status_code == HTTPStatus.GONE:
        return None
    step = LADDER[attempts - 1]
    asked = pause_asked_for(answer.retry_after)
    if asked is not None:
        return min(max(asked, step / 2), LONGEST_PAUSE)
    return step * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, hides nothing


def pause_asked_for(retry_after: str | None) -> timedelta | None:
    """A Retry-After header, seconds or a date, as a duration; None if it is missing or neither."""
    text = (retry_after or "").strip()
    try:
        if text.isascii() and text.isdecimal():
            return timedelta(seconds=min(int(text), LONGEST_PAUSE // timedelta(seconds=1)))
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)
