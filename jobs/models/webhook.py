"""What happened, the endpoint it is on its way to, and each try."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from jobs.ids import make_delivery_id, make_event_id
from jobs.models.account import Account
from jobs.models.job import Job


class WebhookEvent(models.Model):
    """Something that happened, with the bytes that every delivery of it sends, and the caller's headers, sealed.

    Those of a job go with it; the others, of schedules and tests, when they are old.
    """

    public_id = models.CharField(max_length=40, unique=True, default=make_event_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    job = models.ForeignKey(Job, null=True, on_delete=models.CASCADE, related_name="events")
    event = models.CharField(max_length=40)
    body = models.TextField()
    sealed_headers = models.TextField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="event_without_job", condition=Q(job=None))]

    def __str__(self) -> str:
        return f"{self.event} {self.public_id}"


class DeliveryStatus(models.TextChoices):
    """pending ⇄ sending → delivered | given_up          (sending → pending: a retry, or a sender that died)"""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Delivery(models.Model):
    """An event on its way to one endpoint. `token` names the claim of the sender at work on it.

    `lease_expires_at` is until when that claim holds, and on a pending delivery until when its bell is trusted.
    `account` is the event's.
    """

    Status = DeliveryStatus

    public_id = models.CharField(max_length=40, unique=True, default=make_delivery_id, editable=False)
    event = models.ForeignKey(WebhookEvent, on_delete=models.CASCADE, related_name="deliveries")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+", null=True, db_index=False)
    url = models.TextField()
    status = models.CharField(max_length=10, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["account", "-id"], name="delivery_of_account"),
            models.Index(fields=["next_attempt_at"], name="delivery_due", condition=Q(status="pending")),
            models.Index(
                fields=["account", "next_attempt_at"], name="delivery_due_of_account", condition=Q(status="pending")
            ),
            models.Index(fields=["lease_expires_at"], name="delivery_leased", condition=Q(status="sending")),
        ]

    def __str__(self) -> str:
        return self.public_id


class DeliveryAttempt(models.Model):
    """One try at a delivery: when, what the endpoint answered, or why there was no answer."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField()
    status_code = models.PositiveSmallIntegerField(null=True)
    duration_ms = models.PositiveIntegerField()
    excerpt = models.TextField(blank=True, help_text="The beginning of the answer, or why there was none.")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.status_code or '-'}"
