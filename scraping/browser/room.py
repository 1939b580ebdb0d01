"""Room for so many at once."""

import asyncio
from collections import deque


class Room:
    """Places that are taken and left; who comes when all are taken waits, first come, first served.

    How many there are may change: those who are in stay. Belongs to one event loop.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        if self._taken < self.places:
            self._taken += 1
            return
        called = asyncio.get_running_loop().create_future()
        self._waiting.append(called)
        try:
            await called
        except asyncio.CancelledError:
            if not called.cancelled():  # called in the same moment
                self.leave()
            raise

    def leave(self) -> None:
        self._taken -= 1
        self._call()

    def resize(self, places: int) -> None:
        self.places = places
        self._call()

    def _call(self) -> None:
        while self._waiting and self._taken < self.places:
            called = self._waiting.popleft()
            if not called.cancelled():
                self._taken += 1
                called.set_result(None)
