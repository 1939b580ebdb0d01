"""The headers by which a receiver knows that a delivery is ours, in two schemes."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

from jobs.models import WebhookEvent

USER_AGENT = "scrpy/0.1"


def signed_headers(event: WebhookEvent, *, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of a delivery of `event` that is sent `at`, a time in UTC.

    `secrets` are the present one and, for a day after it was rolled, the one before.
    X-Scrpy-Signature takes the secret as it is written; Standard Webhooks take the bytes that it encodes.
    Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    timestamp = str(int(at.timestamp()))
    digests = [hmac.new(secret.encode(), event.body.encode(), hashlib.sha256).hexdigest() for secret in secrets]
    previous = {"X-Scrpy-Signature-Previous": f"sha256={digests[1]}"} if digests[1:] else {}
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Scrpy-Event": event.event,
        "X-Scrpy-Signature": f"sha256={digests[0]}",
        **previous,
        "X-Scrpy-Timestamp": timestamp,
        "webhook-id": event.public_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(Webhook(secret).sign(event.public_id, at, event.body) for secret in secrets),
    }
