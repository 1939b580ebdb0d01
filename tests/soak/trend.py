"""Whether a gauge has grown: its middle value late in a run against that of the beginning, warmed up."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WARM_UP_SHARE = 0.2
"""Of the run: caches fill, browsers are launched, lanes are opened."""
WINDOW_SHARE = 0.25
"""Of what is left: how much of it counts as the beginning, and how much as the end."""
FEWEST_SAMPLES = 12


@dataclass(frozen=True)
class Trend:
    """A gauge's middle value in the first and in the last window."""

    name: str
    first: float
    last: float
    peak: float

    @property
    def allowed(self) -> float:
        """The most that the last may be: some growth is noise, more of it in what is small or moves a lot."""
        if self.name.endswith("MB"):
            return self.first * 1.15 + 60
        if self.name.startswith(("temporary", "renderer", "helper")) or self.name == "processes":
            return self.first * 1.25 + 12
        return self.first * 1.15 + 6

    @property
    def grown(self) -> bool:
        return self.last > self.allowed

    def __str__(self) -> str:
        verdict = f"GREW, {self.allowed:.0f} are allowed" if self.grown else ""
        return f"{self.name:26}{self.first:9.1f}{self.last:9.1f}{self.peak:9.1f}  {verdict}".rstrip()


def trends(samples: Sequence[Mapping[str, float]]) -> list[Trend]:
    """One for each gauge ever seen; where it was not seen it was 0.

    Raises: ValueError if there are too few samples to tell anything.
    """
    warm = samples[int(len(samples) * WARM_UP_SHARE) :]
    if len(warm) < FEWEST_SAMPLES:
        raise ValueError(f"{len(samples)} samples tell nothing: run for longer.")
    names = sorted({name for sample in warm for name in sample})
    return [trend(name, [sample.get(name, 0.0) for sample in warm]) for name in names]


def trend(name: str, values: Sequence[float]) -> Trend:
    window = max(3, int(len(values) * WINDOW_SHARE))
    return Trend(name, statistics.median(values[:window]), statistics.median(values[-window:]), max(values))
