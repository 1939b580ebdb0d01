"""Raw ends of connections, for what lies below HTTP, and an event loop that must be left clean."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")

PATIENCE_S = 60
"""What a test that has already failed may take to say so."""
SETTLING_TURNS = 50
MOST_LINE_BYTES = 1024 * 1024

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do `work` in a loop of its own; a task that is left, and whatever the loop complains of, fails the test."""

    async def watched() -> T:
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        async with asyncio.timeout(PATIENCE_S):
            result = await work
        await settled()
        assert others() == set()
        gc.collect(1)
        assert complaints == []
        return result

    return asyncio.run(watched())


def others() -> set["asyncio.Task[Any]"]:
    """The tasks of this loop, without the one that asks."""
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def settled() -> None:
    """Let everything happen that waits for nothing but its turn."""
    for _ in range(SETTLING_TURNS):
        await asyncio.sleep(0)


async def until(true: Callable[[], object]) -> None:
    """Wait for the loop and the kernel to make it so."""
    while not true():  # noqa: ASYNC110 - nothing tells us
        await asyncio.sleep(0.001)


@asynccontextmanager
async def origin(script: Script, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """A server that plays `script` with each connection and then closes it; its port."""
    conversations: set[asyncio.Future[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.add(asyncio.ensure_future(play(reader, writer)))

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await script(reader, writer)
        writer.close()

    server = await asyncio.start_server(accept, host, port, limit=MOST_LINE_BYTES)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


@contextmanager
def closed_port() -> Iterator[int]:
    """A port of 127.0.0.1 at which nobody listens, nor can."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextmanager
def silent_port(host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port that answers nobody who wants to connect, not even with a refusal: its queue is full."""
    with socket.socket() as full, socket.socket() as queued:
        full.bind((host, port))
        full.listen(0)
        queued.connect(full.getsockname())
        yield full.getsockname()[1]


async def read_all(reader: asyncio.StreamReader) -> bytes:
    """Everything up to the end of a connection, also of one that was cut off."""
    read = b""
    with suppress(ConnectionError):
        while part := await reader.read(1 << 16):
            read += part
    return read
