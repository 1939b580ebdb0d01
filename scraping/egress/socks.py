"""SOCKS, version 5, as a lane's proxy speaks it to its browser.

Source: RFC 1928
"""

from ipaddress import ip_address

from scraping.egress.asked import NotAsked, Tunnel
from scraping.egress.wire import Wire

VERSION, CONNECT, RESERVED = 5, 1, 0
NO_AUTH, PASSWORD, NONE_ACCEPTABLE = 0, 2, 0xFF
IPV4, NAME, IPV6 = 1, 3, 4
ADDRESS_BYTES = {IPV4: 4, IPV6: 16}
SUCCEEDED, FAILED = 0, 1

NOWHERE = bytes((IPV4, *bytes(4), *bytes(2)))
"""The address and the port that an answer has to name, and that nobody needs."""
GREETING = bytes((VERSION, NO_AUTH))
CONSENT = bytes((VERSION, SUCCEEDED, RESERVED)) + NOWHERE
REFUSAL = bytes((VERSION, FAILED, RESERVED)) + NOWHERE


async def read_tunnel(client: Wire) -> Tunnel:
    """Greet the browser; what it asks for. Raises: NotAsked, ConnectionFailed."""
    version, methods = await client.read_exactly(2)
    if version != VERSION or NO_AUTH not in await client.read_exactly(methods):
        raise NotAsked
    client.write(GREETING)
    version, command, _, kind = await client.read_exactly(4)
    if version != VERSION or command != CONNECT:
        raise NotAsked
    host = await _read_host(client, kind)
    port = int.from_bytes(await client.read_exactly(2))
    return Tunnel(f"{host}:{port}", CONSENT, REFUSAL)


async def _read_host(client: Wire, kind: int) -> str:
    """As `Target.host`. Chromium sends an address as a name, too, an IPv6 one without its brackets."""
    if kind in ADDRESS_BYTES:
        host = str(ip_address(await client.read_exactly(ADDRESS_BYTES[kind])))
    elif kind == NAME:
        [length] = await client.read_exactly(1)
        name = await client.read_exactly(length)
        if not name.isascii():
            raise NotAsked
        host = name.decode()
    else:
        raise NotAsked
    return f"[{host}]" if ":" in host else host
