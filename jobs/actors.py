"""Dramatiq's actors: each takes ids, calls one function, and may run twice."""

from collections.abc import Sequence
from uuid import UUID

import dramatiq
from django.db import close_old_connections

from jobs.failpoints import failpoint
from jobs.webhooks.sending import deliver
from jobs.worker.process import PageWorker


@dramatiq.actor(queue_name="pages")
def render_run(token: str) -> None:
    """Render the pages claimed under `token`."""
    close_old_connections()
    try:
        PageWorker.current.runner.render(UUID(token))
        failpoint("before_ack")
    finally:
        close_old_connections()


@dramatiq.actor(queue_name="webhooks")
def deliver_run(delivery_ids: Sequence[int]) -> None:
    """Make one try at each of these deliveries to one endpoint."""
    close_old_connections()
    try:
        deliver(delivery_ids)
    finally:
        close_old_connections()
