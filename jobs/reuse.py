"""Results that are given again instead of a visit, to the account that they were made for (`options.maxAge`)."""

from datetime import timedelta
from hashlib import blake2b, sha256
from uuid import UUID

import orjson
from django.conf import settings
from django.db.models.functions import Now

from jobs.artifacts import FileGone, copies
from jobs.models import Artifact, Page
from jobs.models.job import JobKind
from jobs.models.page import PageStatus
from jobs.options import options_of
from jobs.recording import record_success
from jobs.secrets import Secrets

# fmt: off
SHAPELESS = frozenset((
    "retries", "hostConcurrency", "concurrency", "hostDelay", "deduplicate", "priority", "deadline", "maxAge",
))
# fmt: on
"""Options that change nothing about a result that there is."""


def reuse_key(page: Page, secrets: Secrets) -> UUID | None:
    """By what the result of `page` is found by others that ask the same; None if it is for nobody else.

    Two that ask the same in different words may have different keys, never the other way round. It is keyed with our
    own secret: what callers send along in confidence must not be guessed from it.
    """
    job = page.job
    if job.free or job.kind not in (JobKind.JOB, JobKind.SCRAPE):
        return None
    options = {name: value for name, value in orjson.loads(page.asked.options).items() if name not in SHAPELESS}
    shape = orjson.dumps(
        {
            "account": job.account_id,
            "url": page.canonical_url,
            "selectors": orjson.dumps(orjson.loads(page.asked.selectors)).decode(),
            "options": options,
            "html": options_of(page.asked).fetch.keep_html,
            "proxy": secrets.proxy and [secrets.proxy.server, secrets.proxy.username, secrets.proxy.password],
            "sent": secrets.sent,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    return UUID(bytes=blake2b(shape, digest_size=16, key=sha256(settings.SECRET_KEY.encode()).digest()).digest())


def find_reusable(page: Page, secrets: Secrets) -> Page | None:
    """The newest page whose result `page` may be given, where its job says that it may be. One query, or none.

    What was itself given a result is never found: it has no key.
    """
    max_age_ms = options_of(page.asked).max_age_ms
    key = reuse_key(page, secrets) if max_age_ms else None
    if key is None:
        return None
    same = Page.objects.filter(reuse_key=key, status=PageStatus.COMPLETED, job__account=page.job.account_id)
    young = same.filter(finished_at__gt=Now() - timedelta(milliseconds=max_age_ms))
    return young.order_by("-finished_at").first()


def files_of(original: Page, *, page: Page) -> list[Artifact] | None:
    """What was made of `original`, copied for `page`: rows that are not stored yet, of files that are. Queries.

    None, and nothing is left, if anything of it is not kept any more. Raises: StorageAway.
    """
    made = list(original.artifacts.order_by("pk"))
    if missing(original, made, page=page):
        return None
    try:
        return copies(made, page=page)
    except FileGone:
        return None


def missing(original: Page, made: list[Artifact], *, page: Page) -> bool:
    """Whether something that `page` asks for, or an action of `original` took, has been removed to make room."""
    outputs = options_of(page.asked).fetch.outputs - {one.output for one in made if one.action is None}
    taken = {one.action for one in made}
    actions = enumerate(orjson.loads(original.actions or "[]"))
    return bool(outputs) or any(
        report["type"] == "screenshot" and report["status"] == "success" and index not in taken
        for index, report in actions
    )


def record_reuse(page: Page, original: Page, artifacts: list[Artifact], *, token: UUID) -> bool:
    """The page is completed with what `original` gave, and not charged. False if the claim is no longer ours."""
    assert original.data is not None
    assert original.final_url is not None
    return record_success(
        page,
        token=token,
        data=original.data,
        status_code=original.status_code,
        final_url=original.final_url,
        duration_ms=0,
        truncated=original.truncated,
        reports=original.reports,
        actions=original.actions,
        blocked_requests=original.blocked_requests,
        artifacts=artifacts,
        charged=False,
        reused_from=original.finished_at,
    )
