"""The head of a request to a proxy of HTTP, parsed strictly: what is not plainly one request is none."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from scraping.egress.asked import NotAsked, Tunnel

MOST_HEAD_BYTES = 128 * 1024

REQUEST_LINE = re.compile(rb"([A-Z]{1,32}) ([!-~]+) HTTP/1\.1")
CONNECT_TARGET = re.compile(rb"([^/?#@\\]+:[0-9]{1,5})")
PLAIN_TARGET = re.compile(rb'http://([^/?#@\\]+)([/?][!"$-~]*)?')
PORT = re.compile(r":[0-9]+$")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~\x80-\xff]*)")
"""A name, a colon, a value without control characters; no line goes on in the next."""

HOP_BY_HOP = frozenset(
    {b"connection", b"proxy-connection", b"keep-alive", b"proxy-authorization", b"te", b"trailer", b"upgrade", b"host"}
)


ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class RequestHead:
    """One plain request; `body_bytes` follow it. Refused, it gets no answer at all: one would pass for the site's."""

    method: bytes
    authority: str
    path: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    body_bytes: int
    refusal: ClassVar = b""

    @property
    def host_key(self) -> str:
        """`host:port`, as `Target.host_key`."""
        return self.authority if PORT.search(self.authority) else f"{self.authority}:80"

    def to_proxy(self, authorization: bytes | None) -> bytes:
        """The head as another proxy is to get it: this one request, then the end."""
        authority = self.authority.encode()
        proof = ((b"Proxy-Authorization", authorization),) if authorization else ()
        dropped = HOP_BY_HOP | _listed(self.fields, b"connection")
        kept = (field for field in self.fields if field[0].lower() not in dropped)
        fields = ((b"Host", authority), (b"Connection", b"close"), *proof, *kept)
        first = self.method + b" http://" + authority + self.path + b" HTTP/1.1"
        return b"\r\n".join((first, *(name + b": " + value for name, value in fields), b"", b""))


def parse(head: bytes) -> RequestHead | Tunnel:
    """`head` up to and with its empty line. Raises: NotAsked."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    method, target = _matched(REQUEST_LINE, first)
    fields = [(name, value.strip(b" \t")) for name, value in (_matched(FIELD, line) for line in lines)]
    body_bytes = _body_bytes(fields)
    if method == b"CONNECT":
        return Tunnel(_matched(CONNECT_TARGET, target)[0].decode("ascii"), ESTABLISHED, FORBIDDEN)
    authority, path = _matched(PLAIN_TARGET, target)
    path = path if path and path.startswith(b"/") else b"/" + (path or b"")
    return RequestHead(method, authority.decode("ascii"), path, tuple(fields), body_bytes)


def _matched(pattern: re.Pattern[bytes], text: bytes) -> tuple[bytes, ...]:
    found = pattern.fullmatch(text)
    if found is None:
        raise NotAsked
    return found.groups()


def _body_bytes(fields: Sequence[tuple[bytes, bytes]]) -> int:
    """The length of the body. Two lengths, one that is not passed on, or one in the body are ways to hide a request."""
    if any(name.lower() == b"transfer-encoding" for name, _ in fields):
        raise NotAsked
    if b"content-length" in _listed(fields, b"connection"):
        raise NotAsked
    lengths = [value for name, value in fields if name.lower() == b"content-length"]
    if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]{1,15}", length) for length in lengths):
        raise NotAsked
    return int(lengths[0]) if lengths else 0


def _listed(fields: Iterable[tuple[bytes, bytes]], field: bytes) -> set[bytes]:
    """What the header `field` lists, over all its lines, in lower case."""
    lines = (value for name, value in fields if name.lower() == field)
    return {item.strip(b" \t").lower() for line in lines for item in line.split(b",")}
