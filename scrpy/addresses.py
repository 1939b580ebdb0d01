"""`host:port` pairs as the gate compares them, however they were spelled."""

import re
from collections.abc import Mapping
from itertools import cycle
from typing import Any
from urllib.parse import urlsplit

from ada_url import URL

REDIS_PORT = 6379
POSTGRES_PORT = 5432

MORE_THAN_A_PAIR = re.compile(r"[\s/\\?#@*]")
"""What a URL, a range or a wildcard has and a pair has not, and white space, which a parser of URLs would drop."""


def canonical_pair(text: str) -> str:
    """`text`, one host and one port, as `Target.host_key` writes them. Raises: ValueError if it is anything else."""
    host, _, port = text.rpartition(":")
    if MORE_THAN_A_PAIR.search(text) or not (port.isascii() and port.isdecimal() and int(port)):
        raise ValueError(text)
    return f"{URL(f'http://{host}:{port}/').hostname}:{int(port)}"


def pair(host: str, port: int | str) -> str:
    """The same of a host that stands alone, IPv6 without brackets. Raises: ValueError."""
    return canonical_pair(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def redis_pairs(url: str) -> frozenset[str]:
    """Where the queue listens; nothing if that is a unix socket. Raises: ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("redis", "rediss"):
        return frozenset()
    return frozenset({pair(parts.hostname or "localhost", parts.port or REDIS_PORT)})


def postgres_pairs(database: Mapping[str, Any]) -> frozenset[str]:
    """Where the database of these settings listens, perhaps at several hosts; nothing if at a unix socket or in a file.

    Raises: ValueError.
    """
    options = database.get("OPTIONS", {})
    hosts = str(database.get("HOST") or options.get("host", "")).split(",")
    ports = str(database.get("PORT") or options.get("port", POSTGRES_PORT)).split(",")
    return frozenset(
        pair(host.strip("[]"), port)
        for host, port in zip(hosts, cycle(ports), strict=False)
        if host and not host.startswith("/")
    )
