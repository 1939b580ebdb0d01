"""The way out of a lane: a forward proxy of its own, on loopback, that reaches only what may be reached.

It speaks SOCKS: each connection is to one host, which is judged, and then passed through. Only where the caller's own
proxy speaks HTTP it does so too, since many of those take plain requests one by one, and no tunnel for them. Whatever
the reason for a refusal, the browser gets the same, so that no page can map what is inside. The reason goes into the
`Traffic` of the lane's present page.
"""

import asyncio
import re
import ssl
from collections.abc import Callable
from functools import cache
from typing import cast

from scraping.egress.ads import serves_ads
from scraping.egress.asked import NotAsked, Tunnel
from scraping.egress.dial import Dialler
from scraping.egress.gate import Target, check_host
from scraping.egress.head import MOST_HEAD_BYTES, RequestHead, parse
from scraping.egress.policy import LISTENERS
from scraping.egress.socks import read_tunnel
from scraping.egress.traffic import Traffic
from scraping.egress.upstream import Upstream, authorization, establish
from scraping.egress.wire import Wire
from scraping.errors import (
    BlockedAddress,
    ConnectionFailed,
    DnsError,
    InternalError,
    ProxyAuthFailed,
    ProxyFailed,
    ScrapeError,
    UrlError,
)
from scraping.limits import Limits

CLOSE = b"Connection: close\r\n"

ASKING_TIMEOUT_S = 30.0
TUNNEL_TIMEOUT_S = 20.0
"""For the caller's proxy to make a tunnel."""
IDLE_S = 120.0
"""As long as the longest page: a connection on which nothing has come for so long is of no use to any."""
MOST_WIRES = 512
"""Of one lane, both ends counted. Chromium keeps tunnels to every host that the lane has been to."""
LOOKUPS_AT_ONCE = 4
MOST_LINE_BYTES = 64 * 1024
MOST_INTERIM_LINES = 500
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\n]*)?\r?\n")
PROXY_AUTHENTICATION_REQUIRED = b"407"


class LaneProxy:
    """A listener of one lane. Belongs to the event loop it is opened on; closed, it refuses everything.

    A `sealed` one listens, so that nothing else can at its address, and refuses everything from the first. One that
    is `without_ads` refuses hosts that serve them.
    """

    def __init__(
        self,
        dialler: Dialler,
        limits: Limits,
        upstream: Upstream | None = None,
        *,
        sealed: bool = False,
        without_ads: bool = False,
    ) -> None:
        self._sealed = sealed
        self._without_ads = without_ads
        self._dialler = dialler
        self._limits = limits
        self._upstream = upstream
        self._speaks_http = upstream is not None and upstream.scheme != "socks5"
        self._lookups = asyncio.Semaphore(LOOKUPS_AT_ONCE)
        self._wires: set[Wire] = set()
        self._serving: dict[Wire, asyncio.Task[None]] = {}
        self._traffic = Traffic(limits, on_overrun=lambda _: self._cut_off())
        self._server: asyncio.Server | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    async def open(self) -> str:
        """Listen; the proxy's URL. Raises: InternalError."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: self._wire(self._accept), LISTENERS, 0)
        except OSError as exc:
            raise InternalError(f"A lane has no way out: nothing can listen ({exc.strerror}).") from exc
        self._sweep()
        scheme = "http" if self._speaks_http else "socks5"
        return f"{scheme}://{LISTENERS}:{self._server.sockets[0].getsockname()[1]}"

    def begin(self, on_overrun: Callable[[ScrapeError], None]) -> Traffic:
        """The account of a page that begins now; all that moves from now on is its.

        When a budget of it is exceeded, all connections are cut off, and then `on_overrun` is called.
        """

        def cut_off(overrun: ScrapeError) -> None:
            self._cut_off()
            on_overrun(overrun)

        self._traffic = Traffic(self._limits, cut_off)
        return self._traffic

    def close(self) -> None:
        """Take nothing more and cut everything off."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        if self._server is not None:
            _stop(self._server)
        self._cut_off()

    def _cut_off(self) -> None:
        for task in self._serving.values():
            task.cancel()
        for wire in self._wires:
            wire.abort()

    def _sweep(self) -> None:
        """Cut off what has been silent for long, now and for ever."""
        loop = asyncio.get_running_loop()
        for wire in self._wires:
            if loop.time() - wire.moved_at > IDLE_S:
                wire.abort()
        self._sweeping = loop.call_later(IDLE_S / 2, self._sweep)

    # ------------------------------------------------------------------ one connection

    def _wire(self, on_open: Callable[[Wire], None] = lambda _: None) -> Wire:
        return Wire(on_open, self._forget)

    def _accept(self, client: Wire) -> None:
        if self._closed or self._sealed or self._traffic.overrun:
            client.abort()
            return
        if len(self._wires) >= MOST_WIRES:
            self._give_up(min(self._wires, key=lambda wire: wire.moved_at))
        self._wires.add(client)
        self._serving[client] = asyncio.get_running_loop().create_task(self._serve(client))

    def _give_up(self, wire: Wire) -> None:
        """Make room: of many connections, the one that has been silent for longest is missed least."""
        wire.abort()
        self._wires.discard(wire)

    def _forget(self, wire: Wire) -> None:
        """A connection has ended; what was still to be done for it is done for nobody."""
        self._wires.discard(wire)
        if task := self._serving.pop(wire, None):
            task.cancel()

    async def _serve(self, client: Wire) -> None:
        try:
            async with asyncio.timeout(ASKING_TIMEOUT_S):
                asked = await (_read_http(client) if self._speaks_http else read_tunnel(client))
        except (NotAsked, ConnectionFailed, TimeoutError):
            client.close()
            return
        traffic = self._traffic
        traffic.connect()
        try:
            target = self._target(asked.host_key)
            if isinstance(asked, Tunnel):
                await self._tunnel(client, asked, target)
            else:
                await self._exchange(client, asked, target)
        except (UrlError, ScrapeError) as error:
            traffic.fail(asked.host_key, BlockedAddress(str(error)) if isinstance(error, UrlError) else error)
            client.write(asked.refusal)
            client.close()

    def _target(self, host_key: str) -> Target:
        """Whom a request asks for. Raises: UrlError, ConnectionFailed."""
        target = check_host(host_key, self._dialler.policy)
        if self._without_ads and serves_ads(target.host):
            raise ConnectionFailed(f"{target.host} serves advertisements, which options.block keeps away.")
        return target

    async def _tunnel(self, client: Wire, asked: Tunnel, target: Target) -> None:
        remote = await self._reach(target)
        client.write(asked.consent)
        client.forward_to(remote, self._send)
        remote.forward_to(client, self._receive)

    async def _exchange(self, client: Wire, head: RequestHead, target: Target) -> None:
        """One plain request, by way of the caller's proxy."""
        upstream = cast(Upstream, self._upstream)
        remote = await self._connect_upstream(upstream)
        request = head.to_proxy(authorization(upstream))
        self._send(len(request))
        remote.write(request)
        client.forward_to(remote, self._send, most=head.body_bytes)
        status_line = await self._status_line(remote, target)
        if status_line.split()[1] == PROXY_AUTHENTICATION_REQUIRED:
            raise ProxyAuthFailed
        field = await self._line(remote, target)
        if field.startswith((b" ", b"\t")):  # it would go on with our own field, and undo it
            raise ConnectionFailed(f"{target.host} sent an answer that is not HTTP.")
        client.write(status_line + CLOSE + field)
        remote.forward_to(client, self._receive)

    async def _status_line(self, remote: Wire, target: Target) -> bytes:
        """The status line of the answer proper; interim ones are counted and left out. Raises: ConnectionFailed."""
        interim = False
        for _ in range(MOST_INTERIM_LINES):
            line = await self._line(remote, target)
            if interim:
                interim = line not in (b"\r\n", b"\n")
                continue
            status = STATUS_LINE.fullmatch(line)
            if status is None:
                raise ConnectionFailed(f"{target.host} sent an answer that is not HTTP.")
            if not status[1].startswith(b"1"):
                return line
            interim = True
        raise ConnectionFailed(f"{target.host} sent nothing but interim answers.")

    async def _line(self, remote: Wire, target: Target) -> bytes:
        try:
            line = await remote.read_until(b"\n", MOST_LINE_BYTES)
        except ConnectionFailed as exc:
            how = "closed the connection without an answer" if remote.lost else "sent an answer that is not HTTP"
            raise ConnectionFailed(f"{target.host} {how}.") from exc
        self._receive(len(line))
        return line

    def _receive(self, count: int) -> None:
        self._traffic.receive(count)

    def _send(self, count: int) -> None:
        self._traffic.send(count)

    # ------------------------------------------------------------------ the other side

    async def _reach(self, target: Target) -> Wire:
        """A connection to the site: straight, or through the caller's proxy.

        Raises: DnsError, BlockedAddress, ConnectionFailed, ProxyFailed, ProxyAuthFailed.
        """
        if self._upstream is None:
            return await self._connect(target.host, target.port)
        remote = await self._connect_upstream(self._upstream)
        try:
            await _establish(remote, self._upstream, target)
        except BaseException:
            remote.abort()
            raise
        return remote

    async def _connect_upstream(self, upstream: Upstream) -> Wire:
        tls = _tls() if upstream.scheme == "https" else None
        try:
            return await self._connect(upstream.host, upstream.port, tls=tls)
        except (DnsError, ConnectionFailed) as exc:
            raise ProxyFailed(f"The proxy could not be reached: {exc}") from exc
        except OSError as exc:
            raise ProxyFailed("The TLS handshake with the proxy failed.") from exc

    async def _connect(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> Wire:
        connected = await self._dialler.connect(host, port, lookups=self._lookups)
        name = host.strip("[]") if tls else None
        loop = asyncio.get_running_loop()
        _, remote = await loop.create_connection(
            lambda: self._wire(self._wires.add), sock=connected, ssl=tls, server_hostname=name
        )
        return remote


async def _read_http(client: Wire) -> RequestHead | Tunnel:
    """Raises: NotAsked, ConnectionFailed."""
    return parse(await client.read_until(b"\r\n\r\n", MOST_HEAD_BYTES))


async def _establish(remote: Wire, upstream: Upstream, target: Target) -> None:
    try:
        async with asyncio.timeout(TUNNEL_TIMEOUT_S):
            await establish(remote, upstream, target.host, target.port)
    except TimeoutError as exc:
        raise ProxyFailed(f"The proxy did not answer within {TUNNEL_TIMEOUT_S:g} s.") from exc
    except ConnectionFailed as exc:
        raise ProxyFailed("The proxy closed the connection.") from exc


@cache
def _tls() -> ssl.SSLContext:
    """Read once: the authorities of this machine take some 20 ms to load."""
    return ssl.create_default_context()


def _stop(server: asyncio.Server) -> None:
    """Take nothing more, then close: asyncio drops, unclosed, what was accepted just before a server is closed."""
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    loop.call_soon(server.close)
