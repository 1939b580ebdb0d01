"""Canaries: sockets inside that nobody has any business with, and that count whoever comes.

The kernel takes part in every touch, so nothing that Chromium does, or says, can hide one.
"""

import asyncio
import ipaddress
import socket
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from scraping.egress.dial import system_lookup
from scraping.egress.policy import LISTENERS

Kind = Literal["tcp", "udp", "dns"]

ELSEWHERE = ("192.0.2.1", "2001:db8::1")
"""Addresses that are nobody's: what this machine would send to them from is its own address. Nothing is sent."""

PROBE = b"probe"
PORT_TRIES = 100
PATIENCE_S = 10
KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


class CannotCheck(Exception):
    """The check itself could not run, which is no less a failure than a touch; the message says why."""


@dataclass
class Canary:
    """One port, listened on over TCP and UDP at several addresses; `touches` counts connections and datagrams."""

    port: int
    touches: Counter[Kind] = field(default_factory=Counter)
    _sockets: list[socket.socket] = field(default_factory=list)

    def close(self) -> None:
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.remove_reader(each)
            each.close()

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.add_reader(each, self._take, each)

    def _take(self, touched: socket.socket) -> None:
        with suppress(BlockingIOError):  # whoever came has gone again
            if touched.type is socket.SOCK_DGRAM:
                touched.recv(1)
                self.touches["udp"] += 1
            else:
                touched.accept()[0].close()
                self.touches["tcp"] += 1

    async def prove(self, addresses: Collection[str]) -> None:
        """Touch it at each of `addresses`, and forget that. Raises: CannotCheck if it was not noticed."""
        count = len(addresses)
        await asyncio.to_thread(_touch, addresses, self.port)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                while self.touches != {"tcp": count, "udp": count}:  # noqa: ASYNC110 - a count is not an event
                    await asyncio.sleep(0.05)
        if self.touches != {"tcp": count, "udp": count}:
            raise CannotCheck(f"The canary at port {self.port} did not notice that it was touched: {self.touches}.")
        self.touches.clear()


def inside_addresses() -> tuple[str, ...]:
    """Every kind of inside address that this machine has: loopback, the lanes' own, what the network knows it by."""
    candidates = ("127.0.0.1", "::1", *own_addresses(), LISTENERS, *_resolved(socket.gethostname()))
    return tuple(address for address in dict.fromkeys(candidates) if _can_listen(address))


def own_addresses() -> tuple[str, ...]:
    """The addresses that this machine would reach others from, one of each family at most."""
    return tuple(address for each in ELSEWHERE if (address := _source(each)) is not None)


def _resolved(name: str) -> Sequence[str]:
    try:
        return system_lookup(name)
    except OSError:
        return ()


def _source(destination: str) -> str | None:
    with socket.socket(_family(destination), socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((destination, 9))
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _can_listen(address: str) -> bool:
    try:
        _bound(address, 0, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


def everywhere() -> tuple[str, ...]:
    """What to listen on for every address of this machine, those that nobody thought of included."""
    return ("::",) if _can_listen("::") else ("0.0.0.0",)  # noqa: S104 - whoever comes is only counted


def place(addresses: Iterable[str]) -> Canary:
    """A canary at a port that is free at all `addresses`. Raises: CannotCheck."""
    first, *others = addresses
    for _ in range(PORT_TRIES):
        sockets = [_bound(first, 0, socket.SOCK_STREAM)]
        port = sockets[0].getsockname()[1]
        try:
            sockets.append(_bound(first, port, socket.SOCK_DGRAM))
            sockets += (_bound(address, port, kind) for address in others for kind in KINDS)
        except OSError:
            for each in sockets:
                each.close()
            continue
        return Canary(port, _sockets=sockets)
    raise CannotCheck("No port was found that is free at all addresses of this machine.")


def _bound(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    made = socket.socket(_family(address), kind)
    try:
        made.setblocking(False)
        if address == "::":
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.bind((address, port))
        if kind is socket.SOCK_STREAM:
            made.listen(128)
    except OSError:
        made.close()
        raise
    return made


def _touch(addresses: Iterable[str], port: int) -> None:
    for address in addresses:
        with socket.socket(_family(address), socket.SOCK_DGRAM) as datagram:
            datagram.sendto(PROBE, (address, port))
        socket.create_connection((address, port), timeout=10).close()


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET  # noqa: PLR2004 - IPv6
