"""The web server, for tests that want a real one."""

import http.client
import threading

import uvicorn
from django.db import connections

from scrpy.asgi import application
from scrpy.patience import BACKGROUND, set_patience
from tests.until import until

# The application makes its whole process impatient; this one is also the tests' own, and their workers'.
set_patience(connections.settings["default"], BACKGROUND)


class Server:
    """The real web server, in a thread of this process: it shares the test's database and settings."""

    def __init__(self) -> None:
        config = uvicorn.Config(application, host="127.0.0.1", port=0, lifespan="off", log_config=None)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="web")

    def start(self) -> None:
        self._thread.start()
        until(lambda: self._server.started, what="the web server listens")
        self.port: int = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()

    def connect(self, *, timeout_s: float = 30) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
