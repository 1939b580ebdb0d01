"""The headers by which a receiver knows that a delivery is ours, in two schemes."""

import hashlib
import hmac
from datetime import datetime

from standardwebhooks import Webhook

from jobs.models import WebhookEvent

USER_AGENT = "scrpy/0.1"


def signed_headers(event: WebhookEvent, *, secret: str, at: datetime) -> dict[str, str]:
    """The headers of a delivery of `event` that is sent `at`, a time in UTC.

    X-Scrpy-Signature takes the secret as it is written; Standard Webhooks take the bytes that it encodes.
    Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    timestamp = str(int(at.timestamp()))
    digest = hmac.new(secret.encode(), event.body.encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Scrpy-Event": event.event,
        "X-Scrpy-Signature": f"sha256={digest}",
        "X-Scrpy-Timestamp": timestamp,
        "webhook-id": event.public_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": Webhook(secret).sign(event.public_id, at, event.body),
    }
