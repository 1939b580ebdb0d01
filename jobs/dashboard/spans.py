"""How much ended in a time, for a chart, a sentence and a table."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from jobs.models import Account
from jobs.usage import hourly

HOURS, DAYS = 24, 30


class Span(NamedTuple):
    """How much was completed and failed, altogether and by the hour or the day it began in."""

    name: str
    words: str
    points: Sequence[tuple[datetime, int, int]]

    @property
    def completed(self) -> int:
        return sum(completed for _, completed, _ in self.points)

    @property
    def failed(self) -> int:
        return sum(failed for _, _, failed in self.points)

    @property
    def failed_share(self) -> str:
        """`2.4 %`; nothing where nothing ended."""
        ended = self.completed + self.failed
        return f"{100 * self.failed / ended:.1f} %" if ended else ""

    @property
    def columns(self) -> dict[str, Any]:
        """As the chart takes it."""
        times, completed, failed = zip(*self.points, strict=True)
        return {
            "span": self.name,
            "words": self.words,
            "times": [int(time.timestamp()) for time in times],
            "completed": completed,
            "failed": failed,
        }


def last_day(account: Account) -> Span:
    """Two queries."""
    return Span("day", f"{HOURS} hours", list(hourly(account, hours=HOURS)))


def of_days(days: Sequence[dict[str, Any]]) -> Span:
    """Of days as `daily` gives them. No query."""
    points = [(midnight(day["date"]), day["completedUrls"], day["failedUrls"]) for day in days]
    return Span("month", f"{len(days)} days", points)


def midnight(date: str) -> datetime:
    return datetime.fromisoformat(date).replace(tzinfo=UTC)
