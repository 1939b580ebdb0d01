"""Rings for the deliveries whose time has come: retries, lost bells, attempts whose sender is gone.

Any number of clocks may do so at once.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from jobs.models import Delivery
from jobs.models.webhook import DeliveryStatus
from jobs.queue.bell import ring_deliveries
from jobs.webhooks.claims import BELL_HOLDS, LEASE, due, runs_of, settle, shares
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
    return ring(due(), look_at=limit, bells=limit)


def take_back(*, limit: int) -> None:
    """End the attempts whose lease has run out: their deliveries are due at once, or given up after the last."""
    expired = Delivery.objects.filter(status=DeliveryStatus.SENDING, lease_expires_at__lte=Now())
    if not expired.exists():
        return
    for delivery in expired.order_by("lease_expires_at")[:limit]:
        settle(delivery, SENDER_LOST, pause=timedelta(0) if delivery.attempts < MOST_ATTEMPTS else None)


def ring(deliveries: QuerySet[Delivery], *, look_at: int, bells: int) -> int:
    """Ring for those of these deliveries that are due longest and would not be turned away; how many bells.

    One bell is for several deliveries to one endpoint. Stops if Redis is away.

    Args:
        look_at: how many deliveries.
    """
    taken, rung = shares(), 0
    unheard = deliveries.filter(Q(lease_expires_at=None) | Q(lease_expires_at__lte=Now()))
    waiting = unheard.exclude(taken.used_up()).order_by("next_attempt_at").values_list("pk", "url", "account")
    for (url, account), delivery_ids in by_place(waiting[:look_at]).items():
        places = min(taken.room_for(url, account), bells - rung)
        for run in runs_of(delivery_ids, places=places) if places > 0 else ():
            if unheard.filter(pk__in=run).update(lease_expires_at=Now() + BELL_HOLDS) == 0:
                continue  # another clock was faster
            if not ring_deliveries(run):
                return rung
            taken.add(url, account)
            rung += 1
    return rung


def by_place(waiting: Iterable[tuple[int, str, int | None]]) -> dict[tuple[str, int | None], list[int]]:
    """Ids by what their share depends on, in the same order."""
    found: dict[tuple[str, int | None], list[int]] = {}
    for delivery_id, url, account in waiting:
        found.setdefault((url, account), []).append(delivery_id)
    return found
