"""Renders a claimed run: its pages one after another in one lane, each started and recorded under the claim."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import lru_cache
from uuid import UUID

import orjson
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from jobs.artifacts import discard, store
from jobs.models import Artifact, Page
from jobs.models.page import PageStatus
from jobs.options import options_of
from jobs.queue.dispatch import try_dispatch
from jobs.queue.leases import release, release_queued, start
from jobs.recording import record_failure, record_start, record_success
from jobs.secrets import Secrets, opened
from jobs.worker.claims import Aborted, Claim, Claims
from jobs.worker.kept import kept_of
from jobs.worker.loan import Loan
from scraping import rules
from scraping.acting import ActionReport
from scraping.browser import BrowserPool, Lane
from scraping.egress import UrlError, check
from scraping.errors import BlockedAddress, BrowserCrashed, InternalError, ScrapeError
from scraping.offline import Kept, reread
from scraping.options import Sent
from scraping.render import Outcome, scrape
from scraping.rules import Rules

logger = logging.getLogger(__name__)

RECORD_TRIES, RECORD_PAUSE_S = 10, 2.0
"""How often, and how far apart, an outcome is offered to a database that is away: the lease runs out first."""
BROWSER_PAUSE_S = 2.0
"""How long to wait after a browser that would not start, before its pages are given back to be tried again."""


@lru_cache(maxsize=64)
def rules_of(selectors: str) -> Rules:
    """The rules of a job; its pages come in bunches, so they are parsed once."""
    return rules.parse(orjson.loads(selectors), required=False)


class Runner:
    """What a worker's threads need to render: who they are, the browser, and what they have in hand."""

    def __init__(self, *, worker: UUID, pool: BrowserPool, claims: Claims, loop: asyncio.AbstractEventLoop) -> None:
        self._worker = worker
        self._pool = pool
        self._claims = claims
        self._loop = loop

    def render(self, token: UUID) -> None:
        """Render the run that `token` names. A stale or doubled message finds nothing to do."""
        queued = Page.objects.filter(token=token, status=PageStatus.QUEUED)
        pages = list(queued.select_related("job", "host_queue", "source__page").order_by("index"))
        if not pages:
            return
        with self._claims.hold(token, job_id=pages[0].job_id) as claim:
            done = self._render_pages(claim, pages) if claim else 0
        if done < len(pages):
            release_queued(pages[0].job_id, token)
        try_dispatch()

    def _render_pages(self, claim: Claim, pages: list[Page]) -> int:
        """With the job's secrets, if it has any; how many were rendered and recorded."""
        try:
            secrets = opened(pages[0].job.sealed_options)
        except ScrapeError as error:
            return self._fail_pages(claim, pages, error)
        return self._render_in_lanes(claim, pages, secrets)

    def _fail_pages(self, claim: Claim, pages: list[Page], error: ScrapeError) -> int:
        """One attempt at each, which fails before it has needed a lane; how many were recorded."""
        for done, page in enumerate(pages):
            if not (self._begin(claim, page) and self._fail(claim, page, error, duration_ms=0)):
                return done
        return len(pages)

    def _render_in_lanes(self, claim: Claim, pages: list[Page], secrets: Secrets) -> int:
        """How many were rendered and recorded."""
        loan = Loan(claim, self._pool, self._loop, secrets)
        done = 0
        try:
            for page in pages:
                close_old_connections()
                if not self._render_page(claim, loan.lane_for(page), page, secrets.sent):
                    break
                done += 1
        except Aborted:
            logger.info("Run %s was stopped", claim.token)
        except ScrapeError:
            logger.exception("No lane could be had for run %s", claim.token)
            time.sleep(BROWSER_PAUSE_S)
        finally:
            loan.give_back()
        return done

    def _render_page(self, claim: Claim, lane: Lane, page: Page, sent: Sent) -> bool:
        """One attempt, recorded. False if the claim is no longer ours: the rest of the run is someone else's."""
        if not self._begin(claim, page):
            return False
        close_old_connections()
        began = time.monotonic()
        try:
            outcome = claim.call(self._work(lane, page, sent))
            artifacts = store(page, outcome.captures, options_of(page.job).fetch.outputs)
        except Aborted:
            release(page, token=claim.token)
            return False
        except ScrapeError as error:
            return self._fail(claim, page, error, duration_ms=round((time.monotonic() - began) * 1000))
        return self._complete(claim, page, outcome, artifacts)

    def _work(self, lane: Lane, page: Page, sent: Sent) -> Coroutine[None, None, Outcome]:
        """What is to be done to a page in its lane. Queries. Raises: ScrapeError, if there is nothing to do it to."""
        return reread_page(lane, page, kept_of(page)) if page.job.reads_kept else scrape_page(lane, page, sent)

    def _complete(self, claim: Claim, page: Page, outcome: Outcome, artifacts: list[Artifact]) -> bool:
        """False, and the files are removed, if the claim is no longer ours."""
        ours = False
        try:
            ours = persist(lambda: record_outcome(page, outcome, artifacts, token=claim.token))
        finally:
            if not ours:
                discard(page, artifacts)
        return ours

    def _begin(self, claim: Claim, page: Page) -> bool:
        """Count an attempt. False if the claim is no longer ours."""
        if not start(page, token=claim.token, worker=self._worker):
            return False
        page.attempts += 1
        record_start(page)
        return True

    def _fail(self, claim: Claim, page: Page, error: ScrapeError, *, duration_ms: int) -> bool:
        actions = actions_as_json(error.actions)
        return persist(lambda: record_failure(page, error, token=claim.token, duration_ms=duration_ms, actions=actions))


async def scrape_page(lane: Lane, page: Page, sent: Sent) -> Outcome:
    """Fetch a page and read its fields.

    Raises: ScrapeError, what nobody foresaw being an InternalError; Aborted, if another page took the browser with it.
    """
    job = page.job
    try:
        target = check(page.canonical_url, settings.EGRESS_POLICY)
        return await scrape(lane, target, rules_of(job.selectors), replace(options_of(job).fetch, sent=sent))
    except UrlError as error:
        raise BlockedAddress(str(error)) from error
    except BrowserCrashed as error:
        if error.bystander:
            raise Aborted from error
        raise
    except (ScrapeError, asyncio.CancelledError):
        raise
    except Exception as error:
        logger.exception("Page %s: unforeseen", page.pk)
        raise InternalError from error


async def reread_page(lane: Lane, page: Page, kept: Kept) -> Outcome:
    """Read the fields of a page that was kept. Raises: ScrapeError."""
    return await reread(lane, kept, rules_of(page.job.selectors), options_of(page.job).fetch)


def record_outcome(page: Page, outcome: Outcome, artifacts: list[Artifact], *, token: UUID) -> bool:
    return record_success(
        page,
        token=token,
        artifacts=artifacts,
        actions=actions_as_json(outcome.actions),
        data=orjson.dumps(outcome.data).decode(),
        blocked_requests=outcome.blocked_requests,
        reports=orjson.dumps(outcome.explained).decode() if options_of(page.job).fetch.explain else None,
        truncated=orjson.dumps(sorted(outcome.cut)).decode() if outcome.cut else None,
        status_code=outcome.status_code,
        final_url=outcome.final_url,
        duration_ms=outcome.duration_ms,
    )


def actions_as_json(reports: Sequence[ActionReport]) -> str | None:
    """What became of each action, as results show it; None if there were none."""
    return orjson.dumps([report.shown() for report in reports]).decode() if reports else None


def persist(record: Callable[[], bool]) -> bool:
    """Record under the same token until the database takes it; False if the claim is no longer ours."""
    for tries_left in reversed(range(RECORD_TRIES)):
        try:
            return record()
        except (OperationalError, InterfaceError):
            if not tries_left:
                raise
            logger.exception("The database is away; trying again")
            close_old_connections()
            time.sleep(RECORD_PAUSE_S)
    return False
