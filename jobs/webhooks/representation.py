"""How a delivery looks outside."""

from typing import Any

from jobs.models import Delivery, DeliveryAttempt
from jobs.representation import as_text


def delivery_as_dict(delivery: Delivery) -> dict[str, Any]:
    """With each try, the first one first. One query, if the tries are not loaded yet."""
    tries = sorted(delivery.tries.all(), key=lambda attempt: attempt.pk)
    return {
        "id": delivery.public_id,
        "event": delivery.event.event,
        "eventId": delivery.event.public_id,
        "url": delivery.url,
        "status": delivery.status,
        "attempts": [attempt_as_dict(attempt) for attempt in tries],
        "nextAttemptAt": as_text(delivery.next_attempt_at),
    }


def attempt_as_dict(attempt: DeliveryAttempt) -> dict[str, Any]:
    """`statusCode` is null where there was no answer; then `excerpt` says why."""
    return {
        "at": as_text(attempt.at),
        "statusCode": attempt.status_code,
        "duration": attempt.duration_ms,
        "excerpt": attempt.excerpt,
    }
