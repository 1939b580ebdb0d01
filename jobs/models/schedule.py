"""A job that is made again and again, and what became of each time that it was due."""

from typing import Self

from django.db import models
from django.db.models.functions import Now

from jobs.ids import make_schedule_id
from jobs.models.account import Account
from jobs.models.job import Job


class ScheduleQuerySet(models.QuerySet["Schedule"]):
    def due(self) -> Self:
        """Those whose time has come; asked by the column that has an index for it."""
        return self.filter(next_at__lte=Now())


class Schedule(models.Model):
    """What is to be asked for, as `Job` keeps it, and when: `cron` in `timezone`.

    `urls` is JSON text. `next_at` is null while it is paused. Jobs of a `test` schedule are made as with a test key.
    """

    public_id = models.CharField(max_length=40, unique=True, default=make_schedule_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="schedules")
    name = models.CharField(max_length=200, null=True)
    cron = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64, default="UTC")
    paused = models.BooleanField(default=False)
    test = models.BooleanField(default=False, db_default=False)

    job_name = models.CharField(max_length=200, null=True)
    urls = models.TextField()
    selectors = models.TextField()
    options = models.TextField()
    metadata = models.TextField()
    webhook = models.TextField(null=True)
    sealed_webhook = models.TextField(null=True, editable=False)
    sealed_options = models.TextField(null=True, editable=False)

    created_at = models.DateTimeField(db_default=Now())
    next_at = models.DateTimeField(null=True)

    objects = ScheduleQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="schedule_of_account"),
            models.Index(fields=["next_at"], name="schedule_due", condition=models.Q(next_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.public_id


class RunStatus(models.TextChoices):
    """What became of one time that a schedule was due."""

    STARTED = "started"
    SKIPPED = "skipped"
    FAILED = "failed"


class ScheduleRun(models.Model):
    """One time that a schedule was due, or was run by hand: the job that was made, or the reason why none was."""

    Status = RunStatus

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="runs")
    due_at = models.DateTimeField(null=True)
    """When it was due; null if it was run by hand."""
    ran_at = models.DateTimeField(db_default=Now())
    status = models.CharField(max_length=10, choices=RunStatus)
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    job_public_id = models.CharField(max_length=40, null=True)
    """Stays when the job is no longer kept."""
    reason = models.CharField(max_length=500, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["schedule", "due_at"], name="one_run_per_due_time")]
        indexes = [models.Index(fields=["schedule", "-id"], name="run_of_schedule")]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.due_at or self.ran_at}"
