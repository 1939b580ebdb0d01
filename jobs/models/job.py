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


class JobKind(models.TextChoices):
    """How a job was asked for: with many URLs, for one at once, to try rules, or to read kept pages again."""

    JOB = "job"
    SCRAPE = "scrape"
    PREVIEW = "preview"
    REEXTRACT = "reextract"


class Job(models.Model):
    """One request by a user.

    `selectors`, `options`, `metadata` and `webhook` are the user's JSON as text, byte for byte; but what is secret of
    the options (a proxy's credentials, headers, cookies) is in `sealed_options` alone, which `jobs.secrets` opens, and
    the headers of its webhook are in `sealed_webhook`.
    `sealed_session` has the cookies of a job whose pages share them, as its last run left them. `kept_bytes` is what
    its artifacts take in storage. Counters move in the transaction that moves the page, so that they add up in every
    read.
    """

    Status = JobStatus
    Kind = JobKind

    public_id = models.CharField(max_length=40, unique=True, default=make_job_id, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="jobs")
    api_key = models.ForeignKey("jobs.ApiKey", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=JobKind, default=JobKind.JOB, db_default=JobKind.JOB)
    source = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    """The job whose kept pages are read again, or whose failed ones are tried again."""
    name = models.CharField(max_length=200, null=True)
    status = models.CharField(max_length=10, choices=JobStatus, default=JobStatus.PENDING)
    selectors = models.TextField()
    options = models.TextField(default="{}")
    metadata = models.TextField(default="{}")
    webhook = models.TextField(null=True)
    sealed_webhook = models.TextField(null=True, editable=False)
    sealed_options = models.TextField(null=True, editable=False)
    sealed_session = models.TextField(null=True, editable=False)

    max_attempts = models.PositiveSmallIntegerField()
    host_concurrency = models.PositiveSmallIntegerField()
    host_delay_ms = models.PositiveIntegerField(default=0, db_default=0)
    concurrency = models.PositiveSmallIntegerField(null=True)
    priority = models.SmallIntegerField(default=0, db_default=0)
    free = models.BooleanField(default=False, db_default=False, help_text="Its pages cost nothing.")
    test = models.BooleanField(default=False, db_default=False, help_text="It was made with a test key, and is free.")

    duplicates_dropped = models.PositiveIntegerField(default=0, db_default=0)
    total_urls = models.PositiveIntegerField("total URLs")
    completed_urls = models.PositiveIntegerField("completed URLs", default=0)
    failed_urls = models.PositiveIntegerField("failed URLs", default=0)
    cancelled_urls = models.PositiveIntegerField("cancelled URLs", default=0)
    credits_used = models.PositiveIntegerField(default=0)
    kept_bytes = models.BigIntegerField(default=0, db_default=0)
    reserves_credits = models.BooleanField(default=True)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    deadline_at = models.DateTimeField(null=True)
    """When what is still open fails."""
    ready_at = models.DateTimeField(null=True)
    """From when a look into its host queues is worth it; null while nothing waits. Planners move it back."""

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["account", "-id"], name="job_of_account"),
            models.Index(fields=["account", "status", "-id"], name="job_of_account_by_status"),
            models.Index(fields=["account", "created_at"], name="job_of_account_by_time"),
            models.Index(fields=["ready_at"], name="job_ready", condition=Q(ready_at__isnull=False)),
            models.Index(
                fields=["-priority", "ready_at"], name="job_ready_by_priority", condition=Q(ready_at__isnull=False)
            ),
            models.Index(fields=["source"], name="job_source", condition=Q(source__isnull=False)),
            models.Index(fields=["deadline_at"], name="job_deadline", condition=Q(completed_at__isnull=True)),
            models.Index(fields=["completed_at"], name="job_keeps", condition=Q(kept_bytes__gt=0)),
            models.Index(fields=["completed_at"], name="job_preview", condition=Q(kind="preview")),
            models.Index(fields=["id"], name="job_live", condition=Q(completed_at__isnull=True)),
            models.Index(fields=["account"], name="job_live_of_account", condition=Q(completed_at__isnull=True)),
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
    def reads_kept(self) -> bool:
        """Whether its pages are not visited, but read of what is kept of them."""
        return self.kind == JobKind.REEXTRACT or (self.kind == JobKind.PREVIEW and self.free and not self.test)

    @property
    def ended_urls(self) -> int:
        return self.completed_urls + self.failed_urls + self.cancelled_urls

    @property
    def open_urls(self) -> int:
        return self.total_urls - self.ended_urls


class Variant(models.Model):
    """What a job asks for some of its URLs alone: rules and options, complete, as `Job` keeps its own."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="variants")
    selectors = models.TextField()
    options = models.TextField()

    def __str__(self) -> str:
        return f"{self.job_id} {self.pk}"


class HostQueue(models.Model):
    """The pages of one job at one host, waiting in order, so that a slow host holds up no other.

    `host` is what `Host` knows it by: host and port, and where the job has a proxy of its own, words that make the name
    that job's alone: what comes through a stranger's proxy says nothing about the host to others.
    """

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

    @property
    def address(self) -> str:
        """Its host and port alone."""
        return self.host.partition(" ")[0]
