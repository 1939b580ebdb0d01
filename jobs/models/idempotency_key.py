"""A key under which a client may repeat a request."""

from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models.functions import Now

from jobs.models.account import Account
from jobs.models.job import Job

KEPT_FOR = timedelta(hours=24)


class IdempotencyKeyQuerySet(models.QuerySet["IdempotencyKey"]):
    def expired(self) -> Self:
        """Those that mean nothing any more."""
        return self.filter(created_at__lte=Now() - KEPT_FOR)


class IdempotencyKey(models.Model):
    """One request that may be repeated without being done again: what it asked, and what it was answered.

    `request` is a hash of its method, path and body; `answer` the JSON that it was answered with, or null where what
    becomes of its `job` is the answer. Whoever finds it not `used` is the first.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request = models.CharField(max_length=64)
    used = models.BooleanField(default=False)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    answer = models.TextField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="one_request_per_key")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_key_age")]

    def __str__(self) -> str:
        return self.key
