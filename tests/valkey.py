"""A real Valkey for tests that need one."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scrpy.supervisor.valkey import ping, server_command, url_of
from tests.until import until


@contextmanager
def running_valkey() -> Iterator[str]:
    """A Valkey on a unix socket of its own, gone afterwards. Its URL."""
    with tempfile.TemporaryDirectory(prefix="scrpy-vk-") as directory:
        socket = Path(directory) / "socket"
        server = subprocess.Popen(
            server_command(socket), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        try:
            until(lambda: not ping(socket), what=f"Valkey on {socket}")
            yield url_of(socket)
        finally:
            server.terminate()
            server.wait(10)
