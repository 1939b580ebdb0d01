"""One URL of a job."""

from django.db import models
from django.db.models import Q

from jobs.models.job import HostQueue, Job, Variant


class PageStatus(models.TextChoices):
    """pending → queued → running → completed | failed | cancelled          (pending, queued → cancelled too)

    ▲________│__________│   lease expired, called back, released at shutdown, or a retry that is due later
    """

    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (PageStatus.PENDING, PageStatus.QUEUED, PageStatus.RUNNING)
IN_FLIGHT = (PageStatus.QUEUED, PageStatus.RUNNING)
FINISHED = (PageStatus.COMPLETED, PageStatus.FAILED)


class PageManager(models.Manager["Page"]):
    """Pages come without their traces, which few ask for: one that is looked at costs a query, or `defer(None)`."""

    def get_queryset(self) -> models.QuerySet["Page"]:
        return super().get_queryset().defer("trace")


class Page(models.Model):
    """One URL of a job. `url` is what was sent, `canonical_url` what is fetched.

    `token` names the claim under which a worker may move the page; whoever takes the page away clears it.
    `data` is the JSON text of what the rules gave, `truncated` that of the fields that were cut,
    and `reports`, where the job asks for it, tells why each field's value is what it is. `blocked_requests`
    counts what the page asked of addresses that must not be reached. `sequence` numbers the ends of a job's pages
    1, 2, …

    `source` is the kept page that is read instead of the site; `actions` tells what became of each action, as JSON
    text; `reuse_key` finds a completed page's result again for those who ask the same, and `reused_from` is when the
    result was made that this page was given. `trace` tells people how the last attempt went, as JSON text; it is null
    where no site was asked or nothing is known. `reference` is the caller's own name for the URL; `variant` is what was
    asked for this URL, where that differs from what its job asks for.
    """

    Status = PageStatus

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="pages")
    # It and `variant` are deleted with the job alone: nobody has to look for the pages that refer to one.
    host_queue = models.ForeignKey(
        HostQueue, on_delete=models.DO_NOTHING, related_name="pages", db_index=False, db_constraint=False
    )
    index = models.PositiveIntegerField()
    url = models.TextField()
    canonical_url = models.TextField()
    reference = models.TextField(null=True)
    variant = models.ForeignKey(
        Variant, null=True, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    status = models.CharField(max_length=10, choices=PageStatus, default=PageStatus.PENDING)

    token = models.UUIDField(null=True)
    worker = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    available_at = models.DateTimeField()

    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    sequence = models.PositiveIntegerField(null=True)
    status_code = models.PositiveSmallIntegerField(null=True)
    final_url = models.TextField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    data = models.TextField(null=True)
    truncated = models.TextField(null=True)
    reports = models.TextField(null=True)
    blocked_requests = models.PositiveIntegerField(default=0, db_default=0)
    actions = models.TextField(null=True)
    trace = models.TextField(null=True)
    source = models.ForeignKey("jobs.Artifact", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    reuse_key = models.UUIDField(null=True)
    reused_from = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, null=True)
    error_message = models.TextField(null=True)
    error_retryable = models.BooleanField(null=True)

    objects = PageManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "index"], name="one_page_per_index"),
            models.UniqueConstraint(fields=["job", "sequence"], name="one_page_per_sequence"),
        ]
        indexes = [
            models.Index(
                fields=["host_queue", "available_at", "index"],
                name="page_waiting",
                condition=Q(status="pending"),
            ),
            models.Index(fields=["lease_expires_at"], name="page_leased", condition=Q(lease_expires_at__isnull=False)),
            models.Index(fields=["token"], name="page_claim", condition=Q(token__isnull=False)),
            models.Index(fields=["source"], name="page_source", condition=Q(source__isnull=False)),
            models.Index(fields=["finished_at", "error_code"], name="page_failed", condition=Q(status="failed")),
            models.Index(fields=["reuse_key"], name="page_reusable", condition=Q(reuse_key__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def asked(self) -> Job | Variant:
        """What says which rules it is read by, with which options."""
        return self.variant or self.job
