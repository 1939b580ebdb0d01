"""How many pages a process wants at once: more while they only wait, fewer when memory runs short."""

from django.conf import settings

PAGES_PER_CORE = 3
"""How many pages a core renders at once where they keep it busy: each waits for its site now and then."""
AIM, CONTENT = 0.8, (0.65, 0.92)
"""The share of the processors that is to be in use, and between which shares nothing changes."""
MOST_AT_ONCE = 2.0
"""By how much it grows from one look to the next, at most; it shrinks by no more than the aim allows."""
SHORT_OF_MEMORY = 0.85


class Appetite:
    """Of one process. It is never less than usual for want of processors, and never more than its lanes."""

    def __init__(self, *, usual: int, most: int) -> None:
        self.usual = min(usual, most)
        self.most = most
        self.pages = self.usual

    def look(self, *, busy: int, processors: float, memory: float) -> int:
        """How many it wants from now on.

        `busy` is how many it has in hand; `processors` and `memory` are the shares of them in use, by whomever.
        """
        lowest, highest = CONTENT
        if memory > SHORT_OF_MEMORY:
            self.pages = max(1, self.pages // 2)
        elif processors > highest or (processors < lowest and busy >= self.pages):
            grown = self.pages * min(MOST_AT_ONCE, AIM / max(processors, AIM / MOST_AT_ONCE))
            self.pages = min(self.most, max(self.usual, round(grown)))
        elif self.pages < self.usual:
            self.pages += 1
        return self.pages


def usual_pages() -> int:
    """This process's share of what the machine renders at once where pages keep it busy."""
    return max(1, PAGES_PER_CORE * settings.CORES // settings.SCRPY_WORKER_PROCESSES)
