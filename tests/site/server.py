"""The site's server: plain asyncio in a thread of its own, so that it can also misbehave below HTTP."""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

CERTIFICATE = Path(__file__).parent / "selfsigned.pem"
TLS_RECORD = b"\x16"


@dataclass(frozen=True)
class Hit:
    """One request the site has seen."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class Request:
    """A request being answered; pages answer it through these methods."""

    site: "Site"
    hit: Hit
    writer: asyncio.StreamWriter
    keep: bool = True

    @property
    def rest(self) -> str:
        """What follows the page's own name in the path: `7` of `/static/7`."""
        return self.hit.path.strip("/").partition("/")[2]

    def ask(self, name: str, default: str = "") -> str:
        """A parameter of the query."""
        return self.hit.query.get(name, default)

    async def reply(
        self,
        body: str | bytes,
        *,
        status: int = 200,
        kind: str = "text/html; charset=utf-8",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Answer, whole and well-formed."""
        content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
        await self.head(status, (("Content-Type", kind), ("Content-Length", str(len(content))), *headers))
        await self.write(content)

    async def head(self, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        """Send the status line and headers only."""
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Status"
        lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers), "", ""]
        await self.write("\r\n".join(lines).encode())

    async def write(self, content: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(content)
        await self.writer.drain()

    def reset(self) -> None:
        """Cut the connection off, with an RST instead of an end."""
        self.keep = False
        self.writer.transport.abort()

    async def forever(self) -> None:
        """Keep the connection open without a word, until the site stops."""
        self.keep = False
        await self.site.stopped.wait()


@dataclass
class Site:
    """The site, from `with Site() as site:` to its end. Everything public is safe to use from any thread."""

    port: int = 0
    tls_port: int = 0
    hits: list[Hit] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)
    robots: str | int = 404
    """What its robots.txt says, or with which status it is refused."""
    _held: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="site", daemon=True)
        self._ready = threading.Event()

    # ---------------------------------------------------------------- for tests

    @property
    def pair(self) -> str:
        """`127.0.0.1:port`, as allow-lists name it."""
        return f"127.0.0.1:{self.port}"

    @property
    def tls_pair(self) -> str:
        """The same of the listener whose certificate nobody signed."""
        return f"127.0.0.1:{self.tls_port}"

    @property
    def other_pair(self) -> str:
        """The same listener by another name, and so another host."""
        return f"localhost:{self.port}"

    def url(self, path: str) -> str:
        """The address of `path`."""
        return f"http://{self.pair}{path}"

    def other_url(self, path: str) -> str:
        """The address of `path` at the other host."""
        return f"http://{self.other_pair}{path}"

    def tls_url(self, path: str) -> str:
        """The address of `path` behind a bad certificate."""
        return f"https://{self.tls_pair}{path}"

    def count(self, path: str) -> int:
        """How often `path` has been asked for."""
        with self.changed:
            return sum(hit.path == path for hit in self.hits)

    def wait_for_hit(self, path: str, count: int = 1, timeout_s: float = 20) -> None:
        """Block until `path` has been asked for `count` times."""
        with self.changed:
            arrived = self.changed.wait_for(lambda: sum(h.path == path for h in self.hits) >= count, timeout_s)
        assert arrived, f"{path} was not asked for {count} times within {timeout_s} s"

    def hold(self, path: str) -> None:
        """Let requests for `path` wait for their answer until it is released."""
        with self.changed:
            self._held.add(path)

    def release(self, path: str | None = None) -> None:
        """Answer what waits for `path`, or for any."""
        with self.changed:
            self._held -= self._held.copy() if path is None else {path}
        self._loop.call_soon_threadsafe(self._wake)

    def forget(self) -> None:
        """Begin anew: no hits, nothing held, nothing failed yet."""
        with self.changed:
            self.hits.clear()
            self.failures.clear()
        self.robots = 404
        self.release()

    # ---------------------------------------------------------------- its life

    def __enter__(self) -> "Site":
        self._thread.start()
        assert self._ready.wait(10), "the site did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self.stopped.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self.stopped = asyncio.Event()
        self._released = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        plain = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=500)
        secure = await asyncio.start_server(self._accept, "127.0.0.1", self.tls_port, ssl=context)
        self.port, self.tls_port = (server.sockets[0].getsockname()[1] for server in (plain, secure))
        self._ready.set()
        await self.stopped.wait()
        plain.close()
        secure.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.ensure_future(self._converse(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (hit := await self._next(reader, writer)) is not None:
                request = Request(self, hit, writer)
                await self._answer(request)
                if not request.keep:
                    return
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError, ssl.SSLError):
            pass  # the browser went away, as browsers do
        finally:
            writer.close()

    async def _next(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Hit | None:
        first = await reader.read(1)
        if first == TLS_RECORD:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")  # as servers answer TLS on a plain port
        if first in (b"", TLS_RECORD):
            return None
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rows = head.split("\r\n")
        method, address, _ = line.split(" ")
        headers = {name.lower(): value for name, _, value in (row.partition(": ") for row in rows) if name}
        await reader.readexactly(int(headers.get("content-length", "0")))
        parts = urlsplit(address)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Hit(method, unquote(parts.path), query, headers, time.monotonic())

    async def _answer(self, request: Request) -> None:
        with self.changed:
            self.hits.append(request.hit)
            self.changed.notify_all()
        await self._until(lambda: request.hit.path not in self._held)
        await pages.answer(request)

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._released.wait()

    def _wake(self) -> None:
        self._released.set()
        self._released = asyncio.Event()


from tests.site import pages  # noqa: E402  (pages answer Requests, which are defined above)
