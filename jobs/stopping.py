"""How the processes that run for ever learn that they are to end."""

import signal
import threading


def stop_event() -> threading.Event:
    """An event that SIGTERM or SIGINT sets from now on. For a main thread."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
