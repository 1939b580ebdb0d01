import pytest
from django.utils import timezone

from jobs.models import HostQueue, Job, Page


@pytest.fixture
def staff(admin_client):
    """A browser in which a member of staff who may do everything is logged in."""
    return admin_client


@pytest.fixture
def make_job(make_account):
    """A job with as many pages as it has URLs."""

    def make(*, account=None, url="https://store.com/{}", **overrides):
        fields = {
            "account": account or make_account(f"account {Job.objects.count()}"),
            "selectors": '{"title":"h1"}',
            "max_attempts": 3,
            "host_concurrency": 4,
            "total_urls": 3,
        }
        job = Job.objects.create(**{**fields, **overrides})
        queue = HostQueue.objects.create(job=job, host="store.com:443")
        failed = range(job.completed_urls, job.completed_urls + job.failed_urls)
        Page.objects.bulk_create(
            Page(
                job=job,
                host_queue=queue,
                index=index,
                url=url.format(index),
                canonical_url=url.format(index),
                available_at=timezone.now(),
                data='{"title":"Lamp"}' if index < job.completed_urls else None,
                status="completed" if index < job.completed_urls else "failed" if index in failed else "pending",
                error_code="http_error" if index in failed else None,
            )
            for index in range(job.total_urls)
        )
        return job

    return make
