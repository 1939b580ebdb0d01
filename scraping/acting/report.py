"""What became of each action."""

from dataclasses import dataclass, field
from enum import StrEnum


class Status(StrEnum):
    """How an action ended; one that is skipped was not begun."""

    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class ActionReport:
    """What became of one. `findings` are what only its kind tells, by name: JSON, and names as results show them."""

    type: str
    status: Status
    duration_ms: int = 0
    reason: str | None = None
    findings: dict[str, object] = field(default_factory=dict)

    def shown(self) -> dict[str, object]:
        """The report as results show it."""
        reason = {} if self.reason is None else {"reason": self.reason}
        return {"type": self.type, "status": self.status.value, "duration": self.duration_ms, **reason, **self.findings}
