"""`manage.py up` from the first check to the last process: what is held, what runs, what is said."""

import asyncio
from contextlib import ExitStack
from pathlib import Path

from django.conf import settings

from jobs.checks import inside_opened
from scrpy.supervisor.banner import banner
from scrpy.supervisor.checks import check_chromium, check_database, check_port, check_sandbox
from scrpy.supervisor.family import queue, the_rest
from scrpy.supervisor.leases import expire_leases
from scrpy.supervisor.lock import only_one
from scrpy.supervisor.readiness import queue_ready, web_ready
from scrpy.supervisor.scratch import scratch_dir
from scrpy.supervisor.supervisor import Stage, Supervisor
from scrpy.supervisor.terminal import say
from scrpy.supervisor.valkey import noted


def run() -> None:
    """Returns when a signal has ended it and nothing is left. Raises: CannotStart."""
    with ExitStack() as held:
        held.enter_context(only_one(settings.SCRPY_HOME))
        scratch = held.enter_context(scratch_dir(settings.SCRPY_HOME))
        if opened := inside_opened():
            say(opened)
        check_machine()
        socket = scratch / "queue.sock" if settings.EMBEDDED_QUEUE else None
        if socket:
            held.enter_context(noted(socket, settings.VALKEY_NOTE))
        say("Starting …")
        asyncio.run(supervise(scratch, stages(socket)))


def check_machine() -> None:
    """Raises CannotStart for the first thing that is wrong, while nothing runs yet."""
    check_chromium(settings.SCRPY_CHROMIUM_PATH)
    check_sandbox(settings.SCRPY_CHROMIUM_PATH, settings.SCRPY_SANDBOX)
    check_database()
    check_port(settings.SCRPY_HOST, settings.SCRPY_PORT, what="The API")
    if settings.DEVELOPMENT:
        check_port("127.0.0.1", settings.SHOP_PORT, what="The demo shop (on SCRPY_PORT + 1)")


def stages(socket: Path | None) -> list[Stage]:
    """The embedded queue, if there is to be one on `socket`, then everything else."""
    rest = Stage(the_rest(socket), lambda: web_ready(settings.SCRPY_HOST, settings.SCRPY_PORT))
    return [Stage([queue(socket)], lambda: queue_ready(socket)), rest] if socket else [rest]


async def supervise(scratch: Path, stages: list[Stage]) -> None:
    supervisor = Supervisor(home=settings.SCRPY_HOME, scratch=scratch, cwd=settings.BASE_DIR, on_end=expire_leases)
    await supervisor.run(stages, on_ready=lambda: say(banner()))
