"""Dramatiq's actors: each takes an id, calls one function, and may run twice."""

from uuid import UUID

import dramatiq
from django.db import close_old_connections

from jobs.failpoints import failpoint
from jobs.webhooks.sending import deliver as send
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
def deliver(delivery_id: int) -> None:
    """Make one try at a delivery."""
    close_old_connections()
    try:
        send(delivery_id)
    finally:
        close_old_connections()
