"""One end of a connection: read piece by piece, then passed on, no faster than the other side takes it."""

import asyncio
import socket
from contextlib import asynccontextmanager

import pytest

from scraping.egress.wire import MOST_UNREAD_BYTES, Wire
from scraping.errors import ConnectionFailed
from tests.scraping.raw import read_all, run, settled, until

MUCH = 8 * 1024 * 1024
"""More than the kernel keeps of a connection that nobody reads."""


@asynccontextmanager
async def end():
    """A wire, and the reader and writer at its other end."""
    ours, theirs = socket.socketpair()
    lost = []
    _, wire = await asyncio.get_running_loop().create_connection(lambda: Wire(lambda _: None, lost.append), sock=ours)
    reader, writer = await asyncio.open_connection(sock=theirs)
    try:
        yield wire, reader, writer
    finally:
        wire.abort()
        writer.close()
        await settled()
        assert wire.lost
        assert lost == [wire]


def flood(writer, size=MUCH):
    """Have `size` bytes written, whenever they can be; how many wait for that."""
    writer.write(bytes(size))
    return writer.transport.get_write_buffer_size


# ---------------------------------------------------------------- piece by piece


def test_what_is_asked_for_comes_in_pieces_of_any_size():
    async def work():
        async with end() as (wire, _, writer):
            reading = asyncio.create_task(wire.read_until(b"\r\n", 100))
            for piece in (b"a", b"bc\r", b"\nrest", b"!"):
                writer.write(piece)
                await settled()
            return await reading, await wire.read_exactly(4), await wire.read_exactly(0), await wire.read_exactly(1)

    assert run(work()) == (b"abc\r\n", b"rest", b"", b"!")


@pytest.mark.parametrize("size", [99, 100])
def test_what_ends_within_the_limit_is_read(size):
    async def work():
        async with end() as (wire, _, writer):
            writer.write(b"a" * (size - 2) + b"\r\n" + b"more" * 100)
            return await wire.read_until(b"\r\n", 100)

    assert len(run(work())) == size


@pytest.mark.parametrize(
    "sent", [b"a" * 99 + b"\r\n", b"a" * 100, b"a" * 100 + b"\r\n", b"a" * 99 + b"\r", b"a" * 9_999]
)
def test_what_does_not_end_within_the_limit_is_not_read(sent):
    async def work():
        async with end() as (wire, _, writer):
            writer.write(sent)
            with pytest.raises(ConnectionFailed, match="within 100 bytes"):
                await wire.read_until(b"\r\n", 100)

    run(work())


@pytest.mark.parametrize("size", [MOST_UNREAD_BYTES - 1, MOST_UNREAD_BYTES, MOST_UNREAD_BYTES + 1, MUCH])
def test_more_may_be_asked_for_than_may_wait_unread(size):
    async def work():
        async with end() as (wire, _, writer):
            flood(writer, size)
            return len(await wire.read_exactly(size))

    assert run(work()) == size


def test_an_end_before_what_is_asked_for_is_a_failure_and_what_came_before_it_is_read():
    async def work():
        async with end() as (wire, _, writer):
            writer.write(b"first\nlast")
            writer.close()
            await until(lambda: wire.lost)
            assert await wire.read_until(b"\n", 100) == b"first\n"
            for read in (wire.read_until(b"\n", 100), wire.read_exactly(5)):
                with pytest.raises(ConnectionFailed, match="ended early"):
                    await read
            assert await wire.read_exactly(4) == b"last"

    run(work())


def test_an_end_wakes_who_waits():
    async def work():
        async with end() as (wire, _, writer):
            reading = asyncio.create_task(wire.read_exactly(1))
            await settled()
            writer.transport.abort()
            with pytest.raises(ConnectionFailed):
                await reading

    run(work())


def test_what_nobody_asks_for_makes_the_other_side_wait():
    async def work():
        async with end() as (wire, _, writer):
            waiting = flood(writer)
            await until(lambda: len(wire._unread) >= MOST_UNREAD_BYTES)
            await settled()
            assert waiting() > 0
            assert len(wire._unread) < MOST_UNREAD_BYTES + 256 * 1024

    run(work())


# ---------------------------------------------------------------- all the rest


def test_what_waited_and_what_follows_is_passed_on_in_order_and_counted_before():
    async def work():
        counted = []
        async with end() as (source, _, writer), end() as (sink, reader, _writer):
            writer.write(b"headone")
            assert await source.read_exactly(4) == b"head"
            source.forward_to(sink, counted.append)
            assert counted == [3]
            writer.write(b"two")
            await until(lambda: counted == [3, 3])
            writer.close()
            return await read_all(reader)

    assert run(work()) == b"onetwo"


@pytest.mark.parametrize(("sent", "arrives"), [(9, True), (10, True), (11, False)])
@pytest.mark.parametrize("waits", [True, False])
def test_more_than_may_be_passed_on_cuts_both_ends_off(sent, arrives, waits):
    async def work():
        async with end() as (source, _, writer), end() as (sink, reader, _writer):
            if not waits:
                source.forward_to(sink, lambda _: None, most=10)
            writer.write(b"x" * sent)
            await until(lambda: len(source._unread) == sent or not waits)
            if waits:
                source.forward_to(sink, lambda _: None, most=10)
            if arrives:
                return len(await reader.readexactly(sent))
            await until(lambda: source.lost and sink.lost)
            return len(await read_all(reader))

    assert run(work()) == (sent if arrives else 0)


def test_when_the_source_ends_the_sink_is_closed_after_all_was_sent():
    async def work():
        async with end() as (source, _, writer), end() as (sink, reader, _writer):
            source.forward_to(sink, lambda _: None)
            flood(writer)
            writer.close()
            return len(await read_all(reader))

    assert run(work()) == MUCH


@pytest.mark.parametrize("waiting", [b"", b"last words"])
def test_a_source_that_has_ended_before_is_passed_on_and_ends_the_sink(waiting):
    async def work():
        async with end() as (source, _, writer), end() as (sink, reader, _writer):
            writer.write(waiting)
            writer.close()
            await until(lambda: source.lost)
            source.forward_to(sink, lambda _: None)
            return await read_all(reader)

    assert run(work()) == waiting


def test_when_the_sink_ends_the_source_is_closed():
    async def work():
        async with end() as (source, reader, _), end() as (sink, _reader, writer):
            source.forward_to(sink, lambda _: None)
            writer.transport.abort()
            assert await read_all(reader) == b""

    run(work())


def test_a_sink_that_has_ended_before_takes_nothing_and_nobody_minds():
    async def work():
        async with end() as (source, _, writer), end() as (sink, _reader, other):
            other.close()
            await until(lambda: sink.lost)
            writer.write(b"unheard")
            await until(lambda: source._unread)
            source.forward_to(sink, lambda _: None)
            sink.write(b"unheard, too")
            sink.close()

    run(work())


@pytest.mark.parametrize("filled", ["by what is passed on", "by what was waiting", "before"])
def test_a_sink_that_nobody_reads_makes_the_source_wait_and_little_is_kept(filled):
    async def work():
        async with end() as (source, _, writer), end() as (sink, reader, _writer):
            if filled == "before":
                sink.write(bytes(MUCH))
            if filled == "by what was waiting":
                while sink._transport.get_write_buffer_size() == 0:
                    sink.write(bytes(32 * 1024))
                    await settled()
                flood(writer)
                await until(lambda: len(source._unread) >= MOST_UNREAD_BYTES)
            kept = sink._transport.get_write_buffer_size()
            source.forward_to(sink, lambda _: None)
            waiting = flood(writer)
            await until(lambda: not source._transport.is_reading())
            await settled()
            assert waiting() > 0
            assert sink._transport.get_write_buffer_size() < kept + 1024 * 1024

            writer.close()
            return len(await read_all(reader))

    assert run(work()) >= MUCH


def test_a_wire_that_is_cut_off_drops_what_it_has_not_sent():
    async def work():
        async with end() as (wire, reader, _):
            wire.write(bytes(MUCH))
            wire.abort()
            wire.write(b"unheard")
            return len(await read_all(reader))

    assert run(work()) < MUCH
