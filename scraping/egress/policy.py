"""What the operator has decided about where connections may go; everything else is decided by `address`."""

from dataclasses import dataclass

PORTS = frozenset({80, 443, 8080, 8443})
"""Where the web is served. A browser that may try every port of every host is a port scanner."""

PROXY_PORTS = PORTS | {1080, 3128, 8000, 8888}
"""Where callers' proxies usually listen."""

LISTENERS = "127.99.114.112"
"""The loopback address that lanes' proxies listen on, alone: Chromium may reach it, and no page's request may."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Where connections may go besides the public internet, and where they never may.

    Args:
        allow: exact `host:port` pairs that may be reached although they are inside, at whatever port.
        ports: the ports that public hosts may be asked at.
        own: `host:port` pairs of scrpy's own services, refused whatever `allow` says.
    """

    allow: frozenset[str] = frozenset()
    ports: frozenset[int] = PORTS
    own: frozenset[str] = frozenset()


DEFAULT_POLICY = Policy()
