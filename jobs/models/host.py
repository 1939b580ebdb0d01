"""What is remembered of a host, for all jobs of all accounts."""

from django.db import models


class Host(models.Model):
    """How gently a host is to be treated. There is a row only for those of which something must be known.

    `delay_ms` is the time between two starts at it since it said 429 or 503; it grows while it goes on saying so and
    shrinks with every success. Until `next_at`, nobody who has to keep a delay starts a page there. `robots` is the
    text of its robots.txt as it was at `robots_at`, and `crawl_delay_ms` what that asks for.
    """

    host = models.CharField(primary_key=True, max_length=300)
    delay_ms = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    slowed_at = models.DateTimeField(null=True)
    robots = models.TextField(null=True)
    robots_at = models.DateTimeField(null=True)
    crawl_delay_ms = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.host
