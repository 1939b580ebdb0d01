"""A lane's proxy against raw sockets: what it passes on, what it refuses and how, and that nothing is left of it."""

import asyncio
import os
import socket
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from scraping.egress import Policy, proxy
from scraping.egress.dial import Dialler
from scraping.egress.head import ESTABLISHED, FORBIDDEN, MOST_HEAD_BYTES
from scraping.egress.policy import LISTENERS
from scraping.egress.proxy import LaneProxy
from scraping.egress.socks import CONSENT, GREETING, REFUSAL
from scraping.egress.upstream import Upstream
from scraping.errors import (
    BlockedAddress,
    ConnectionFailed,
    DnsError,
    InternalError,
    ProxyAuthFailed,
    ProxyFailed,
    TooLarge,
)
from scraping.limits import DEFAULT_LIMITS
from tests.scraping.raw import closed_port, origin, read_all, run, settled, silent_port, until

MIB = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
OK_AS_PASSED_ON = OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")
GET = b"GET / HTTP/1.1\r\n\r\n"

NAMES = {
    "store.com": ["127.0.0.1"],
    "other.com": ["127.0.0.1"],
    "inside.com": ["127.0.0.1"],
    "half-inside.com": ["8.8.8.8", "10.0.0.1"],
    "junk.com": ["junk"],
}


def lookup(host):
    if host not in NAMES:
        raise OSError
    return NAMES[host]


class Lane:
    """A proxy with its page's account, and what a browser can do with it."""

    def __init__(self, lane_proxy, url):
        scheme, _, address = url.partition("://")
        host, _, port = address.partition(":")
        self.proxy, self.address = lane_proxy, (host, int(port))
        self.wants, self.consent, self.refusal = {
            "socks5": (socks, GREETING + CONSENT, GREETING + REFUSAL),
            "http": (connect, ESTABLISHED, FORBIDDEN),
        }[scheme]
        self.overruns = []
        self.traffic = lane_proxy.begin(self.overruns.append)

    async def connect(self):
        return await asyncio.open_connection(*self.address, limit=MIB)

    async def ask(self, request):
        """Send raw bytes on a new connection; all that comes back."""
        reader, writer = await self.connect()
        writer.write(request)
        answer = await read_all(reader)
        writer.close()
        return answer

    @asynccontextmanager
    async def tunnel(self, host_key):
        reader, writer = await self.connect()
        try:
            writer.write(self.wants(host_key))
            assert await reader.readexactly(len(self.consent)) == self.consent
            yield reader, writer
        finally:
            writer.close()


@asynccontextmanager
async def lane(*ports, upstream=None, threads=8, answers=lookup, **limits):
    """A lane that may reach store.com and other.com at `ports`, and afterwards has nothing left open."""
    allow = frozenset(f"{host}:{port}" for port in ports for host in ("store.com", "other.com", "127.0.0.1"))
    dialler = Dialler(Policy(allow=allow), lookup=answers, threads=threads)
    lane_proxy = LaneProxy(dialler, replace(DEFAULT_LIMITS, **limits), upstream)
    alice = Lane(lane_proxy, await lane_proxy.open())
    try:
        yield alice
    finally:
        lane_proxy.close()
        dialler.close()
        await until(lambda: not lane_proxy._wires)
        assert not lane_proxy._serving
        await until(lambda: not lane_proxy._server.sockets)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(alice.address)


def chained(port, **limits):
    """The same, where the origin at `port` is the caller's own proxy, which speaks HTTP."""
    return lane(port, upstream=Upstream("http", "store.com", port), **limits)


def get(host_key, path="/", *lines, body=b"", method="GET"):
    return "\r\n".join((f"{method} http://{host_key}{path} HTTP/1.1", *lines, "", "")).encode() + body


def connect(host_key):
    return f"CONNECT {host_key} HTTP/1.1\r\nHost: {host_key}\r\n\r\n".encode()


def socks(host_key):
    host, _, port = host_key.rpartition(":")
    name = host.strip("[]").encode()
    return b"\5\1\0" + b"\5\1\0\3" + bytes((len(name),)) + name + (int(port) & 0xFFFF).to_bytes(2)


def answering(*pieces, then=None):
    """An origin that answers each request with `pieces`, and keeps the heads."""

    async def script(reader, writer):
        script.heads.append(await reader.readuntil(b"\r\n\r\n"))
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await settled()
        if then:
            await then(reader, writer)

    script.heads = []
    return script


async def reset(_reader, writer):
    writer.transport.abort()


async def linger(reader, _writer):
    await reader.read()


async def echo(reader, writer):
    while part := await reader.read(65536):
        writer.write(part)
        await writer.drain()


# ---------------------------------------------------------------- what is passed on


def test_a_plain_request_gets_its_answer():
    site = answering(OK)

    async def work():
        async with origin(site) as port, chained(port) as alice:
            answer = await alice.ask(get("site.com:80", "/a?b", "Proxy-Connection: keep-alive", "Cookie: c=d"))
            assert alice.traffic.connections == 1
            assert alice.traffic.received_bytes == len(OK)
            assert alice.traffic.sent_bytes == len(site.heads[0])
            return answer

    assert run(work()) == OK_AS_PASSED_ON
    assert site.heads == [
        b"GET http://site.com:80/a?b HTTP/1.1\r\nHost: site.com:80\r\nConnection: close\r\nCookie: c=d\r\n\r\n"
    ]


def test_a_tunnel_passes_both_ways_what_it_is_given():
    async def work():
        async with origin(echo) as port, lane(port) as alice:
            async with alice.tunnel(f"store.com:{port}") as (reader, writer):
                for size in (1, 1000, MIB):
                    writer.write(os.urandom(size))
                    assert len(await reader.readexactly(size)) == size
            assert alice.traffic.sent_bytes == alice.traffic.received_bytes == MIB + 1001
            assert alice.traffic.connections == 1

    run(work())


def test_what_a_browser_sends_with_its_connect_goes_through_the_tunnel():
    async def work():
        async with origin(echo) as port, lane(port) as alice:
            reader, writer = await alice.connect()
            writer.write(alice.wants(f"store.com:{port}") + b"early")
            assert await reader.readexactly(len(alice.consent) + 5) == alice.consent + b"early"
            writer.close()

    run(work())


def test_a_body_of_the_announced_length_is_passed_on_and_counted():
    bodies = []

    async def site(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        bodies.append(await reader.readexactly(200_000))
        writer.write(OK)

    async def work():
        async with origin(site) as port, chained(port) as alice:
            body = os.urandom(200_000)
            request = get("site.com", "/", f"Content-Length: {len(body)}", body=body, method="POST")
            assert await alice.ask(request) == OK_AS_PASSED_ON
            assert bodies == [body]
            assert alice.traffic.sent_bytes > len(body)

    run(work())


@pytest.mark.parametrize("length", [0, 5])
@pytest.mark.parametrize("second", ["site.com", "other.com"])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_second_request_on_a_connection_reaches_nobody(length, second, at_once):
    site = answering(then=linger)

    async def work():
        async with origin(site) as port, chained(port) as alice:
            first = get("site.com", "/first", f"Content-Length: {length}", body=b"x" * length, method="POST")
            reader, writer = await alice.connect()
            writer.write(first + (get(second, "/second") if at_once else b""))
            if not at_once:
                await until(lambda: site.heads)
                writer.write(get(second, "/second"))
            assert await read_all(reader) == b""
            writer.close()
            await settled()

    run(work())

    assert [head.partition(b" HTTP")[0] for head in site.heads] == [b"POST http://site.com/first"]
    assert b"second" not in site.heads[0]


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n",
        b"HTTP/1.1 100\n\n" * 50,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    ],
)
def test_interim_answers_are_left_out_but_counted(interim):
    async def work():
        async with origin(answering(interim, OK)) as port, chained(port) as alice:
            assert await alice.ask(get("site.com")) == OK_AS_PASSED_ON
            assert alice.traffic.received_bytes == len(interim) + len(OK)

    run(work())


@pytest.mark.parametrize(
    "line",
    [b"HTTP/1.1 200\r\n", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 200 \r\n", b"HTTP/1.1 200 OK\n", b"HTTP/1.1 599 \xff\r\n"],
)
def test_an_odd_status_line_is_passed_on_as_it_is_and_the_connection_closes(line):
    async def work():
        async with origin(answering(line + b"Connection: keep-alive\r\n\r\nbody")) as port, chained(port) as alice:
            return await alice.ask(get("site.com"))

    assert run(work()) == line + b"Connection: close\r\nConnection: keep-alive\r\n\r\nbody"


@pytest.mark.parametrize(
    "answer",
    [
        b"junk\r\n\r\n",
        b"<h1>0.9</h1>\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/0.9 200 OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 000 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"-ERR unknown command\r\n",
        b"HTTP/1.1 200 " + b"a" * 64 * 1024 + b"\r\n\r\n",
        b"a" * 200_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000,
        b"HTTP/1.1 103 Early Hints\r\n" + b"Link: a\r\n" * 100_000,
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\n keeps alive\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\tkeeps alive\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"",
    ],
)
def test_what_is_no_answer_of_http_is_a_failure_of_the_site(answer):
    async def work():
        async with origin(answering(answer)) as port, chained(port) as alice:
            assert await alice.ask(get("site.com")) == b""
            return alice.traffic.failure("site.com:80")

    failure = run(work())
    assert type(failure) is ConnectionFailed
    assert str(failure).startswith("site.com ")


# ---------------------------------------------------------------- what is refused, and how


@asynccontextmanager
async def every_refusal():
    """A lane and the hosts it does not reach, with the reason for each."""
    with closed_port() as closed:
        async with origin(answering(OK)) as port, lane(closed) as alice:
            yield (
                alice,
                {
                    f"inside.com:{port}": BlockedAddress,
                    "half-inside.com:80": BlockedAddress,
                    f"127.0.0.1:{port}": BlockedAddress,
                    f"localhost:{port}": BlockedAddress,
                    "169.254.169.254:80": BlockedAddress,
                    "[::1]:80": BlockedAddress,
                    f"{LISTENERS}:{alice.address[1]}": BlockedAddress,
                    "store.com:25": BlockedAddress,
                    "store.com:9999": BlockedAddress,
                    "st..ore.com:80": BlockedAddress,
                    "STORE.com:80": BlockedAddress,
                    "unknown.com:80": DnsError,
                    "junk.com:80": DnsError,
                    f"store.com:{closed}": ConnectionFailed,
                },
            )


def test_all_refusals_look_the_same_whatever_the_reason():
    async def work():
        async with every_refusal() as (alice, reasons):
            for host_key, reason in reasons.items():
                assert await alice.ask(alice.wants(host_key)) == alice.refusal, host_key
                assert type(alice.traffic.failure(host_key)) is reason, host_key
            assert alice.traffic.blocked_requests == list(reasons.values()).count(BlockedAddress)
            assert alice.traffic.received_bytes == alice.traffic.sent_bytes == 0

    run(work())


@pytest.mark.parametrize(
    "host_key",
    [
        "127.0.0.1:80", "localhost:80", "169.254.169.254:80", "[::1]:80", f"{LISTENERS}:80", "site.com:25",
        "site.com:9999", "site.com:65536", "st..ore.com:80", "STORE.com:80",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("request_for", "refusal"), [(connect, FORBIDDEN), (get, b"")])
def test_what_nobody_may_ask_for_the_callers_proxy_is_not_asked_for_either(host_key, request_for, refusal):
    site = answering(OK)

    async def work():
        async with origin(site) as port, chained(port) as alice:
            assert await alice.ask(request_for(host_key)) == refusal
            assert type(alice.traffic.failure(host_key)) is BlockedAddress
            assert alice.traffic.received_bytes == alice.traffic.sent_bytes == 0

    run(work())

    assert site.heads == []


@pytest.mark.parametrize("kind", [b"\1" + bytes((8, 8, 8, 8)), b"\4" + bytes.fromhex("26064700" + "00" * 11 + "01")])
def test_an_address_that_is_sent_as_one_is_dialled_like_one_that_is_sent_as_a_name(kind):
    names = {b"\1": "8.8.8.8:443", b"\4": "[2606:4700::1]:443"}

    async def work():
        async with origin(echo) as port, lane(port, upstream=Upstream("socks5", "store.com", port)) as alice:
            reader, writer = await alice.connect()
            writer.write(b"\5\1\0" + b"\5\1\0" + kind + (443).to_bytes(2))
            await until(lambda: alice.traffic.failure(names[kind[:1]]))
            writer.close()
            await read_all(reader)

    run(work())


@pytest.mark.parametrize(
    ("scheme", "answer", "reason"),
    [
        ("http", None, ProxyFailed),
        ("http", b"", ProxyFailed),
        ("http", b"junk\r\n\r\n", ProxyFailed),
        ("http", b"HTTP/1.1 502 Bad Gateway\r\n\r\n", ProxyFailed),
        ("http", b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", ProxyAuthFailed),
        ("socks5", None, ProxyFailed),
        ("socks5", b"", ProxyFailed),
        ("socks5", b"junk", ProxyFailed),
        ("socks5", b"\x05\xff", ProxyAuthFailed),
        ("socks5", b"\x05\x00\x05\x05\x00\x01\0\0\0\0\0\0", ProxyFailed),
    ],
)
def test_trouble_with_the_callers_proxy_looks_the_same_and_leaves_no_connection_to_it(scheme, answer, reason):
    ended = []

    async def upstream(reader, writer):
        await reader.read(1)
        writer.write(answer)
        if not answer:
            return
        while await reader.read(65536):
            pass
        ended.append(True)

    async def work():
        with closed_port() as closed:
            async with origin(upstream) as port:
                theirs = Upstream(scheme, "store.com", closed if answer is None else port)
                async with lane(port, closed, upstream=theirs) as alice:
                    assert await alice.ask(alice.wants("site.com:443")) == alice.refusal
                    assert type(alice.traffic.failure("site.com:443")) is reason
                    await until(lambda: not alice.proxy._wires)
                    await until(lambda: ended or not answer)

    run(work())


def test_a_proxy_that_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(proxy, "TUNNEL_TIMEOUT_S", 0.01)

    async def work():
        async with origin(linger) as port, chained(port) as alice:
            assert await alice.ask(connect("site.com:443")) == FORBIDDEN
            assert type(alice.traffic.failure("site.com:443")) is ProxyFailed
            await until(lambda: not alice.proxy._wires)

    run(work())


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\nHost: store.com\r\n\r\n",
        b"GET https://store.com/ HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"\x05\x01\x00\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\r\n\r\n",
        b"GET http://store.com/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"x" * (MOST_HEAD_BYTES + 1),
    ],
)
def test_what_is_no_request_of_a_browser_is_not_answered(junk):
    async def work():
        async with origin(linger) as port, chained(port) as alice:
            assert await alice.ask(junk) == b""
            assert alice.traffic.connections == 0

    run(work())


@pytest.mark.parametrize(
    ("junk", "answer"),
    [
        (GET, b""),
        (b"CONNECT store.com:443 HTTP/1.1\r\n\r\n", b""),
        (b"\x16\x03\x01\x02\x00\x01", b""),
        (b"\4\1\0\x50\0\0\0\1\0store.com\0", b""),
        (b"\5\1\2", b""),
        (b"\5\0", b""),
        (b"\5\1\0\4\1\0\1", GREETING),
        (b"\5\1\0\5\2\0\1\x08\x08\x08\x08\0\x50", GREETING),
        (b"\5\1\0\5\3\0\1\x08\x08\x08\x08\0\x50", GREETING),
        (b"\5\1\0\5\1\0\2\x08\x08\x08\x08\0\x50", GREETING),
        (b"\5\1\0\5\1\0\3\4\xff\xff\xff\xff\0\x50", GREETING),
    ],
)
def test_what_is_no_socks_of_a_browser_is_not_answered(junk, answer):
    async def work():
        async with lane() as alice:
            assert await alice.ask(junk) == answer
            assert alice.traffic.connections == 0

    run(work())


@pytest.mark.parametrize(("size", "answer"), [(-1, OK_AS_PASSED_ON), (0, OK_AS_PASSED_ON), (1, b"")])
def test_a_head_has_a_limit(size, answer):
    async def work():
        async with origin(answering(OK)) as port, chained(port) as alice:
            missing = MOST_HEAD_BYTES + size - len(get("site.com", "/", "X: "))
            request = get("site.com", "/", "X: " + "x" * missing)
            assert len(request) == MOST_HEAD_BYTES + size
            assert await alice.ask(request) == answer

    run(work())


@pytest.mark.parametrize(("way", "first", "drop"), [(lane, b"\5\xff", b"\0"), (chained, b"", b"G")])
def test_a_request_that_drips_in_for_too_long_is_not_waited_for(monkeypatch, way, first, drop):
    monkeypatch.setattr(proxy, "ASKING_TIMEOUT_S", 0.05)

    async def work():
        async with origin(linger) as port, way(port) as alice:
            reader, writer = await alice.connect()
            writer.write(first)
            for _ in range(100):
                if reader.at_eof() or reader.exception():  # what is written too late resets the connection
                    break
                writer.write(drop)
                await asyncio.sleep(0.01)
            await until(lambda: not alice.proxy._wires)
            writer.close()

    run(work())


def test_a_connection_on_which_nothing_comes_for_long_is_cut_off(monkeypatch):
    async def work():
        async with origin(linger) as port, lane(port) as alice:
            async with alice.tunnel(f"store.com:{port}") as (reader, _writer):
                monkeypatch.setattr(proxy, "IDLE_S", 0.02)
                alice.proxy._sweeping.cancel()
                alice.proxy._sweep()
                assert await read_all(reader) == b""
            await until(lambda: not alice.proxy._wires)

    run(work())


def test_the_connection_that_was_silent_for_longest_makes_room_for_a_new_one(monkeypatch):
    monkeypatch.setattr(proxy, "MOST_WIRES", 3)

    async def work():
        async with origin(answering(OK)) as port, lane(port) as alice:
            idle = [await alice.connect() for _ in range(3)]
            await until(lambda: len(alice.proxy._wires) == 3)
            assert await alice.ask(alice.wants(f"store.com:{port}") + GET) == alice.consent + OK
            assert await read_all(idle[0][0]) == b""
            assert len(alice.proxy._wires) <= 3
            for _, writer in idle:
                writer.close()
            await until(lambda: not alice.proxy._wires)

    run(work())


# ---------------------------------------------------------------- budgets


@pytest.mark.parametrize(("over", "is_over"), [(-1, False), (0, False), (1, True)])
@pytest.mark.parametrize("way", ["tunnel", "plain"])
def test_what_a_page_receives_has_a_limit(way, over, is_over):
    limit = 100_000
    head = b"HTTP/1.1 200 OK\r\n\r\n"

    async def site(reader, writer):
        await reader.read(65536)
        writer.write(head + bytes(limit - len(head) + over))
        await writer.drain()

    async def work():
        open_lane = chained if way == "plain" else lane
        async with origin(site) as port, open_lane(port, max_received_bytes=limit) as alice:
            if way == "plain":
                await alice.ask(get("site.com"))
            else:
                async with alice.tunnel(f"store.com:{port}") as (reader, writer):
                    writer.write(b"go")
                    await read_all(reader)
            assert [type(overrun) for overrun in alice.overruns] == [TooLarge] * is_over
            assert (alice.traffic.overrun is not None) is is_over
            assert alice.traffic.received_bytes == limit + over

    run(work())


@pytest.mark.parametrize(("over", "is_over"), [(-1, False), (0, False), (1, True)])
@pytest.mark.parametrize("way", ["tunnel", "plain"])
def test_what_a_page_sends_has_a_limit(way, over, is_over):
    limit = 100_000
    arrived = []

    async def site(reader, writer):
        read = b""
        while len(read) < limit + over and (part := await reader.read(65536)):
            read += part
        arrived.append(len(read))
        writer.write(OK)

    async def work():
        open_lane = chained if way == "plain" else lane
        async with origin(site) as port, open_lane(port, max_sent_bytes=limit) as alice:
            if way == "plain":
                head = "POST http://site.com/ HTTP/1.1\r\nHost: site.com\r\nConnection: close\r\n"
                length = limit + over - len(head + "Content-Length: 99999\r\n\r\n")
                request = get("site.com", "/", f"Content-Length: {length}", body=bytes(length), method="POST")
                assert await alice.ask(request) == (b"" if is_over else OK_AS_PASSED_ON)
            else:
                async with alice.tunnel(f"store.com:{port}") as (reader, writer):
                    writer.write(bytes(limit + over))
                    assert await read_all(reader) == (b"" if is_over else OK)
            assert [type(overrun) for overrun in alice.overruns] == [TooLarge] * is_over
            await until(lambda: arrived)
            assert (arrived[0] <= limit) is True

    run(work())


def test_over_its_budget_a_page_gets_nothing_more_and_the_next_one_does():
    async def work():
        async with origin(answering(OK)) as port, lane(port, max_received_bytes=len(OK)) as alice:
            request, answer = alice.wants(f"store.com:{port}") + GET, alice.consent + OK
            assert await alice.ask(request) == answer
            assert await alice.ask(request) != answer
            assert await alice.ask(request) == b""
            assert len(alice.overruns) == 1
            received = alice.traffic.received_bytes

            second = alice.proxy.begin(alice.overruns.append)

            assert await alice.ask(request) == answer
            assert (alice.traffic.received_bytes, second.received_bytes) == (received, len(OK))

    run(work())


@pytest.mark.parametrize(("way", "request_for"), [(lane, socks), (chained, connect), (chained, get)])
def test_a_page_may_make_only_so_many_connections(way, request_for):
    site = answering(OK)

    async def work():
        async with origin(site) as port, way(port, max_requests=2) as alice:
            asked = request_for(f"store.com:{port}")
            for _ in range(2):
                reader, writer = await alice.connect()
                writer.write(asked)
                assert await reader.read(1)
                await until(lambda: alice.traffic.connections)
                writer.close()
            assert alice.overruns == []

            assert await alice.ask(asked) in (b"", GREETING)

            assert [str(overrun) for overrun in alice.overruns] == ["The page made more than 2 requests."]

    run(work())


def test_interim_answers_without_end_are_stopped_by_the_budget():
    async def site(reader, writer):
        writer.write(b"HTTP/1.1 103 Early Hints\r\n")
        while True:
            writer.write(b"Link: " + b"a" * 50_000 + b"\r\n")
            await writer.drain()

    async def work():
        async with origin(site) as port, chained(port, max_received_bytes=MIB) as alice:
            assert await alice.ask(get("site.com")) == b""
            assert alice.overruns

    run(work())


def test_over_its_budget_all_connections_of_a_page_are_cut_off():
    async def work():
        async with (
            origin(echo) as port,
            lane(port, max_received_bytes=1000) as alice,
            alice.tunnel(f"store.com:{port}") as (idle, _),
            alice.tunnel(f"store.com:{port}") as (_, writer),
        ):
            writer.write(bytes(1001))
            assert await read_all(idle) == b""

    run(work())


def test_a_page_that_begins_counts_what_moves_from_then_on():
    async def work():
        async with origin(echo) as port, lane(port) as alice:
            async with alice.tunnel(f"store.com:{port}") as (reader, writer):
                writer.write(b"first")
                await reader.readexactly(5)
                second = alice.proxy.begin(alice.overruns.append)
                writer.write(b"second")
                await reader.readexactly(6)
            await alice.ask(alice.wants("unknown.com:443"))
            assert (alice.traffic.sent_bytes, second.sent_bytes) == (5, 6)
            assert (alice.traffic.received_bytes, second.received_bytes) == (5, 6)
            assert alice.traffic.failure("unknown.com:443") is None
            assert type(second.failure("unknown.com:443")) is DnsError

    run(work())


# ---------------------------------------------------------------- ends of all kinds


def test_an_answer_that_nobody_reads_waits_at_the_site():
    written = []

    async def site(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100):
            writer.write(bytes(MIB))
            await writer.drain()
            written.append(MIB)

    async def work():
        async with origin(site) as port, lane(port, max_received_bytes=200 * MIB) as alice:
            with socket.create_connection(alice.address) as client:
                client.send(alice.wants(f"store.com:{port}") + GET)
                await until(lambda: any(not wire._transport.is_reading() for wire in alice.proxy._wires))
                await settled()
                assert max(wire._transport.get_write_buffer_size() for wire in alice.proxy._wires) < MIB
                assert sum(len(wire._unread) for wire in alice.proxy._wires) < MIB
                assert sum(written) < 50 * MIB
            await until(lambda: not alice.proxy._wires)
            assert sum(written) < 50 * MIB

    run(work())


@pytest.mark.parametrize("end", [reset, None])
@pytest.mark.parametrize("way", ["tunnel", "plain"])
def test_an_answer_that_breaks_off_arrives_as_far_as_it_came(way, end):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"

    async def work():
        open_lane = chained if way == "plain" else lane
        async with origin(answering(answer, then=end)) as port, open_lane(port) as alice:
            if way == "plain":
                return await alice.ask(get("site.com"))
            async with alice.tunnel(f"store.com:{port}") as (reader, writer):
                writer.write(GET)
                return await read_all(reader)

    assert run(work()).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("how", ["close", "abort", "write_eof"])
@pytest.mark.parametrize("way", ["tunnel", "body", "answer"])
def test_when_the_browser_goes_the_site_is_left_at_once(way, how):
    ended = []

    async def site(reader, writer):
        await reader.readexactly(3)
        if way == "answer":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while await reader.read(65536):
            pass
        ended.append(True)

    async def work():
        open_lane = lane if way == "tunnel" else chained
        async with origin(site) as port, open_lane(port) as alice:
            reader, writer = await alice.connect()
            if way == "tunnel":
                writer.write(alice.wants(f"store.com:{port}") + b"abc")
                await reader.readexactly(len(alice.consent))
            else:
                writer.write(get("site.com", "/", "Content-Length: 9", body=b"x", method="POST"))
            if way == "answer":
                await reader.readuntil(b"\r\n\r\n")
            await until(lambda: len(alice.proxy._wires) == 2)
            getattr(writer.transport, how)()
            await until(lambda: ended)
            writer.close()
            await until(lambda: not alice.proxy._wires)

    run(work())


@pytest.mark.parametrize(("way", "request_for"), [(lane, socks), (chained, connect), (chained, get)])
@pytest.mark.parametrize("end", ["the browser goes", "the lane closes", "the budget is exceeded"])
def test_nothing_is_dialled_on_for_nobody(way, request_for, end):
    async def work():
        with silent_port() as port:
            async with way(port) as alice:
                _, writer = await alice.connect()
                writer.write(request_for(f"store.com:{port}"))
                await until(lambda: alice.traffic.connections)
                [serving] = alice.proxy._serving.values()
                {
                    "the browser goes": writer.close,
                    "the lane closes": alice.proxy.close,
                    "the budget is exceeded": lambda: alice.traffic.exceed("Too much."),
                }[end]()
                await asyncio.wait([serving])
                assert serving.cancelled()
                await until(lambda: not alice.proxy._wires)
                writer.close()

    run(work())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # CPython drops one it has just accepted
@pytest.mark.parametrize("turns", range(5))
def test_a_connection_that_comes_as_the_lane_closes_is_not_served(turns):
    site = answering(OK)

    async def work():
        async with origin(site) as port, lane(port) as alice:
            with socket.create_connection(alice.address) as client:
                client.send(alice.wants(f"store.com:{port}") + GET)
                for _ in range(turns):
                    await asyncio.sleep(0)
                alice.proxy.close()
                await settled()
                client.setblocking(False)
                with suppress(BlockingIOError, ConnectionResetError):
                    assert client.recv(100) in (b"", GREETING)

    run(work())

    assert site.heads == []


def test_a_lane_that_never_opened_can_be_closed(monkeypatch):
    async def nothing_left(*_arguments, **_options):
        raise OSError(24, "Too many open files")

    async def work():
        dialler = Dialler(Policy(), lookup=lookup, threads=1)
        lane_proxy = LaneProxy(dialler, DEFAULT_LIMITS)
        monkeypatch.setattr(asyncio.get_running_loop(), "create_server", nothing_left)
        with pytest.raises(InternalError, match="Too many open files"):
            await lane_proxy.open()
        lane_proxy.close()
        dialler.close()

    run(work())


@pytest.mark.parametrize("way", [lane, chained])
def test_after_two_thousand_connections_nothing_is_left_of_them(way):
    async def site(reader, writer):
        if (await reader.readline()).startswith(b"GET"):
            writer.write(OK)

    def descriptors():
        return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - they are no files

    async def work():
        async with origin(site) as port, way(port, max_requests=10_000) as alice:
            requests = [
                alice.wants(f"store.com:{port}") + GET,
                alice.wants(f"store.com:{port}") + b"x\r\n",
                alice.wants("unknown.com:443"),
                get("site.com"),
                b"junk\r\n\r\n",
            ]
            for request in requests:
                await alice.ask(request)
            await until(lambda: not alice.proxy._wires)
            before = descriptors()
            for _ in range(100):
                await asyncio.gather(*(alice.ask(request) for request in requests * 4))
            await until(lambda: not alice.proxy._wires)
            await settled()
            assert alice.proxy._serving == {}
            assert descriptors() <= before + 2
            assert len(asyncio.all_tasks()) < 10

    run(work())
