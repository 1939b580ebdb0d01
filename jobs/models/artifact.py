"""A kept file."""

from django.db import models
from django.utils import timezone

from jobs.ids import make_artifact_id
from jobs.models.job import Job
from jobs.models.page import Page


class Artifact(models.Model):
    """A file that was made of a page.

    An output or an action asked for it, or it is its HTML, kept to be read again, or the thumbnail of its picture.
    `content_type`, `bytes` and `sha256` are of the content as it is served; `name` is the file's in storage, where it
    takes `stored_bytes` (texts are kept compressed, by gzip). What nobody asked for is not `shown`. `action` is the
    index of the action that made it.
    """

    public_id = models.CharField(max_length=40, unique=True, default=make_artifact_id, editable=False)
    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="artifacts")
    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="artifacts")
    output = models.CharField(max_length=24)
    action = models.PositiveSmallIntegerField(null=True)
    shown = models.BooleanField()
    content_type = models.CharField(max_length=100)
    bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    compressed = models.BooleanField()
    stored_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.output} {self.public_id}"
