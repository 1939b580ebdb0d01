"""HTTP requests by a thread that may wait: judged, dialled, bounded in time, following no redirect."""

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from http.client import HTTPException
from threading import Event, Thread
from time import monotonic

from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from scraping.egress.dial import Dialler
from scraping.egress.gate import Target
from scraping.errors import ConnectionFailed, DnsError

NETWORK_ERRORS = (DnsError, ConnectionFailed, OSError, HTTPException, HTTPError)
"""What may come of an exchange, or of reading its answer, besides BlockedAddress."""
LEAST_S = 0.001
"""A socket takes no timeout of nothing: that means none at all."""

Request = tuple[str, str, bytes | None, Mapping[str, str]]
"""Method, path, body and headers."""


@contextmanager
def exchange(
    target: Target,
    method: str,
    *,
    headers: Mapping[str, str],
    way_out: Dialler,
    deadline: float,
    wanted: Callable[[], bool] = lambda: True,
) -> Iterator[HTTPResponse]:
    """One request over a line of its own, as `Line.ask` has it.

    Args:
        wanted: asked once more when the connection stands; nothing is sent if it says no.
    """
    with (
        closing(Line(way_out, wanted=wanted)) as line,
        line.ask(target, method, headers=headers, deadline=deadline) as got,
    ):
        yield got


class Line:
    """One thread's requests to one origin, over one connection for as long as the other end keeps it open."""

    def __init__(self, way_out: Dialler, *, wanted: Callable[[], bool] = lambda: True) -> None:
        self._way_out = way_out
        self._wanted = wanted
        self._origin: str | None = None
        self._opened = ExitStack()

    @contextmanager
    def ask(
        self, target: Target, method: str, *, headers: Mapping[str, str], body: bytes | None = None, deadline: float
    ) -> Iterator[HTTPResponse]:
        """Send the request and lend the answer, of which only the head has been read. Blocks, and sends.

        Args:
            deadline: by the monotonic clock; what is under way then is broken off, reading of the answer included.
        Raises: BlockedAddress and NETWORK_ERRORS.
        """
        host, path = target.origin.partition("//")[2], target.canonical.removeprefix(target.origin)
        request = (method, path.partition("#")[0], body, {"Host": host, **headers})
        read_to_its_end = False
        try:
            answer = self._asked_again(target, request, deadline=deadline)
            with closing(answer or self._asked_anew(target, request, deadline=deadline)) as response:
                if monotonic() >= deadline:
                    raise TimeoutError  # a head that is cut off looks whole to http.client
                yield response
                read_to_its_end = response.closed
        finally:
            if not read_to_its_end:  # the rest would be taken for the next answer
                self.close()

    def _asked_again(self, target: Target, request: Request, *, deadline: float) -> HTTPResponse | None:
        """What comes over the connection that is there; None if it is not, or is given up just now by the other end."""
        if self._origin != target.origin or not self._connection.is_connected:
            return None
        self._cut.deadline = deadline
        with suppress(ConnectionError):
            return answer_to(request, self._connection, deadline=deadline)
        return None

    def _asked_anew(self, target: Target, request: Request, *, deadline: float) -> HTTPResponse:
        self.close()
        plain = self._way_out.connect_blocking(target.host, target.port, deadline=deadline)
        self._opened.enter_context(closing(plain))
        self._cut = self._opened.enter_context(closing(Cut(plain, deadline=deadline)))
        if not self._wanted():
            raise ConnectionFailed("The request is not wanted any more.")
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock = encrypted(plain, host=target.host) if target.scheme == "https" else plain
        self._opened.enter_context(closing(sock))
        self._connection = self._opened.enter_context(closing(HTTPConnection(target.host)))
        self._connection.sock = sock
        self._origin = target.origin
        return answer_to(request, self._connection, deadline=deadline)

    def close(self) -> None:
        self._origin = None
        self._opened.close()


def answer_to(request: Request, connection: HTTPConnection, *, deadline: float) -> HTTPResponse:
    """The head of the answer has been read."""
    connection.sock.settimeout(max(deadline - monotonic(), LEAST_S))
    method, path, body, headers = request
    connection.request(method, path, body, headers, preload_content=False)
    return connection.getresponse()


class Cut:
    """Breaks a connection off at a deadline that can be put off: a socket's own timeout starts anew with each byte."""

    def __init__(self, sock: socket.socket, *, deadline: float) -> None:
        self.deadline = deadline
        self._twin = sock.dup()  # stays ours when `sock` is wrapped in TLS
        self._over = Event()
        self._thread = Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(max(self.deadline - monotonic(), 0)):
            if monotonic() >= self.deadline:
                shut_down(self._twin)
                return

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._twin.close()


def shut_down(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def encrypted(sock: socket.socket, *, host: str) -> ssl.SSLSocket:
    """`sock` in TLS, the certificate checked against the name that was asked for, not the address that was dialled."""
    return tls().wrap_socket(sock, server_hostname=host.strip("[]"))


@cache
def tls() -> ssl.SSLContext:
    """Read once: all the certificates that this machine trusts take longer than a handshake."""
    return ssl.create_default_context()


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
