"""Which IP addresses are the public internet.

`ipaddress.is_global` is not used: on Python 3.11 it calls multicast, NAT64, 6to4, v4-compatible and
site-local addresses global, and it knows no cloud's metadata service.

A network may translate to IPv4 under a prefix of its own (RFC 6052); that cannot be seen in an address.

Source: the IANA special-purpose address registries for IPv4 and IPv6.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

INSIDE_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata service
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's platform services
        "169.254.0.0/16",  # link-local; the metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments; Oracle's metadata service
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, withdrawn
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

MAPPED = IPv6Network("::ffff:0:0/96")
NAT64 = IPv6Network("64:ff9b::/96")
SIX_TO_FOUR = IPv6Network("2002::/16")

OUTSIDE_V6 = (IPv6Network("2000::/3"), MAPPED, NAT64)
"""Global unicast, and what stands for IPv4. Beyond: loopback, ULA, link- and site-local, multicast, SRv6 …"""

INSIDE_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)

ISATAP = 0x5EFE
ISATAP_FLAGS = 0x0300_0000
"""The bits of an interface id that say "universal" and "group", and may have any value."""


def is_public(ip: IPv4Address | IPv6Address | str) -> bool:
    """Whether `ip` is an address of the public internet, judging also the IPv4 addresses inside an IPv6 one.

    An address with a scope (`2606:4700::1%eth0`) is one of this machine's links, and so is not.

    Raises: ValueError, for a text that is not exactly one address: brackets, spaces, `127.1`, `010.0.0.1`.
    """
    if isinstance(ip, str):
        ip = _parse(ip)
    if isinstance(ip, IPv4Address):
        return not _within(ip, INSIDE_V4)
    if ip.scope_id is not None or not _within(ip, OUTSIDE_V6) or _within(ip, INSIDE_V6):
        return False
    return all(map(is_public, _embedded_v4(ip)))


def _parse(text: str) -> IPv4Address | IPv6Address:
    return IPv6Address(text) if ":" in text else IPv4Address(text)


def _within(ip: IPv4Address | IPv6Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(ip in network for network in networks)


def _embedded_v4(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that packets to `ip` may really go to.

    Teredo, v4-compatible and v4-translated addresses carry one too, but are inside whatever they carry.
    """
    number = int(ip)
    if ip in MAPPED or ip in NAT64 or number >> 32 & ~ISATAP_FLAGS & 0xFFFF_FFFF == ISATAP:
        yield IPv4Address(number & 0xFFFF_FFFF)
    if ip in SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & 0xFFFF_FFFF)
