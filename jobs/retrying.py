"""The pages of a job once more, as a new job: those that failed, or all."""

from django.db import transaction
from django.db.models import QuerySet

from jobs.intake import JobRequest, Own, Wanted, create_job, queueing
from jobs.models import ApiKey, Job, Page
from jobs.models.page import PageStatus
from jobs.options import options_of
from scraping.egress.gate import read


class NothingFailed(Exception):
    """There is no URL to be visited again."""

    def __init__(self, job: Job) -> None:
        why = "it read pages that are kept, without a visit" if job.reads_kept else "none of its URLs failed"
        super().__init__(f"There is nothing to retry of job {job.public_id}: {why}.")


class NothingVisited(Exception):
    """The pages of the job were read as they are kept."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"Job {job.public_id} read pages that are kept, without a visit: it cannot be made again.")


@transaction.atomic
def create_retry(source: Job, *, key: ApiKey | None = None) -> Job:
    """A job of the URLs of an ended one that failed, in their order, and otherwise as it was asked for.

    Whether the URLs may be fetched is judged when they are, by what is allowed then. A retry of a test, or with a test
    `key`, is a test, too.
    Raises: NothingFailed, Refusal.
    """
    failed = source.pages.filter(status=PageStatus.FAILED)
    wanted = [] if source.reads_kept else all_wanted(failed)
    if not wanted:
        raise NothingFailed(source)
    return create_again(source, wanted, test=source.test or bool(key and key.test), key=key)


@transaction.atomic
def create_copy(source: Job) -> Job:
    """A job of all the URLs of another, and as it was asked for. Raises: NothingVisited, Refusal."""
    if source.reads_kept:
        raise NothingVisited(source)
    return create_again(source, all_wanted(source.pages.all()), test=source.test)


def create_again(source: Job, wanted: list[Wanted], *, test: bool, key: ApiKey | None = None) -> Job:
    """Raises: Refusal."""
    request = JobRequest(
        name=source.name,
        wanted=wanted,
        selectors=source.selectors,
        options=source.options,
        metadata=source.metadata,
        webhook=source.webhook,
        sealed_webhook=source.sealed_webhook,
        source=source,
        free=test,
        test=test,
        key_id=key.pk if key else None,
        **queueing(options_of(source)),
    )
    return create_job(account=source.account, request=request)


def all_wanted(pages: QuerySet[Page]) -> list[Wanted]:
    """What was wanted of these pages, in their order. One query."""
    shown = pages.order_by("index").select_related("variant")
    return list(
        map(as_wanted, shown.only("job", "url", "reference", "variant", "variant__selectors", "variant__options"))
    )


def as_wanted(page: Page) -> Wanted:
    """The page's URL, wanted as it was."""
    own = Own(page.variant.selectors, page.variant.options) if page.variant else None
    return Wanted(read(page.url), page.reference, own)
