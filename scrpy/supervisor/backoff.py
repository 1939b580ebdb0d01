"""How long to wait before a program is started again."""

from dataclasses import dataclass

PAUSES_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
STABLE_S = 10.0
"""Several times what a start takes: what lives so long may start again at once without keeping a core busy."""


@dataclass
class Backoff:
    """At once after the first death, ever later the oftener it dies; all is forgiven what has lived a while."""

    deaths: int = 0
    """In a row, none of them after `STABLE_S`."""

    def after(self, *, lived_s: float) -> float:
        """Note a death; the pause before the next start, in seconds."""
        self.deaths = 1 if lived_s >= STABLE_S else self.deaths + 1
        return PAUSES_S[min(self.deaths, len(PAUSES_S)) - 1]
