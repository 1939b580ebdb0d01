"""One try at each of a few deliveries to one endpoint."""

import logging
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from time import monotonic

from django.db import close_old_connections, transaction

from jobs.failpoints import failpoint
from jobs.models import Delivery
from jobs.sealing import SealBroken
from jobs.webhooks.asked import opened_headers
from jobs.webhooks.claims import RUN, claim_first, due, leave, settle
from jobs.webhooks.due import ring
from jobs.webhooks.ladder import pause_after
from jobs.webhooks.posting import Answer, new_line, post
from jobs.webhooks.signing import signed_headers
from scraping.egress.exchange import Line

HEADERS_LOST = Answer(
    status_code=None,
    excerpt="The headers of the webhook cannot be read any more, because SCRPY_SECRET_KEY was changed.",
    duration_ms=0,
)

GO_ON_FOR_S = 1.0

logger = logging.getLogger(__name__)


def deliver(delivery_ids: Sequence[int]) -> None:
    """Try each that is due once, and note what came of it; any other delivery is left alone.

    Sends, for about a second, or for the 30 s that one try may take: others wait for this sender, and who was not
    tried is rung for again.
    """
    began, waiting = monotonic(), deque(delivery_ids)
    delivery = claim_first(waiting)
    if delivery is None:
        return
    account_id = delivery.account_id
    with closing(new_line()) as line:
        while delivery:
            answer = tried(delivery, line)
            delivery = settled(delivery, answer, waiting if monotonic() - began < GO_ON_FOR_S else deque())
    if waiting:
        leave(waiting)
    ring_next_of_account(account_id)


def tried(delivery: Delivery, line: Line) -> Answer:
    """The answer to one that is claimed. No connection to the database is held meanwhile."""
    failpoint("event_claimed")
    close_old_connections()
    answer = send(delivery, line)
    failpoint("hook_answered")
    return answer


@transaction.atomic
def settled(delivery: Delivery, answer: Answer, waiting: deque[int]) -> Delivery | None:
    """Note the answer and claim the next of those that wait: one transaction, for on SQLite they queue up."""
    ours = settle(delivery, answer, pause=pause_after(answer, attempts=delivery.attempts))
    logger.info("Delivery %s: try %s, status %s", delivery.public_id, delivery.attempts, answer.status_code or "none")
    return claim_first(waiting, place_of=delivery if ours else None)


def send(delivery: Delivery, line: Line) -> Answer:
    event = delivery.event
    try:
        own = opened_headers(event.sealed_headers)
    except SealBroken:
        return HEADERS_LOST
    signed = signed_headers(event, secrets=event.account.webhook_secrets, at=datetime.now(UTC))
    return post(delivery.url, body=event.body.encode(), headers={**own, **signed}, line=line)


def ring_next_of_account(account_id: int | None) -> None:
    """Ring once for deliveries that may have been turned away while their account had its share."""
    ring(due().filter(account=account_id), look_at=RUN, bells=1)
