"""Which programs make up scrpy on one machine, in the order they start."""

import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from scrpy.supervisor.child import Program
from scrpy.supervisor.valkey import server_command, url_of


def queue(socket: Path) -> Program:
    """The embedded queue. Raises: CannotStart, if this machine has no server for it."""
    return Program("queue", "queue", server_command(socket))


def the_rest(queue_socket: Path | None) -> list[Program]:
    """All but the embedded queue, which they use if it runs on `queue_socket`."""
    env = {"PYTHONUNBUFFERED": "1"} | ({"REDIS_URL": url_of(queue_socket)} if queue_socket else {})
    return [
        Program("web", "web", uvicorn("scrpy.asgi:application", settings.SCRPY_HOST, settings.SCRPY_PORT), env),
        *([shop(env)] if settings.DEVELOPMENT else []),
        *(managed("worker", env, name=f"worker-{n + 1}") for n in range(settings.SCRPY_WORKER_PROCESSES)),
        managed("webhooks", env),
        managed("clock", env),
    ]


def shop(env: Mapping[str, str]) -> Program:
    """On loopback only: it is there for our own workers to visit."""
    return Program("shop", "shop", uvicorn("scrpy.demo.shop:app", "127.0.0.1", settings.SHOP_PORT), env)


def managed(command: str, env: Mapping[str, str], *, name: str = "") -> Program:
    """`manage.py <command>`."""
    manage = str(settings.BASE_DIR / "manage.py")
    return Program(name or command, command, (sys.executable, manage, command), env)


def uvicorn(app: str, host: str, port: int) -> tuple[str, ...]:
    options = {
        "host": host,
        "port": str(port),
        "loop": "uvloop",
        "http": "httptools",
        "ws": "none",
        "lifespan": "off",
        "timeout-graceful-shutdown": "2",
    }
    pairs = (part for name, value in options.items() for part in (f"--{name}", value))
    return sys.executable, "-m", "uvicorn", app, "--no-access-log", "--no-server-header", "--no-proxy-headers", *pairs
