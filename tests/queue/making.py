"""Rows of the queue, made the way the product makes them."""

from datetime import timedelta
from uuid import uuid4

from django.db.models import F
from django.db.models.functions import Now

from jobs.intake import JobRequest, Wanted, create_job
from jobs.models import HostQueue, Job, Page, Worker
from jobs.models.page import PageStatus
from jobs.queue import leases
from scraping.egress import check

DUE = timedelta(minutes=5)
"""Longer than any lease or delay that has to be over."""


def make_request(urls, **overrides):
    return JobRequest(
        **{
            "name": None,
            "wanted": [Wanted(check(url)) for url in urls],
            "selectors": '{"title":"h1"}',
            "options": "{}",
            "metadata": "{}",
            "webhook": None,
            "max_attempts": 3,
            "host_concurrency": 4,
            **overrides,
        }
    )


def urls_of(*pages_per_host, site="example"):
    """So many URLs at each of several hosts, in turn."""
    return [
        f"https://h{host}.{site}.com/{index}"
        for index in range(max(pages_per_host))
        for host, pages in enumerate(pages_per_host)
        if index < pages
    ]


def make_job(account, *pages_per_host, **overrides):
    urls = urls_of(*(pages_per_host or (1,)))
    return create_job(account=account, request=make_request(urls, **overrides))


def make_worker(target, **overrides):
    return Worker.objects.create(**{"host": "here", "pid": 1, "lanes": 16, "target": target, **overrides})


def show_that_workers_live():
    Worker.objects.update(last_seen_at=Now())


def start_all(*, job=None, count=None):
    """Start one page of each queued run, as lanes would; the pages, as a worker holds them."""
    queued = Page.objects.filter(status=PageStatus.QUEUED, **({"job": job} if job else {}))
    first_of_run = {page.token: page for page in queued.select_related("job").order_by("-index")}
    return [start(page) for page in list(first_of_run.values())[:count]]


def start(page):
    token = page.token
    assert leases.start(page, token=token, worker=uuid4())
    return Page.objects.select_related("job").get(pk=page.pk)


def make_retries_due():
    """As if the longest delay were over: waiting pages, and with them what planners read, are due."""
    Page.objects.filter(status=PageStatus.PENDING).update(available_at=F("available_at") - DUE)
    HostQueue.objects.exclude(ready_at=None).update(ready_at=F("ready_at") - DUE)
    Job.objects.exclude(ready_at=None).update(ready_at=F("ready_at") - DUE)


def expire_leases(pages=None):
    leased = (Page.objects if pages is None else pages).filter(lease_expires_at__isnull=False)
    return leased.update(lease_expires_at=Now() - timedelta(seconds=1))


def open_pages(job):
    return job.pages.filter(status__in=(PageStatus.PENDING, PageStatus.QUEUED, PageStatus.RUNNING)).count()
