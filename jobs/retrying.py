"""The failed pages of an ended job once more, as a new job."""

from django.db import transaction

from jobs.intake import JobRequest, Own, Wanted, create_job, queueing
from jobs.models import Job, Page
from jobs.models.page import PageStatus
from jobs.options import options_of
from scraping.egress.gate import read


class NothingFailed(Exception):
    """There is no URL to be visited again."""

    def __init__(self, job: Job) -> None:
        why = "it read pages that are kept, without a visit" if job.reads_kept else "none of its URLs failed"
        super().__init__(f"There is nothing to retry of job {job.public_id}: {why}.")


@transaction.atomic
def create_retry(source: Job, *, test: bool = False) -> Job:
    """A job of the URLs of an ended one that failed, in their order, and otherwise as it was asked for.

    Whether the URLs may be fetched is judged when they are, by what is allowed then. A retry of a test is a test, too.
    Raises: NothingFailed, Refusal.
    """
    failed = source.pages.filter(status=PageStatus.FAILED).order_by("index").select_related("variant")
    shown = failed.only("job", "url", "reference", "variant", "variant__selectors", "variant__options")
    wanted = [] if source.reads_kept else [as_wanted(page) for page in shown]
    if not wanted:
        raise NothingFailed(source)
    request = JobRequest(
        name=source.name,
        wanted=wanted,
        selectors=source.selectors,
        options=source.options,
        metadata=source.metadata,
        webhook=source.webhook,
        sealed_webhook=source.sealed_webhook,
        source=source,
        free=test or source.test,
        test=test or source.test,
        **queueing(options_of(source)),
    )
    return create_job(account=source.account, request=request)


def as_wanted(page: Page) -> Wanted:
    """The page's URL, wanted as it was."""
    own = Own(page.variant.selectors, page.variant.options) if page.variant else None
    return Wanted(read(page.url), page.reference, own)
