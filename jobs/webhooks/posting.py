"""One POST to an address that a stranger chose: judged, dialled, timed and read within bounds."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from threading import Timer
from time import monotonic

from django.conf import settings
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from scraping.egress import Policy, Target, check
from scraping.egress.dial import Dialler
from scraping.errors import BlockedAddress, ConnectionFailed, DnsError, UrlError

TIMEOUT_S = 30.0
"""For all of it: from the look-up of the name to the end of the answer."""
MOST_READ_BYTES = 20_000
MOST_KEPT_CHARS = 2_000
NETWORK_ERRORS = (DnsError, ConnectionFailed, OSError, HTTPException, HTTPError)
SENDERS = 16
"""How many deliveries may be on their way at once, each in a thread of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint said, or why it said nothing: then there is no status code, and the excerpt tells."""

    status_code: int | None
    excerpt: str
    duration_ms: int
    retry_after: str | None = None

    @property
    def accepted(self) -> bool:
        return self.status_code is not None and self.status_code // 100 == 2  # noqa: PLR2004 - 2xx


def post(url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send `body` once, following nothing, and tell what came of it within 30 s; no failure raises. Sends.

    The URL is judged anew: what was fine when the job was made may not be now.
    """
    began = monotonic()
    deadline = began + TIMEOUT_S
    status_code, excerpt, retry_after = None, "", None
    try:
        target = check(url, settings.EGRESS_POLICY)
        with exchange(target, body=body, headers=headers, deadline=deadline) as response:
            status_code, retry_after = response.status, response.headers.get("Retry-After")
            excerpt = text_of(beginning(response))
    except (UrlError, BlockedAddress) as error:
        excerpt = f"{error.code}: {error}"
    except NETWORK_ERRORS as error:
        excerpt = f"No answer within {TIMEOUT_S:g} s." if monotonic() >= deadline else reason(error)
    duration_ms = round((monotonic() - began) * 1000)
    return Answer(status_code=status_code, excerpt=excerpt, duration_ms=duration_ms, retry_after=retry_after)


@contextmanager
def exchange(target: Target, *, body: bytes, headers: Mapping[str, str], deadline: float) -> Iterator[HTTPResponse]:
    """Send the request and lend the answer, of which only the head has been read."""
    way_out = dialler(settings.EGRESS_POLICY)
    plain = way_out.connect_blocking(target.host, target.port, deadline=deadline)
    with closing(plain), cut_off(plain, deadline=deadline):
        sock = encrypted(plain, host=target.host) if target.scheme == "https" else plain
        with closing(sock), closing(HTTPConnection(target.host, timeout=TIMEOUT_S)) as connection:
            connection.sock = sock
            host, path = target.origin.partition("//")[2], target.canonical.removeprefix(target.origin)
            connection.request("POST", path.partition("#")[0], body, {"Host": host, **headers}, preload_content=False)
            with closing(connection.getresponse()) as response:
                if monotonic() >= deadline:
                    raise TimeoutError  # a head that is cut off looks whole to http.client
                yield response


@lru_cache(maxsize=1)
def dialler(policy: Policy) -> Dialler:
    """The one way out of this process."""
    return Dialler(policy, threads=SENDERS)


@contextmanager
def cut_off(sock: socket.socket, *, deadline: float) -> Iterator[None]:
    """Break the connection at the deadline: a socket's own timeout starts anew with each byte that drips in."""
    twin = sock.dup()  # stays ours when `sock` is wrapped in TLS
    timer = Timer(max(deadline - monotonic(), 0), shut_down, [twin])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        twin.close()


def shut_down(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def encrypted(sock: socket.socket, *, host: str) -> ssl.SSLSocket:
    """`sock` in TLS, the certificate checked against the name that was asked for, not the address that was dialled."""
    return ssl.create_default_context().wrap_socket(sock, server_hostname=host.strip("[]"))


def beginning(response: HTTPResponse) -> bytes:
    """The first bytes of an answer. One that breaks off or drips has still been given: its status stands."""
    read = b""
    with suppress(*NETWORK_ERRORS):
        while len(read) < MOST_READ_BYTES:
            part = response.read1(MOST_READ_BYTES - len(read), decode_content=False)
            if not part:
                break
            read += part
    return read


def text_of(content: bytes) -> str:
    return content.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")[:MOST_KEPT_CHARS]


def reason(error: Exception) -> str:
    """Why there was no answer, in words that name no address."""
    if isinstance(error, DnsError):
        return "The host's name leads nowhere: DNS knows no address for it."
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}."
    if isinstance(error, ConnectionFailed):
        return "The endpoint takes no connections."
    return "The connection broke off before a whole answer had come."
