"""Jobs whose pages are not visited: HTML that a client brings, and pages that were kept of an earlier job."""

from django.db import connection, transaction

from jobs.artifacts import store
from jobs.intake import JobRequest, create_job, new_job, refuse_many_live_jobs
from jobs.models import Account, HostQueue, Job, Page
from jobs.queue.dispatch import try_dispatch
from scraping.capture import Capture
from scraping.options import Output

KEPT = "kept"
"""The host of what is not asked of any: there is no limit to be gentle about."""


class NothingKept(Exception):
    """No page of the job has HTML that could be read again."""

    def __init__(self, job: Job) -> None:
        super().__init__(
            f"No HTML is kept of job {job.public_id}: no page was completed, options.keepHtml or SCRPY_KEEP_HTML was "
            "off, or it was removed to make room. Post the URLs again."
        )


@transaction.atomic
def create_preview(*, account: Account, request: JobRequest, html: str) -> Job:
    """A job of one page, which is `html`. Raises: StorageAway, Refusal."""
    job = create_job(account=account, request=request)
    page = job.pages.get()
    (kept,) = store(page, [Capture(Output.HTML, "text/html; charset=utf-8", html.encode())], wanted=())
    kept.save()
    Page.objects.filter(pk=page.pk).update(source=kept)
    Job.objects.filter(pk=job.pk).update(kept_bytes=kept.stored_bytes)
    return job


@transaction.atomic
def create_reextract(*, source: Job, request: JobRequest) -> Job:
    """A job over those completed pages of `source` whose HTML is kept, in their order. Raises: NothingKept, TooMuch."""
    job = new_job(source.account, request, source=source, total_urls=0, reserves_credits=False)
    refuse_many_live_jobs(source.account)
    queue = HostQueue.objects.create(job=job, host=KEPT, ready_at=job.created_at)
    job.total_urls = insert_pages(job, queue, source)
    if not job.total_urls:
        raise NothingKept(source)
    Job.objects.filter(pk=job.pk).update(total_urls=job.total_urls)
    transaction.on_commit(try_dispatch)
    return job


def insert_pages(job: Job, queue: HostQueue, source: Job) -> int:
    """A page for each that is kept; how many. One statement, however many they are.

    What is fetched of a page that was kept is the document at the URL where it stood.
    """
    statement = """
        INSERT INTO jobs_page (
            job_id, host_queue_id, "index", url, canonical_url, status, attempts, available_at,
            blocked_requests, source_id
        )
        SELECT
            %s, %s, ROW_NUMBER() OVER (ORDER BY page."index") - 1, page.url,
            COALESCE(page.final_url, page.canonical_url), %s, 0, %s, 0, artifact.id
        FROM jobs_page page JOIN jobs_artifact artifact ON artifact.page_id = page.id
        WHERE page.job_id = %s AND page.status = %s AND artifact.output = %s AND artifact.action IS NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [
                job.pk,
                queue.pk,
                Page.Status.PENDING,
                job.created_at,
                source.pk,
                Page.Status.COMPLETED,
                Output.HTML,
            ],
        )
        return int(cursor.rowcount)
