"""A webhook endpoint on loopback that answers as it is told to, and keeps what it was sent."""

import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    sender: tuple[str, int]
    """Host and port: of one connection it is the same."""


class Receiver:
    def __init__(self) -> None:
        self.received: list[Received] = []
        self.stopped = Event()
        self.answers(200)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # keeps connections open
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append(Received(self.path, dict(self.headers), body, self.client_address))
                receiver.answer(self)

            def log_message(self, *_args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_args: object) -> None:
                """A sender that hangs up is what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, args=[0.01])
        self.thread.start()

    @property
    def pair(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.pair}/hook?from=scrpy"

    def answers(self, status: int, *, headers: Mapping[str, str] | None = None, body: bytes = b"ok") -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(body)

        self.answer: Callable[[BaseHTTPRequestHandler], None] = answer

    def stays_silent(self) -> None:
        def answer(_handler: BaseHTTPRequestHandler) -> None:
            self.stopped.wait()

        self.answer = answer

    def drips(self, head: bytes = b"") -> None:
        """Sends `head`, then a byte now and then, for ever."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(head)
            while not self.stopped.wait(0.01):
                handler.wfile.write(b"H")

        self.answer = answer

    def resets(self) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            at_once = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            handler.close_connection = True
            handler.connection.close()

        self.answer = answer

    def stop(self) -> None:
        self.stopped.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
