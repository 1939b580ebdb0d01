"""What an account has used, by the day."""

from datetime import UTC
from typing import Self

from django.db import models
from django.db.models import F
from django.db.models.functions import Now, TruncDate

from jobs.models.account import Account

TODAY = TruncDate(Now(), tzinfo=UTC)
"""The day in UTC, by the database's clock."""


class DailyUsageQuerySet(models.QuerySet["DailyUsage"]):
    def add(self, account_id: int, *, completed: int = 0, failed: int = 0, credits_used: int = 0) -> None:
        """Count pages that have just ended. One query; three for the first of a day. In a transaction."""
        today = self.of_today(account_id)
        more = {
            "completed_urls": F("completed_urls") + completed,
            "failed_urls": F("failed_urls") + failed,
            "credits_used": F("credits_used") + credits_used,
        }
        if not today.update(**more):
            self.bulk_create([DailyUsage(account_id=account_id, day=TODAY)], ignore_conflicts=True)
            today.update(**more)

    def of_today(self, account_id: int) -> Self:
        return self.filter(account=account_id, day=TODAY)


class DailyUsage(models.Model):
    """Pages of an account that ended on a day (UTC), and what they cost: kept when their jobs are not any more.

    A row moves in the transaction that ends the page, so nobody has to count pages to know. It is locked after the
    job's: pages of one account commit one after another, as those of one job do anyway.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="usage", db_index=False)
    day = models.DateField()
    completed_urls = models.PositiveBigIntegerField(default=0)
    failed_urls = models.PositiveBigIntegerField(default=0)
    credits_used = models.PositiveBigIntegerField(default=0)

    objects = DailyUsageQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "daily usage"
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="one_usage_per_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.completed_urls} completed"
