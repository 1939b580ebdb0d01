"""Which IP addresses are the public internet.

`ipaddress.is_global` is not used: on Python 3.11 it calls multicast, NAT64, 6to4, v4-compatible and
site-local addresses global, and it knows no cloud's metadata service.

Source: the IANA special-purpose address registries for IPv4 and IPv6.
"""

from collections.abc import Iterable
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

GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")  # outside it: loopback, ULA, link- and site-local, multicast …

INSIDE_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)

NAT64 = IPv6Network("64:ff9b::/96")
SIX_TO_FOUR = IPv6Network("2002::/16")


def is_public(ip: IPv4Address | IPv6Address | str) -> bool:
    """Whether `ip` is an address of the public internet, judging also the IPv4 address inside an IPv6 one."""
    if isinstance(ip, str):
        ip = _parse(ip)
    if isinstance(ip, IPv4Address):
        return not _within(ip, INSIDE_V4)
    embedded = _embedded_v4(ip)
    if embedded is not None:
        return is_public(embedded)
    return ip in GLOBAL_UNICAST_V6 and not _within(ip, INSIDE_V6)


def _parse(text: str) -> IPv4Address | IPv6Address:
    return IPv6Address(text) if ":" in text else IPv4Address(text)


def _within(ip: IPv4Address | IPv6Address, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(ip in network for network in networks)


def _embedded_v4(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to `ip` may really go to: mapped, NAT64 or 6to4.

    Teredo and v4-compatible addresses carry one too, but are inside whatever they carry.
    """
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip in SIX_TO_FOUR:
        return ip.sixtofour
    return None
