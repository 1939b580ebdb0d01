"""One try at one delivery."""

import logging
from datetime import UTC, datetime

from django.db import close_old_connections

from jobs.failpoints import failpoint
from jobs.models import Delivery
from jobs.sealing import SealBroken
from jobs.webhooks.asked import opened_headers
from jobs.webhooks.claims import claim, due, settle
from jobs.webhooks.due import ring
from jobs.webhooks.ladder import pause_after
from jobs.webhooks.posting import Answer, post
from jobs.webhooks.signing import signed_headers

HEADERS_LOST = Answer(
    status_code=None,
    excerpt="The headers of the webhook cannot be read any more, because SCRPY_SECRET_KEY was changed.",
    duration_ms=0,
)

logger = logging.getLogger(__name__)


def deliver(delivery_id: int) -> None:
    """Try a due delivery once, and note what came of it; any other delivery is left alone. Sends, for up to 30 s."""
    delivery = claim(delivery_id)
    if delivery is None:
        return
    failpoint("event_claimed")
    close_old_connections()
    answer = send(delivery)
    failpoint("hook_answered")
    settle(delivery, answer, pause=pause_after(answer, attempts=delivery.attempts))
    logger.info("Delivery %s: try %s, status %s", delivery.public_id, delivery.attempts, answer.status_code or "none")
    ring_next_of_account(delivery.event.account_id)


def send(delivery: Delivery) -> Answer:
    event = delivery.event
    try:
        own = opened_headers(event.sealed_headers)
    except SealBroken:
        return HEADERS_LOST
    signed = signed_headers(event, secrets=event.account.webhook_secrets, at=datetime.now(UTC))
    return post(delivery.url, body=event.body.encode(), headers={**own, **signed})


def ring_next_of_account(account_id: int) -> None:
    """Ring for one delivery that may have been turned away while its account had its share."""
    ring(due().filter(account=account_id), limit=1)
