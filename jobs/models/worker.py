"""Who works: one row per worker process, kept fresh by its heartbeat."""

import uuid
from datetime import timedelta
from typing import Self

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

SEEN_WITHIN = timedelta(seconds=30)


class WorkerQuerySet(models.QuerySet["Worker"]):
    def live(self) -> Self:
        """Heard of within the last half minute."""
        return self.filter(last_seen_at__gt=Now() - SEEN_WITHIN)


class Worker(models.Model):
    """A worker process. `target` is how many pages it wants at once just now; dispatch feeds it no more.

    `browsers` is how many it has open, `memory_bytes` what it and they take, both as its last heartbeat found them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    lanes = models.PositiveSmallIntegerField()
    target = models.PositiveSmallIntegerField()
    browsers = models.PositiveSmallIntegerField(null=True)
    memory_bytes = models.BigIntegerField("memory", null=True)
    started_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    objects = WorkerQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
