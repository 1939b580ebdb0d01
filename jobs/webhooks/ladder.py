"""When a delivery is tried again."""

import random
from datetime import timedelta
from http import HTTPStatus

from jobs.webhooks.posting import Answer
from scraping.retry_after import retry_after_s

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


def pause_after(answer: Answer, *, attempts: int) -> timedelta | None:
    """How long to wait after `attempts` tries, the last of which had this answer; None: give up.

    An endpoint may ask for another pause, up to a day, but for no less than half of ours:
    one that is always back "in a second" would use up its tries before it really is.
    """
    if attempts >= MOST_ATTEMPTS or answer.status_code == HTTPStatus.GONE:
        return None
    step = LADDER[attempts - 1]
    asked_s = retry_after_s(answer.retry_after)
    if asked_s is not None:
        return max(timedelta(seconds=asked_s), step / 2)
    return step * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, hides nothing
