"""What an account has used, by the day and its hours."""

from datetime import UTC

from django.db import models
from django.db.models import F
from django.db.models.functions import ExtractHour, Now, TruncDate

from jobs.models.account import Account
from jobs.models.job import Job

TODAY = TruncDate(Now(), tzinfo=UTC)
"""The day in UTC, by the database's clock."""
THIS_HOUR = ExtractHour(Now(), tzinfo=UTC)
PARTS = 16
"""How many rows an hour of one key has at most."""


class DailyUsageQuerySet(models.QuerySet["DailyUsage"]):
    def add(self, job: Job, *, completed: int = 0, failed: int = 0, credits_used: int = 0) -> None:
        """Count pages of a job that have just ended. One query; three for the first of an hour. In a transaction."""
        place = {
            "account_id": job.account_id,
            "day": TODAY,
            "hour": THIS_HOUR,
            "part": job.pk % PARTS + (PARTS if job.api_key_id else 0),
            "key": job.api_key_id or 0,
        }
        today = self.filter(**place)
        more = {
            "completed_urls": F("completed_urls") + completed,
            "failed_urls": F("failed_urls") + failed,
            "credits_used": F("credits_used") + credits_used,
        }
        if not today.update(**more):
            self.bulk_create([DailyUsage(**place)], ignore_conflicts=True)
            today.update(**more)


class DailyUsage(models.Model):
    """Pages of an account that ended in an hour of a day (UTC), and what they cost: kept when their jobs are gone.

    `key` is the id of the API key that their jobs were made with, 0 if it was none: the key itself may be gone.

    A row moves in the transaction that ends the page, so nobody has to count pages to know. It is locked after the
    job's. An hour is in `part`s, and a job always counts in the same one: its pages commit one after another anyway,
    those of other jobs seldom have to wait for them. Parts with a key are apart from those without: workers of the
    version before count in the latter whatever the key, and must find one row there.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="usage", db_index=False)
    day = models.DateField()
    hour = models.PositiveSmallIntegerField(default=0, db_default=0)
    part = models.PositiveSmallIntegerField()
    key = models.PositiveBigIntegerField(default=0, db_default=0)
    completed_urls = models.PositiveBigIntegerField(default=0)
    failed_urls = models.PositiveBigIntegerField(default=0)
    credits_used = models.PositiveBigIntegerField(default=0)

    objects = DailyUsageQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "daily usage"
        constraints = [
            models.UniqueConstraint(fields=["account", "day", "hour", "part", "key"], name="one_usage_per_hour_and_key")
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.completed_urls} completed"
