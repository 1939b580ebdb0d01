"""The head of a request to a proxy, parsed strictly: what is not plainly one request is none."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scraping.egress import gate
from scraping.egress.gate import Target
from scraping.egress.policy import Policy
from scraping.errors import UrlError

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


class BadHead(Exception):
    """What came is not a request that a browser makes."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """One request: `path` is empty for CONNECT; `body_bytes` follow it."""

    method: bytes
    authority: str
    path: bytes
    fields: tuple[tuple[bytes, bytes], ...]
    body_bytes: int

    @property
    def is_connect(self) -> bool:
        return self.method == b"CONNECT"

    @property
    def host_key(self) -> str:
        """`host:port`, as `Target.host_key`."""
        return self.authority if PORT.search(self.authority) else f"{self.authority}:80"

    def target(self, policy: Policy) -> Target:
        """Whom it asks for, if the gate lets it pass. Raises: UrlError."""
        target = gate.check(f"http://{self.authority}/", policy)
        if target.host_key != self.host_key:
            raise UrlError("invalid_url", f"{target.host_key} is not written as browsers write it.")
        return target

    def to_origin(self) -> bytes:
        """The head as the site itself is to get it: this one request, then the end."""
        return self._written(self.path)

    def to_proxy(self, authorization: bytes | None) -> bytes:
        """The head as another proxy is to get it."""
        extra = ((b"Proxy-Authorization", authorization),) if authorization else ()
        return self._written(b"http://" + self.authority.encode() + self.path, *extra)

    def _written(self, target: bytes, *extra: tuple[bytes, bytes]) -> bytes:
        ours = ((b"Host", self.authority.encode()), (b"Connection", b"close"), *extra)
        dropped = HOP_BY_HOP | _listed(self.fields, b"connection")
        kept = (field for field in self.fields if field[0].lower() not in dropped)
        lines = [self.method + b" " + target + b" HTTP/1.1", *(name + b": " + value for name, value in (*ours, *kept))]
        return b"\r\n".join((*lines, b"", b""))


def parse(head: bytes) -> RequestHead:
    """`head` up to and with its empty line. Raises: BadHead."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    method, target = _matched(REQUEST_LINE, first)
    fields = [(name, value.strip(b" \t")) for name, value in (_matched(FIELD, line) for line in lines)]
    body_bytes = _body_bytes(fields)
    if method == b"CONNECT":
        return RequestHead(method, _matched(CONNECT_TARGET, target)[0].decode("ascii"), b"", tuple(fields), 0)
    authority, path = _matched(PLAIN_TARGET, target)
    path = path if path and path.startswith(b"/") else b"/" + (path or b"")
    return RequestHead(method, authority.decode("ascii"), path, tuple(fields), body_bytes)


def _matched(pattern: re.Pattern[bytes], text: bytes) -> tuple[bytes, ...]:
    found = pattern.fullmatch(text)
    if found is None:
        raise BadHead
    return found.groups()


def _body_bytes(fields: Sequence[tuple[bytes, bytes]]) -> int:
    """The length of the body. Two lengths, one that is not passed on, or one in the body are ways to hide a request."""
    if any(name.lower() == b"transfer-encoding" for name, _ in fields):
        raise BadHead
    if b"content-length" in _listed(fields, b"connection"):
        raise BadHead
    lengths = [value for name, value in fields if name.lower() == b"content-length"]
    if len(lengths) > 1 or not all(re.fullmatch(rb"[0-9]{1,15}", length) for length in lengths):
        raise BadHead
    return int(lengths[0]) if lengths else 0


def _listed(fields: Iterable[tuple[bytes, bytes]], field: bytes) -> set[bytes]:
    """What the header `field` lists, over all its lines, in lower case."""
    lines = (value for name, value in fields if name.lower() == field)
    return {item.strip(b" \t").lower() for line in lines for item in line.split(b",")}
