"""Runs Dramatiq's worker in this very process until it is told to stop.

Not the `dramatiq` command: its master process hides a worker's death for seconds, stops every worker when one
dies, and leaves orphans when it is killed itself.
"""

import gc
from collections.abc import Callable

import dramatiq

from jobs.stopping import stop_event

STOP_WITHIN_MS = 25_000
LOOK_EVERY_S = 1.0
"""A signal may reach another thread, as it does right after SIGCONT: then nothing wakes the one that waits for it."""


def serve(
    *,
    queue: str,
    threads: int,
    on_ready: Callable[[], object] = lambda: None,
    on_stop: Callable[[], object] = lambda: None,
) -> None:
    """Work on one queue until SIGTERM or SIGINT, then end what is in hand. Blocks.

    `on_ready` is called once messages are taken, `on_stop` before the threads are waited for.
    """
    stop = stop_event()
    gc.freeze()  # what is loaded stays, and collections need not look through it each time
    broker = dramatiq.get_broker()
    worker = dramatiq.Worker(broker, queues={queue}, worker_threads=threads)
    worker.queue_prefetch = threads
    worker.start()
    on_ready()
    while not stop.wait(LOOK_EVERY_S):
        pass
    on_stop()
    worker.stop(timeout=STOP_WITHIN_MS)
    broker.close()
