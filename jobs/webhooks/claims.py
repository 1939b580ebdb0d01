"""The one place where a delivery changes its status.

    pending ⇄ sending → delivered | given_up          (delivered, given_up → pending: sent again by hand)

Each move is one guarded UPDATE; a sender's second one names the token and the attempt of its first. The token is its
process's, so that what a process held can be freed when it is known to be dead.
An attempt counts from its claim, so that one which kills its sender is bounded, too.
"""

import logging
import os
import socket
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from jobs.models import Delivery, DeliveryAttempt
from jobs.models.webhook import DeliveryStatus
from jobs.queue.bell import ring_delivery
from jobs.webhooks.posting import Answer

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
BELL_HOLDS = timedelta(seconds=10)
"""How long a message has to be heard before it counts as lost; noted in `lease_expires_at` while pending."""
MOST_AT_ONCE_TO_A_URL = 4
MOST_AT_ONCE_OF_AN_ACCOUNT = 8


def due() -> QuerySet[Delivery]:
    return Delivery.objects.filter(status=DeliveryStatus.PENDING, next_attempt_at__lte=Now())


def claim(delivery_id: int) -> Delivery | None:
    """Take a due delivery for one attempt; None if it is not due, someone else's, or its endpoint has its share.

    Two claims at once may each see the last place of a share free: one sender more does no harm.
    """
    delivery = due().select_related("event__account").filter(pk=delivery_id).first()
    if delivery is None:
        return None
    if not shares().have_room_for(delivery.url, delivery.account_id):
        due().filter(pk=delivery_id).update(lease_expires_at=None)
        return None
    token = sender_token(host=socket.gethostname(), pid=os.getpid())
    taken = {"status": DeliveryStatus.SENDING, "token": token, "attempts": delivery.attempts + 1}
    still_due = due().filter(pk=delivery_id, attempts=delivery.attempts)
    if still_due.update(lease_expires_at=Now() + LEASE, **taken) == 0:
        return None
    vars(delivery).update(taken)
    return delivery


def sender_token(*, host: str, pid: int) -> uuid.UUID:
    """What a process claims deliveries by. A later one with the same id has it too: hence the attempt beside it."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"sender://{host}/{pid}")


def expire_sender(*, host: str, pid: int) -> None:
    """End the leases of a sender process that is known to be dead; the clock's next look acts on them."""
    theirs = Delivery.objects.filter(status=DeliveryStatus.SENDING, token=sender_token(host=host, pid=pid))
    theirs.update(lease_expires_at=Now())


class Shares:
    """How many senders each endpoint, and each account, has just now: a silent one holds up no other."""

    def __init__(self, sending: Iterable[tuple[str, int | None]]) -> None:
        self._urls: Counter[str] = Counter()
        self._accounts: Counter[int | None] = Counter()
        for url, account in sending:
            self.add(url, account)

    def add(self, url: str, account: int | None) -> None:
        self._urls[url] += 1
        self._accounts[account] += 1

    def have_room_for(self, url: str, account: int | None) -> bool:
        return self._urls[url] < MOST_AT_ONCE_TO_A_URL and self._accounts[account] < MOST_AT_ONCE_OF_AN_ACCOUNT

    def used_up(self) -> Q:
        """Deliveries that would be turned away."""
        urls = [url for url, senders in self._urls.items() if senders >= MOST_AT_ONCE_TO_A_URL]
        accounts = [one for one, senders in self._accounts.items() if senders >= MOST_AT_ONCE_OF_AN_ACCOUNT]
        return Q(url__in=urls) | Q(account__in=accounts)


def shares() -> Shares:
    """One query, for as many rows as there are senders."""
    return Shares(Delivery.objects.filter(status=DeliveryStatus.SENDING).values_list("url", "account"))


@transaction.atomic
def send_again(delivery: Delivery) -> Delivery:
    """Have it tried anew, at once, whatever became of it; one that is just being sent is left alone."""
    ended_or_waiting = Delivery.objects.filter(pk=delivery.pk).exclude(status=DeliveryStatus.SENDING)
    changed = ended_or_waiting.update(
        status=DeliveryStatus.PENDING, attempts=0, next_attempt_at=Now(), lease_expires_at=Now() + BELL_HOLDS
    )
    if changed:
        transaction.on_commit(partial(ring_delivery, delivery.pk))
    delivery.refresh_from_db(fields=["status", "next_attempt_at"])
    return delivery


@transaction.atomic
def settle(delivery: Delivery, answer: Answer, *, pause: timedelta | None) -> bool:
    """Note what came of an attempt and what follows: delivered, due again after `pause`, or (None) given up.

    False if the claim is no longer ours: the lease ran out and someone else has moved the delivery.
    """
    changes: dict[str, object]
    if answer.accepted:
        changes = {"status": DeliveryStatus.DELIVERED, "next_attempt_at": None}
    elif pause is None:
        changes = {"status": DeliveryStatus.GIVEN_UP, "next_attempt_at": None}
    else:
        changes = {"status": DeliveryStatus.PENDING, "next_attempt_at": Now() + pause if pause else Now()}
    claim = {"token": delivery.token, "attempts": delivery.attempts}
    ours = Delivery.objects.filter(pk=delivery.pk, status=DeliveryStatus.SENDING, **claim)
    if ours.update(token=None, lease_expires_at=None, **changes) == 0:
        logger.info("Delivery %s: the lease ran out before the attempt was noted", delivery.public_id)
        return False
    DeliveryAttempt.objects.create(
        delivery=delivery,
        at=Now() - timedelta(milliseconds=answer.duration_ms),
        status_code=answer.status_code,
        duration_ms=answer.duration_ms,
        excerpt=answer.excerpt,
    )
    return True
