"""What a browser may ask of its lane's proxy: a tunnel, or one plain request for another proxy (`RequestHead`)."""

from dataclasses import dataclass


class NotAsked(Exception):
    """What came is nothing that a browser asks."""


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A connection to `host_key`, as in `Target`; what goes through it is between the browser and the site.

    `consent` is the answer once it stands, `refusal` if it never will.
    """

    host_key: str
    consent: bytes
    refusal: bytes
