"""One request by a user, and the queue of each host it visits."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from jobs.ids import make_job_id
from jobs.models.account import Account


class JobStatus(models.TextChoices):
    """pending → running → completed | partial | failed | cancelled          (pending → an end, too)"""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (JobStatus.PENDING, JobStatus.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    def live(self) -> Self:
        """Not ended yet; asked by the column that has an index for it."""
        return self.filter(completed_at=None)


class Job(models.Model):
    """One request by a user.

    `selectors`, `options`, `metadata` and `webhook` are the user's JSON as text, byte for byte; but a proxy's
    credentials are not in `options`: they are in `sealed_proxy` alone, which `jobs.proxies` opens.
    Counters move in the transaction that moves the page, so that they add up in every read.
    """

    Status = JobStatus

    public_id = models.CharField(max_length=40, unique=True, default=make_job_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="jobs")
    name = models.CharField(max_length=200, null=True)
    status = models.CharField(max_length=10, choices=JobStatus, default=JobStatus.PENDING)
    selectors = models.TextField()
    options = models.TextField(default="{}")
    metadata = models.TextField(default="{}")
    webhook = models.TextField(null=True)
    sealed_proxy = models.TextField(null=True, editable=False)

    max_attempts = models.PositiveSmallIntegerField()
    host_concurrency = models.PositiveSmallIntegerField()
    concurrency = models.PositiveSmallIntegerField(null=True)

    duplicates_dropped = models.PositiveIntegerField(default=0, db_default=0)
    total_urls = models.PositiveIntegerField("total URLs")
    completed_urls = models.PositiveIntegerField("completed URLs", default=0)
    failed_urls = models.PositiveIntegerField("failed URLs", default=0)
    cancelled_urls = models.PositiveIntegerField("cancelled URLs", default=0)
    credits_used = models.PositiveIntegerField(default=0)
    reserves_credits = models.BooleanField(default=True)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    ready_at = models.DateTimeField(null=True)
    """From when a look into its host queues is worth it; null while nothing waits. Planners move it back."""

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="job_of_account"),
            models.Index(fields=["account", "status", "-id"], name="job_of_account_by_status"),
            models.Index(fields=["ready_at"], name="job_ready", condition=Q(ready_at__isnull=False)),
            models.Index(fields=["id"], name="job_live", condition=Q(completed_at__isnull=True)),
            models.Index(fields=["completed_at"], name="job_ended", condition=Q(completed_at__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(total_urls__gte=F("completed_urls") + F("failed_urls") + F("cancelled_urls")),
                name="job_counts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(credits_used__lte=F("completed_urls")), name="job_charges_only_completed"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def live(self) -> bool:
        return self.status in LIVE

    @property
    def ended_urls(self) -> int:
        return self.completed_urls + self.failed_urls + self.cancelled_urls

    @property
    def open_urls(self) -> int:
        return self.total_urls - self.ended_urls


class HostQueue(models.Model):
    """The pages of one job at one host, waiting in order, so that a slow host holds up no other."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="host_queues")
    host = models.CharField(max_length=300)
    ready_at = models.DateTimeField(null=True)
    """From when a look for its pages is worth it; null while none waits. Planners move it back."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "host"], name="one_queue_per_host")]
        indexes = [
            models.Index(fields=["job", "ready_at", "id"], name="host_ready", condition=Q(ready_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.host
