"""One end of a TCP connection: first read piece by piece, then everything that comes in goes out at another end."""

import asyncio
from collections.abc import Callable
from typing import cast

from scraping.errors import ConnectionFailed

MOST_UNREAD_BYTES = 64 * 1024

Count = Callable[[int], None]


class Wire(asyncio.Protocol):
    """One end of a connection. What has not been asked for waits, and makes the other side wait."""

    def __init__(self, on_open: Callable[["Wire"], None], on_lost: Callable[["Wire"], None]) -> None:
        self.active_at = 0.0
        """When something last came in, by the loop's clock."""
        self.lost = False
        self._full = False
        self._on_open = on_open
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._unread = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._sink: Wire | None = None
        self._source: Wire | None = None
        self._count: Count = lambda _: None
        self._forwardable: int | None = None

    @property
    def moved_at(self) -> float:
        """When something last came in here, or at the end it is forwarded to."""
        return max(self.active_at, self._sink.active_at) if self._sink else self.active_at

    # ------------------------------------------------------------------ what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.active_at = self._loop.time()
        self._on_open(self)

    def data_received(self, data: bytes) -> None:
        self.active_at = self._loop.time()
        if self._sink is not None:
            self._forward(self._sink, data)
            return
        self._unread += data
        if len(self._unread) >= MOST_UNREAD_BYTES:
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self._on_lost(self)
        self._wake()
        for other in (self._sink, self._source):
            if other is not None:
                other.close()

    def pause_writing(self) -> None:
        self._full = True
        if self._source is not None:
            self._source._transport.pause_reading()

    def resume_writing(self) -> None:
        self._full = False
        if self._source is not None:
            self._source._transport.resume_reading()

    # ------------------------------------------------------------------ piece by piece

    async def read_until(self, separator: bytes, limit: int) -> bytes:
        """What comes in up to and with `separator`. Raises: ConnectionFailed at the end, or after `limit` bytes."""
        searched = 0
        while (found := self._unread.find(separator, searched)) < 0 and len(self._unread) < limit:
            searched = max(0, len(self._unread) - len(separator) + 1)
            await self._more()
        end = found + len(separator)
        if found < 0 or end > limit:
            raise ConnectionFailed(f"What came in has no end within {limit:,} bytes.")
        return self._take(end)

    async def read_exactly(self, size: int) -> bytes:
        """The next `size` bytes. Raises: ConnectionFailed."""
        while len(self._unread) < size:
            await self._more()
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._unread[:size])
        del self._unread[:size]
        return taken

    async def _more(self) -> None:
        if self.lost:
            raise ConnectionFailed("The connection ended early.")
        self._waiter = self._loop.create_future()
        self._transport.resume_reading()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ------------------------------------------------------------------ all the rest

    def forward_to(self, sink: "Wire", count: Count, *, most: int | None = None) -> None:
        """From now on, what comes in here goes out at `sink`, which is closed when this end is.

        Args:
            count: told the number of bytes, before they are passed on.
            most: bytes that may come in; with more, both ends are cut off.
        """
        self._sink, sink._source = sink, self
        self._count, self._forwardable = count, most
        if self._unread:
            self._forward(sink, self._take(len(self._unread)))
        if self.lost:
            sink.close()
        elif sink._full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _forward(self, sink: "Wire", data: bytes) -> None:
        if self._forwardable is not None:
            self._forwardable -= len(data)
            if self._forwardable < 0:
                self.abort()
                return
        self._count(len(data))
        sink.write(data)

    def write(self, data: bytes) -> None:
        """Send, if there is still anybody to send to."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """End the connection once all that was written is sent."""
        self._transport.close()

    def abort(self) -> None:
        """End the connection now."""
        self._transport.abort()
