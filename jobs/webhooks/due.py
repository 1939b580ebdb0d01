"""Rings for the deliveries whose time has come: retries, lost bells, attempts whose sender is gone.

Any number of clocks may do so at once.
"""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from jobs.models import Delivery
from jobs.models.webhook import DeliveryStatus
from jobs.queue.bell import ring_delivery
from jobs.webhooks.claims import BELL_HOLDS, LEASE, due, settle, shares
from jobs.webhooks.ladder import MOST_ATTEMPTS
from jobs.webhooks.posting import Answer

SENDER_LOST = Answer(
    status_code=None,
    excerpt="The sender stopped before it could note the answer.",
    duration_ms=LEASE // timedelta(milliseconds=1),
)


def ring_due(*, limit: int = 200) -> int:
    """Take back what dead senders held, then ring for what is due and not rung for yet; how many bells."""
    take_back(limit=limit)
    return ring(due(), limit=limit)


def take_back(*, limit: int) -> None:
    """End the attempts whose lease has run out: their deliveries are due at once, or given up after the last."""
    expired = Delivery.objects.filter(status=DeliveryStatus.SENDING, lease_expires_at__lte=Now())
    if not expired.exists():
        return
    for delivery in expired.order_by("lease_expires_at")[:limit]:
        settle(delivery, SENDER_LOST, pause=timedelta(0) if delivery.attempts < MOST_ATTEMPTS else None)


def ring(deliveries: QuerySet[Delivery], *, limit: int) -> int:
    """Ring for those of these deliveries that are due longest and would not be turned away; how many bells.

    Stops if Redis is away.
    """
    taken, rung = shares(), 0
    unheard = deliveries.filter(Q(lease_expires_at=None) | Q(lease_expires_at__lte=Now()))
    waiting = unheard.exclude(taken.used_up()).order_by("next_attempt_at").values_list("pk", "url", "account")
    for pk, url, account in list(waiting[:limit]):
        if not taken.have_room_for(url, account):
            continue
        if unheard.filter(pk=pk).update(lease_expires_at=Now() + BELL_HOLDS) == 0:
            continue  # another clock was faster
        if not ring_delivery(pk):
            break
        taken.add(url, account)
        rung += 1
    return rung
