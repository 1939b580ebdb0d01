"""The caller's own proxy: which may be named, and how a tunnel is made through it.

It is dialled like any other host. The browser knows nothing of it, least of all its user name and password.
"""

import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from ipaddress import ip_address

from ada_url import URL

from scraping.egress import gate
from scraping.egress.policy import DEFAULT_POLICY, PROXY_PORTS, Policy
from scraping.egress.socks import (
    ADDRESS_BYTES,
    CONNECT,
    IPV4,
    IPV6,
    NAME,
    NO_AUTH,
    NONE_ACCEPTABLE,
    PASSWORD,
    RESERVED,
    SUCCEEDED,
    VERSION,
)
from scraping.egress.wire import Wire
from scraping.errors import ProxyAuthFailed, ProxyFailed, UrlError

SCHEMES = {"http": 80, "https": 443, "socks5": 1080}
"""How a proxy is talked to, with the port it listens on if none is written."""

MAX_SERVER_CHARS = 2_048
MAX_HEAD_BYTES = 16_384

AUTHORITY = re.compile(r"([^/?#\s]+)/?")
STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")

PASSWORD_VERSION = 1
SOCKS_REPLIES = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "TTL expired",
    7: "command not supported",
    8: "address type not supported",
}


@dataclass(frozen=True, slots=True)
class Upstream:
    """A proxy that connections are made through; `host` as in `Target`, an IPv6 address in brackets."""

    scheme: str
    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def host_key(self) -> str:
        """`host:port`, as allow-lists name it."""
        return f"{self.host}:{self.port}"

    @property
    def server(self) -> str:
        """Its address, which `check_proxy` takes."""
        return f"{self.scheme}://{self.host_key}"


# ---------------------------------------------------------------- which may be named


def check_proxy(server: str, policy: Policy = DEFAULT_POLICY) -> Upstream:
    """The proxy at `server`, still without credentials. Judged like a URL that is to be fetched; resolves no name.

    Raises: UrlError, `invalid_url` or `blocked_address`.
    """
    _refuse_characters(server)
    scheme, _, rest = server.partition("://")
    scheme = scheme.lower()
    _refuse_scheme(scheme)
    if "@" in rest:
        raise UrlError("invalid_url", "The address contains a user name; give it as username, and the password too.")
    authority = AUTHORITY.fullmatch(rest)
    if not authority:
        raise UrlError("invalid_url", f"A proxy's address has no path, query or fragment: {scheme}://host:port.")
    host, port = _host_and_port(authority[1], scheme)
    target = gate.check(f"http://{host}:{port}", replace(policy, ports=policy.ports | PROXY_PORTS))
    return Upstream(scheme, target.host, target.port)


def _refuse_characters(server: str) -> None:
    if len(server) > MAX_SERVER_CHARS:
        raise UrlError(
            "invalid_url", f"The address has {len(server):,} characters; at most {MAX_SERVER_CHARS:,} are allowed."
        )
    if gate.CONTROL.search(server) or "\\" in server:
        raise UrlError("invalid_url", "The address contains a control character or a backslash.")


def _refuse_scheme(scheme: str) -> None:
    if scheme == "socks5h":
        raise UrlError("invalid_url", "Write socks5: names are always resolved at the proxy.")
    if scheme not in SCHEMES:
        raise UrlError("invalid_url", "A proxy's address starts with http://, https:// or socks5://.")


def _host_and_port(authority: str, scheme: str) -> tuple[str, int]:
    """As browsers read them. A parser leaves out the port that its own scheme means, so two of them are asked."""
    try:
        plain, secure = URL(f"http://{authority}"), URL(f"https://{authority}")
    except ValueError:
        raise UrlError("invalid_url", f"This is not a proxy's address: {scheme}://host:port.") from None
    return plain.hostname, int(plain.port or secure.port or SCHEMES[scheme])


# ---------------------------------------------------------------- how it is used


def authorization(upstream: Upstream) -> bytes | None:
    """The value of Proxy-Authorization for an http or https proxy; None without credentials."""
    if upstream.username is None:
        return None
    return b"Basic " + b64encode(f"{upstream.username}:{upstream.password or ''}".encode())


async def establish(wire: Wire, upstream: Upstream, host: str, port: int) -> None:
    """Make what is written to `wire`, which is connected to the proxy, arrive at `host`; the proxy resolves a name.

    Waits as long as the proxy does.

    Raises: ProxyAuthFailed, ProxyFailed; ConnectionFailed if the proxy closes the connection, or says too much.
    Source: RFC 9110 (CONNECT), RFC 1928 and 1929 (SOCKS5)
    """
    make = _socks_tunnel if upstream.scheme == "socks5" else _http_tunnel
    await make(wire, upstream, host.strip("[]"), port)


async def _http_tunnel(wire: Wire, upstream: Upstream, host: str, port: int) -> None:
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    credentials = authorization(upstream)
    proof = b"Proxy-Authorization: %b\r\n" % credentials if credentials else b""
    wire.write(b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n%b\r\n" % (authority.encode(), authority.encode(), proof))
    status_line = STATUS_LINE.match(await wire.read_until(b"\r\n\r\n", MAX_HEAD_BYTES))
    if not status_line:
        raise _nonsense(upstream, "HTTP")
    status = int(status_line[1])
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        raise _auth_failed(upstream)
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise ProxyFailed(f"The proxy {upstream.host_key} made no connection: it answered {status}.")


async def _socks_tunnel(wire: Wire, upstream: Upstream, host: str, port: int) -> None:
    await _greet(wire, upstream)
    wire.write(bytes((VERSION, CONNECT, RESERVED)) + _socks_address(host) + port.to_bytes(2))
    version, reply, _, kind = await wire.read_exactly(4)
    if version != VERSION:
        raise _nonsense(upstream, "SOCKS5")
    if reply != SUCCEEDED:
        meaning = SOCKS_REPLIES.get(reply, f"reply {reply}")
        raise ProxyFailed(f"The proxy {upstream.host_key} made no connection: {meaning}.")
    await _skip_address(wire, upstream, kind)


async def _greet(wire: Wire, upstream: Upstream) -> None:
    """Agree on a way to authenticate, and do it."""
    methods = (NO_AUTH,) if upstream.username is None else (NO_AUTH, PASSWORD)
    wire.write(bytes((VERSION, len(methods), *methods)))
    version, method = await wire.read_exactly(2)
    if version == VERSION and method == NONE_ACCEPTABLE:
        raise _auth_failed(upstream)
    if version != VERSION or method not in methods:
        raise _nonsense(upstream, "SOCKS5")
    if method == PASSWORD:
        await _log_in(wire, upstream)


async def _log_in(wire: Wire, upstream: Upstream) -> None:
    username, password = (upstream.username or "").encode(), (upstream.password or "").encode()
    wire.write(bytes((PASSWORD_VERSION, len(username))) + username + bytes((len(password),)) + password)
    version, status = await wire.read_exactly(2)
    if version != PASSWORD_VERSION:
        raise _nonsense(upstream, "SOCKS5")
    if status != SUCCEEDED:
        raise _auth_failed(upstream)


def _socks_address(host: str) -> bytes:
    try:
        address = ip_address(host).packed
    except ValueError:
        name = host.encode("ascii")
        return bytes((NAME, len(name))) + name
    return bytes((IPV4 if len(address) == ADDRESS_BYTES[IPV4] else IPV6,)) + address


async def _skip_address(wire: Wire, upstream: Upstream, kind: int) -> None:
    """Read the address that the proxy dials from, which nobody needs, and its port."""
    if kind == NAME:
        [length] = await wire.read_exactly(1)
    elif kind in ADDRESS_BYTES:
        length = ADDRESS_BYTES[kind]
    else:
        raise _nonsense(upstream, "SOCKS5")
    await wire.read_exactly(length + 2)


def _auth_failed(upstream: Upstream) -> ProxyAuthFailed:
    if upstream.username is None:
        return ProxyAuthFailed(f"The proxy {upstream.host_key} wants a user name and a password.")
    return ProxyAuthFailed(f"The proxy {upstream.host_key} refused the user name and password.")


def _nonsense(upstream: Upstream, protocol: str) -> ProxyFailed:
    return ProxyFailed(f"The proxy {upstream.host_key} does not speak {protocol}.")
