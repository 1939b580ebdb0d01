"""From a host's name to a connection: resolved once, every address judged, the judged one dialled, the peer checked."""

import asyncio
import errno
import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import aiohappyeyeballs

from scraping.egress.address import is_public
from scraping.egress.policy import LISTENERS, Policy
from scraping.errors import BlockedAddress, ConnectionFailed, DnsError

LOOKUP_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 10.0
NEXT_ADDRESS_AFTER_S = 0.25
"""How long one address may keep silent before the next one is tried beside it."""
REMEMBERED_S = 15.0
MOST_REMEMBERED = 2_000

NOT_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""Why an address cannot be bound that is not this machine's. Without descriptors, say, nobody knows."""

Address = IPv4Address | IPv6Address
Lookup = Callable[[str], Sequence[str]]
"""From a host's name to its IP addresses, in the order in which to try them. Blocks. Raises: OSError."""


def system_lookup(host: str) -> Sequence[str]:
    """The addresses that this machine's resolver knows."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def judged(host: str, port: int, policy: Policy, lookup: Lookup) -> tuple[Address, ...]:
    """The addresses of `host`, none of which must not be reached at `port`. Blocks for names.

    Args:
        host: as `Target.host` has it: a name, or a literal address, one of IPv6 in brackets.
    Raises: DnsError; BlockedAddress if even one of them is forbidden.
    """
    addresses = _resolved(host, lookup)
    for address in addresses:
        if _is_forbidden(address, host, port, policy, lookup):
            raise BlockedAddress(f"{host} leads to an address that is not on the public internet.")
    return addresses


def _resolved(host: str, lookup: Lookup) -> tuple[Address, ...]:
    literal = host.strip("[]")
    with suppress(ValueError):
        return (_plain(literal),)
    try:
        addresses = tuple(dict.fromkeys(map(_plain, lookup(host))))
    except (OSError, ValueError) as exc:  # ValueError: a label too long, or an answer that is no address
        raise DnsError(f"The name {host} has no address.") from exc
    if not addresses:
        raise DnsError(f"The name {host} has no address.")
    return addresses


def _plain(text: str) -> Address:
    """An address without its zone, the IPv4 one where it is mapped into IPv6: the two are dialled alike."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def _is_forbidden(address: Address, host: str, port: int, policy: Policy, lookup: Lookup) -> bool:
    if str(address) == LISTENERS or _is_own(address, port, policy, lookup):
        return True
    if {f"{host}:{port}", pair(address, port)} & policy.allow:
        return False
    return not is_public(address) or _is_here(address)  # a public address of this machine leads behind its firewall


def _is_own(address: Address, port: int, policy: Policy, lookup: Lookup) -> bool:
    """Whether one of scrpy's own services listens there; anywhere on this machine counts as where it listens."""
    hosts = [host for host, _, own_port in (own.rpartition(":") for own in policy.own) if own_port == str(port)]
    return any(_is_same(address, each) for host in hosts for each in _known(host, lookup))


def _known(host: str, lookup: Lookup) -> tuple[Address, ...]:
    with suppress(DnsError):
        return _resolved(host, lookup)
    return ()


def _is_same(address: Address, own: Address) -> bool:
    return address == own or (_is_here(own) and _is_here(address))


def _is_here(address: Address) -> bool:
    """Whether `address` is one of this machine's: only those can be bound."""
    if address.is_unspecified or address.is_loopback:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004 - IPv4
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((str(address), 0))
    except OSError as exc:
        return exc.errno not in NOT_HERE
    return True


def pair(address: Address, port: int) -> str:
    """`host:port` as allow-lists have it."""
    return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"  # noqa: PLR2004 - IPv6


class Dialler:
    """Connects to what may be reached. Names are looked up in threads of its own, and remembered for some seconds."""

    def __init__(self, policy: Policy, *, lookup: Lookup = system_lookup, threads: int) -> None:
        """`threads` is how many names can be looked up at once."""
        self.policy = policy
        self._lookup = lookup
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="lookup")
        self._remembered: dict[tuple[str, int], tuple[float, tuple[Address, ...]]] = {}

    async def connect(self, host: str, port: int, *, lookups: asyncio.Semaphore) -> socket.socket:
        """A connected, non-blocking socket.

        Args:
            lookups: bounds how many names one caller may have looked up at once, those given up included.
        Raises: DnsError, BlockedAddress, ConnectionFailed.
        """
        addresses = self._recall(host, port)
        if addresses is None:
            addresses = await self._find(host, port, lookups)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                connected = await aiohappyeyeballs.start_connection(
                    [_info(address, port) for address in addresses],
                    happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S,
                    interleave=1,
                )
        except TimeoutError as exc:
            raise ConnectionFailed(f"{host} did not accept a connection within {CONNECT_TIMEOUT_S:g} s.") from exc
        except OSError as exc:
            raise ConnectionFailed(_complaint(host, port, exc)) from exc
        return _checked(connected, host, addresses)

    async def _find(self, host: str, port: int, lookups: asyncio.Semaphore) -> tuple[Address, ...]:
        """Give up in time. The thread cannot: until it comes back, it keeps its place in `lookups`."""
        loop = asyncio.get_running_loop()

        def come_back(_: object) -> None:
            with suppress(RuntimeError):  # the loop may be gone by then
                loop.call_soon_threadsafe(lookups.release)

        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                await lookups.acquire()
                found = self._judge(host, port)
                found.add_done_callback(come_back)
                return await asyncio.wrap_future(found)
        except TimeoutError as exc:
            raise DnsError(f"The name {host} could not be looked up within {LOOKUP_TIMEOUT_S:g} s.") from exc

    def connect_blocking(self, host: str, port: int, *, deadline: float) -> socket.socket:
        """The same for a thread that may wait until `deadline`, by the monotonic clock. The addresses share the time.

        Raises: DnsError, BlockedAddress, ConnectionFailed, TimeoutError.
        """
        found = self._judge(host, port)
        try:
            addresses = found.result(max(deadline - time.monotonic(), 0))
        finally:
            found.cancel()
        for untried, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            share_s = (deadline - time.monotonic()) / untried
            if share_s <= 0:
                break
            with suppress(OSError):
                connected = socket.create_connection((str(address), port), timeout=share_s)
                connected.settimeout(max(deadline - time.monotonic(), 0.001))
                return _checked(connected, host, addresses)
        if time.monotonic() >= deadline:
            raise TimeoutError
        raise ConnectionFailed(f"{host} accepts no connections at port {port}.")

    def _recall(self, host: str, port: int) -> tuple[Address, ...] | None:
        until, addresses = self._remembered.get((host, port), (0.0, None))
        return addresses if time.monotonic() < until else None

    def _judge(self, host: str, port: int) -> "Future[tuple[Address, ...]]":
        return self._threads.submit(self._judge_now, host, port)

    def _judge_now(self, host: str, port: int) -> tuple[Address, ...]:
        addresses = judged(host, port, self.policy, self._lookup)
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[host, port] = (time.monotonic() + REMEMBERED_S, addresses)
        return addresses

    def close(self) -> None:
        """Look nothing up any more; a look-up that is under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _complaint(host: str, port: int, error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return f"{host} refused the connection."
    return f"No connection to {host} could be made at port {port}."


def _info(address: Address, port: int) -> aiohappyeyeballs.AddrInfoType:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET  # noqa: PLR2004 - IPv6
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (str(address), port))


def _checked(connected: socket.socket, host: str, addresses: tuple[Address, ...]) -> socket.socket:
    """`connected`, if the peer is one of those that were judged. Raises: BlockedAddress, ConnectionFailed."""
    try:
        if _plain(connected.getpeername()[0]) in addresses:
            return connected
    except OSError as exc:
        connected.close()
        raise ConnectionFailed(f"{host} closed the connection at once.") from exc
    connected.close()
    raise BlockedAddress(f"{host} is not where the connection led.")
