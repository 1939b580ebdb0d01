"""When a stage of the start is done."""

import asyncio
import http.client
from collections.abc import Callable
from pathlib import Path

from scrpy.supervisor.checks import CannotStart
from scrpy.supervisor.valkey import ping

POLL_S = 0.2
QUEUE_S, WEB_S = 20, 90
"""The longest that each may take."""


async def queue_ready(socket: Path) -> None:
    """Ends when the queue on `socket` answers. Raises: CannotStart."""
    await until_nothing_is_missing(lambda: ping(socket), of="The queue", limit_s=QUEUE_S)


async def web_ready(host: str, port: int) -> None:
    """Ends when `/readyz` says that database, queue and workers are there. Raises: CannotStart."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - to call, not to listen on
    await until_nothing_is_missing(lambda: readyz(host, port), of="/readyz", limit_s=WEB_S)


async def until_nothing_is_missing(missing: Callable[[], str], *, of: str, limit_s: int) -> None:
    """Ask, in a thread, until the answer is empty."""
    answer = ""
    try:
        async with asyncio.timeout(limit_s):
            while answer := await asyncio.to_thread(missing):  # noqa: ASYNC110 - it is another process we wait for
                await asyncio.sleep(POLL_S)
    except TimeoutError as error:
        raise CannotStart(f"{of} was not ready within {limit_s} s, and said: {answer}") from error


def readyz(host: str, port: int) -> str:
    """What it says is missing; nothing if nothing is. Blocks for seconds at most."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        text = answer.read(2_000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__
    finally:
        connection.close()
    return "" if answer.status == http.HTTPStatus.OK else f"{answer.status} {text}"
