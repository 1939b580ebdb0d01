"""Hosts that serve advertisements or count visitors, and little that a page shows otherwise."""

from pathlib import Path

HOSTS = frozenset((Path(__file__).parent / "ads.txt").read_text(encoding="ascii").split())
"""Each with all of its subdomains."""


def serves_ads(host: str) -> bool:
    """Whether `host` is one of them, or a part of one."""
    labels = host.rstrip(".").split(".")
    return any(".".join(labels[first:]) in HOSTS for first in range(len(labels)))
