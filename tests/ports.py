"""Ports that a platform of a test may have."""

import random
import socket
from contextlib import ExitStack

OURS = range(10_000, 32_000)
"""Below those that systems give to whoever connects: what is free stays free until it is taken by name."""


def free_port() -> int:
    """One whose next is free, too, for the shop."""
    while True:
        port = random.choice(OURS)
        try:
            with ExitStack() as held:
                for each in (port, port + 1):
                    held.enter_context(socket.create_server(("127.0.0.1", each)))
        except OSError:
            continue
        return port
