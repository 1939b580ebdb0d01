"""What a run leaves behind beside the database: what clients were told, and what was done to the platform."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

SeenBy = Literal["supervisor", "worker", "nobody"]
"""Who learns of a fault at once: `up` of its children, a worker of its browser; the rest is noticed by time."""


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Story:
    """A job as its client knows it: what was asked for, all answers since, and in the end every result."""

    public_id: str
    urls: Sequence[str]
    polls: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Claim:
    """A row that somebody had in hand: where it is, under which token, in which status."""

    table: str
    pk: int
    token: object
    status: str


@dataclass
class Strike:
    """One fault, done. `running` pages were being rendered, `held` was the victim's, `live` jobs needed somebody."""

    kind: str
    seen_by: SeenBy
    running: int
    live: int
    held: Sequence[Claim] = ()
    victim: int = 0
    """Its process id, if it was one process."""
    at: datetime = field(default_factory=now)
    over_at: datetime | None = None
    """When the victim could work again, if it was only held up."""
    counts_from_end: bool = False
    """Whether recovery begins there."""
    freed_at: datetime | None = None
    """When the last of `held` was out of the victim's hands."""

    @property
    def effective(self) -> bool:
        """Whether the victim had work, or was needed."""
        return bool(self.held or self.live)

    @property
    def since(self) -> datetime:
        """When recovery could begin."""
        return self.over_at if self.counts_from_end and self.over_at else self.at


@dataclass
class History:
    """What all clients know, and the nemesis. `complaints` is what clients were told that cannot be."""

    stories: list[Story] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    answered: list[tuple[datetime, timedelta]] = field(default_factory=list)
    """When requests that were answered were sent, and how long the answers took."""
    strikes: list[Strike] = field(default_factory=list)
    unforeseen: list[str] = field(default_factory=list)
    """Failures that no fault explains, as the platform's logs tell of them."""
    litter: list[str] = field(default_factory=list)
    """What was left on the machine when all was quiet."""
