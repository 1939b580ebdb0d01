"""Ports that a platform of a test may have."""

import socket


def free_port() -> int:
    """One whose next is free, too, for the shop."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port: int = first.getsockname()[1]
            try:
                socket.create_server(("127.0.0.1", port + 1)).close()
            except OSError:
                continue
            return port
