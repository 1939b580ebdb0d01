"""One HTTP request by a thread that may wait: judged, dialled, bounded in time, following no redirect."""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from threading import Timer
from time import monotonic

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from scraping.egress.dial import Dialler
from scraping.egress.gate import Target
from scraping.errors import ConnectionFailed, DnsError

NETWORK_ERRORS = (DnsError, ConnectionFailed, OSError, HTTPException, HTTPError)
"""What may come of an exchange, or of reading its answer, besides BlockedAddress."""


@contextmanager
def exchange(
    target: Target,
    method: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    way_out: Dialler,
    deadline: float,
    wanted: Callable[[], bool] = lambda: True,
) -> Iterator[HTTPResponse]:
    """Send the request and lend the answer, of which only the head has been read. Blocks, and sends.

    Args:
        deadline: by the monotonic clock; what is under way then is broken off, reading of the answer included.
        wanted: asked once more when the connection stands; nothing is sent if it says no.
    Raises: BlockedAddress and NETWORK_ERRORS.
    """
    plain = way_out.connect_blocking(target.host, target.port, deadline=deadline)
    with closing(plain), cut_off(plain, deadline=deadline):
        if not wanted():
            raise ConnectionFailed("The request is not wanted any more.")
        sock = encrypted(plain, host=target.host) if target.scheme == "https" else plain
        with closing(sock), closing(HTTPConnection(target.host, timeout=plain.gettimeout())) as connection:
            connection.sock = sock
            host, path = target.origin.partition("//")[2], target.canonical.removeprefix(target.origin)
            connection.request(method, path.partition("#")[0], body, {"Host": host, **headers}, preload_content=False)
            with closing(connection.getresponse()) as response:
                if monotonic() >= deadline:
                    raise TimeoutError  # a head that is cut off looks whole to http.client
                yield response


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


def beginning(response: HTTPResponse, *, most_bytes: int) -> bytes:
    """The first bytes of an answer. One that breaks off or drips has still been given: its status stands."""
    read = b""
    with suppress(*NETWORK_ERRORS):
        while len(read) < most_bytes:
            part = response.read1(most_bytes - len(read), decode_content=False)
            if not part:
                break
            read += part
    return read
