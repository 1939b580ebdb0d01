"""Runs Dramatiq's worker in this very process until it is told to stop.

Not the `dramatiq` command: its master process hides a worker's death for seconds, stops every worker when one
dies, and leaves orphans when it is killed itself.
"""

import signal
from collections.abc import Iterable

import dramatiq

STOP_WITHIN_MS = 25_000
POLL_EVERY_MS = 100
"""How long an idle worker may sleep before it looks into Redis again, in milliseconds."""
THREAD_WAKES_EVERY_S = 1.0
"""How long an idle thread sleeps unless there is work; only how soon it notices the end depends on it."""


def serve(*, queue: str, threads: int, middleware: Iterable[dramatiq.Middleware] = ()) -> None:
    """Work on one queue until SIGTERM or SIGINT, then release what is in hand. Blocks."""
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    broker = dramatiq.get_broker()
    for each in middleware:
        broker.add_middleware(each)
    worker = dramatiq.Worker(broker, queues={queue}, worker_threads=threads, worker_timeout=POLL_EVERY_MS)
    worker.queue_prefetch = threads
    worker.start()
    for thread in worker.workers:
        thread.timeout = THREAD_WAKES_EVERY_S
    signal.sigwait(stop)
    worker.stop(timeout=STOP_WITHIN_MS)
    broker.close()
