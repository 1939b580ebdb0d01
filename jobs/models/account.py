"""Who is charged, and for what."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now, TruncDate
from django.utils import timezone

MOST_TEST_URLS_A_DAY = 500
"""How many URLs the jobs of an account's test keys may have in a day (UTC)."""


def make_webhook_secret() -> str:
    """A signing secret as Standard Webhooks writes it: `whsec_` and 24 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


SECRETS_OVERLAP = timedelta(hours=24)


class Account(models.Model):
    """Who is charged. `credits` is what can still be spent: what live jobs have reserved is already off it.

    `test_urls` counts those that jobs of test keys were made for on `test_day`.
    """

    name = models.CharField(max_length=100, unique=True)
    credits = models.BigIntegerField(default=0, help_text="What can still be spent; reserved credits are already off.")
    unlimited = models.BooleanField(default=False, help_text="Jobs are counted but never refused for credits.")
    most_jobs = models.PositiveIntegerField(
        "live jobs",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="The most at once. Empty: what SCRPY_ACCOUNT_JOBS says.",
    )
    most_pages = models.PositiveIntegerField(
        "pages in flight",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="The most runs of pages at once. Empty: what SCRPY_ACCOUNT_CONCURRENCY says.",
    )
    test_day = models.DateField(null=True, editable=False)
    test_urls = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    webhook_secret = models.CharField(max_length=100, default=make_webhook_secret, editable=False)
    previous_webhook_secret = models.CharField(max_length=100, null=True, editable=False)
    webhook_secret_rolled_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(credits__gte=0), name="account_credits_not_negative")]

    def __str__(self) -> str:
        return self.name

    def roll_webhook_secret(self) -> None:
        """Sign with a new secret from now on, and for a day with the one before as well. Queries."""
        self.previous_webhook_secret, self.webhook_secret = self.webhook_secret, make_webhook_secret()
        self.webhook_secret_rolled_at = timezone.now()
        fields = ["webhook_secret", "previous_webhook_secret", "webhook_secret_rolled_at"]
        self.save(update_fields=fields)

    @property
    def webhook_secrets(self) -> list[str]:
        """The secrets that deliveries are signed with, the present one first."""
        previous = self.previous_webhook_secret
        return [self.webhook_secret, previous] if previous and self.both_secrets_until else [self.webhook_secret]

    @property
    def both_secrets_until(self) -> datetime | None:
        """Until when the secret before signs as well; None if it does not any more."""
        rolled_at = self.webhook_secret_rolled_at
        until = rolled_at + SECRETS_OVERLAP if rolled_at and self.previous_webhook_secret else None
        return until if until and timezone.now() < until else None

    @property
    def job_limit(self) -> int:
        """How many live jobs it may have."""
        return self.most_jobs or settings.SCRPY_ACCOUNT_JOBS

    @property
    def page_limit(self) -> int:
        """How many runs of pages it may have in flight."""
        return self.most_pages or settings.SCRPY_ACCOUNT_CONCURRENCY

    def take_test_urls(self, amount: int) -> bool:
        """Count URLs of a test job; False, and nothing counted, if today has not as many left. One query."""
        today = TruncDate(Now(), tzinfo=UTC)
        room = ~Q(test_day=today) | Q(test_urls__lte=MOST_TEST_URLS_A_DAY - amount)
        counted = Case(When(test_day=today, then=F("test_urls") + amount), default=amount)
        return Account.objects.filter(room, pk=self.pk).update(test_urls=counted, test_day=today) == 1

    def reserve(self, amount: int) -> bool:
        """Take `amount` credits off the balance; False, and nothing taken, if it does not hold them. Queries."""
        return Account.objects.filter(pk=self.pk, credits__gte=amount).update(credits=F("credits") - amount) == 1


class AppendOnly(TypeError):
    """What is written in the ledger stays; what was wrong is put right by another entry."""


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    def update(self, **_changes: object) -> int:
        raise AppendOnly

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly


class LedgerEntry(models.Model):
    """One charge or grant, never changed or deleted; PostgreSQL sees to that itself (migration 0020).

    A page has at most one, whatever happens, by constraint. Pages and jobs that are deleted leave theirs behind.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="ledger")
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    page = models.OneToOneField("jobs.Page", null=True, on_delete=models.SET_NULL, related_name="charge")
    amount = models.BigIntegerField(help_text="Credits: negative for a charge, positive for a grant.")
    reason = models.CharField(max_length=200)
    unlimited = models.BooleanField(
        default=False, db_default=False, help_text="Of a job that had reserved nothing: the balance stayed as it was."
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "ledger entries"
        indexes = [models.Index(fields=["account", "-id"], name="ledger_of_account")]

    def __str__(self) -> str:
        return f"{self.amount:+d} {self.reason}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *_args: object, **_kwargs: object) -> tuple[int, dict[str, int]]:
        raise AppendOnly
