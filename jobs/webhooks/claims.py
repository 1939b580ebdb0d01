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
from collections import Counter, deque
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from jobs.models import Delivery, DeliveryAttempt
from jobs.models.webhook import DeliveryStatus
from jobs.queue.bell import ring_deliveries
from jobs.webhooks.posting import Answer

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
BELL_HOLDS = timedelta(seconds=10)
"""How long a message has to be heard before it counts as lost; noted in `lease_expires_at` while pending."""
MOST_AT_ONCE_TO_A_URL = 4
MOST_AT_ONCE_OF_AN_ACCOUNT = 8
RUN = 100
"""How many deliveries to one endpoint a sender is rung for at most."""


def due() -> QuerySet[Delivery]:
    return Delivery.objects.filter(status=DeliveryStatus.PENDING, next_attempt_at__lte=Now())


def claim_first(waiting: deque[int], *, place_of: Delivery | None = None) -> Delivery | None:
    """Take the first of these that can be claimed, and those before it, out of `waiting`; None if there is none."""
    while waiting:
        delivery = claim(waiting.popleft(), place_of=place_of, behind=waiting)
        if delivery:
            return delivery
    return None


@transaction.atomic(savepoint=False)
def claim(delivery_id: int, *, place_of: Delivery | None = None, behind: deque[int] | None = None) -> Delivery | None:
    """Take a due delivery for one attempt; None if it is not due, someone else's, or its endpoint has its share.

    Two claims at once may each see the last place of a share free: one sender more does no harm.

    Args:
        place_of: a delivery that this sender has just settled; its place in the shares is taken over.
        behind: those that would have come next; where there is no room for this one they are turned away with it.
    """
    unlocked = due().select_for_update(
        no_key=True, skip_locked=True, of=("self",)
    )  # who settles another one waits for nobody
    delivery = unlocked.select_related("event__account").filter(pk=delivery_id).first()
    if delivery is None:
        return None
    has_place = place_of is not None and goes_where(delivery) == goes_where(place_of)
    if not has_place and not shares().have_room_for(*goes_where(delivery)):
        behind = deque() if behind is None else behind
        leave([delivery_id, *behind])
        behind.clear()
        return None
    token = sender_token(host=socket.gethostname(), pid=os.getpid())
    taken = {"status": DeliveryStatus.SENDING, "token": token, "attempts": delivery.attempts + 1}
    still_due = due().filter(pk=delivery_id, attempts=delivery.attempts)
    if still_due.update(lease_expires_at=Now() + LEASE, **taken) == 0:
        return None
    vars(delivery).update(taken)
    return delivery


def goes_where(delivery: Delivery) -> tuple[str, int | None]:
    """What its share depends on."""
    return delivery.url, delivery.account_id


def leave(delivery_ids: Collection[int]) -> None:
    """Have those that are due still rung for as soon as there is room: nobody is going to hear the bell for them."""
    due().filter(pk__in=delivery_ids).update(lease_expires_at=None)


def runs_of(delivery_ids: Sequence[int], *, places: int) -> list[Sequence[int]]:
    """Those that one message each is for: dealt out, like cards, to senders for so many places. Some may be left."""
    return [delivery_ids[place::places][:RUN] for place in range(min(places, len(delivery_ids)))]


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

    def room_for(self, url: str, account: int | None) -> int:
        """How many senders more."""
        return min(MOST_AT_ONCE_TO_A_URL - self._urls[url], MOST_AT_ONCE_OF_AN_ACCOUNT - self._accounts[account])

    def have_room_for(self, url: str, account: int | None) -> bool:
        return self.room_for(url, account) > 0

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
        transaction.on_commit(partial(ring_deliveries, [delivery.pk]))
    delivery.refresh_from_db(fields=["status", "next_attempt_at"])
    return delivery


@transaction.atomic(savepoint=False)
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
