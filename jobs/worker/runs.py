"""Renders a claimed run: its pages one after another in one lane, each started and recorded under the claim."""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar
from uuid import UUID

from django.db import close_old_connections

from jobs.artifacts import discard, store
from jobs.failpoints import failpoint
from jobs.models import Artifact, Page
from jobs.models.page import PageStatus
from jobs.options import options_of
from jobs.outages import SIGNS
from jobs.queue.dispatch import try_dispatch
from jobs.queue.hosts import heed
from jobs.queue.leases import release, release_queued, start
from jobs.recording import record_failure, record_start, record_success
from jobs.reuse import files_of, find_reusable, record_reuse, reuse_key
from jobs.secrets import Secrets, opened
from jobs.worker.attempts import actions_as_json, attempt, columns_of, foreseen, trace_as_json
from jobs.worker.claims import Aborted, Claim, Claims
from jobs.worker.loan import Loan
from jobs.worker.robots import check_robots
from scraping.browser import BrowserPool
from scraping.errors import ScrapeError
from scraping.render import Outcome

logger = logging.getLogger(__name__)

T = TypeVar("T")
RECORD_TRIES, RECORD_PAUSE_S = 10, 2.0
"""How often, and how far apart, an outcome is offered to a database that is away: the lease runs out first."""
BROWSER_PAUSE_S = 2.0
"""How long to wait after a browser that would not start, before its pages are given back to be tried again."""


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
        pages = persist(
            lambda: list(queued.select_related("job", "variant", "host_queue", "source__page").order_by("index"))
        )
        if not pages:
            return
        with self._claims.hold(token, job_id=pages[0].job_id) as claim:
            done = self._render_pages(claim, pages) if claim else 0
        if done < len(pages):
            persist(partial(release_queued, pages[0].job_id, token))
        try_dispatch()

    def _render_pages(self, claim: Claim, pages: list[Page]) -> int:
        """With the job's secrets, if it has any; how many were done and recorded."""
        failpoint("claimed")
        try:
            secrets = opened(pages[0].job.sealed_options)
        except ScrapeError as caught:
            error = caught
            return self._count(pages, lambda page: self._begin(claim, page) and self._fail(claim, page, error))
        loan = Loan(claim, self._pool, self._loop, secrets)
        try:
            return self._count(pages, lambda page: self._do(claim, page, loan, secrets))
        finally:
            loan.give_back()

    def _count(self, pages: list[Page], do: Callable[[Page], bool]) -> int:
        """How many are done until one is not, if only because the database is away."""
        for done, page in enumerate(pages):
            try:
                if not do(page):
                    return done
            except SIGNS:
                logger.exception("The database is away: page %s is left to others", page.pk)
                return done
        return len(pages)

    def _do(self, claim: Claim, page: Page, loan: Loan, secrets: Secrets) -> bool:
        """One page, from whatever there is of it. False if the rest of the run is to be left to others."""
        try:
            original = find_reusable(page, secrets)
            copied = files_of(original, page=page) if original else None
            if copied is None:
                check_robots(claim, page)
        except Aborted:
            return False
        except ScrapeError as error:
            return self._begin(claim, page) and self._fail(claim, page, error)
        if original and copied is not None:
            return self._reuse(claim, page, original, copied)
        try:
            loan.borrow_for(page)
        except Aborted:
            logger.info("Run %s was stopped", claim.token)
            return False
        except ScrapeError:
            logger.exception("No lane could be had for run %s", claim.token)
            time.sleep(BROWSER_PAUSE_S)
            return False
        return self._render_page(claim, page, loan, secrets)

    def _reuse(self, claim: Claim, page: Page, original: Page, artifacts: list[Artifact]) -> bool:
        """Complete the page with what `original` gave."""
        if not self._begin(claim, page):
            discard(page, artifacts)
            return False
        record = partial(record_reuse, page, original, artifacts, token=claim.token)
        return self._keep(page, artifacts, record)

    def _render_page(self, claim: Claim, page: Page, loan: Loan, secrets: Secrets) -> bool:
        """One attempt in the lane that is lent, recorded."""
        failpoint("lane_open")
        if not self._begin(claim, page):
            return False
        close_old_connections()
        began = time.monotonic()
        try:
            with foreseen(page):
                outcome = claim.call(attempt(loan.lane, page, secrets.sent))
                failpoint("extracted")
                artifacts = store(page, outcome.captures, options_of(page.asked).fetch.outputs)
        except Aborted:
            persist(partial(release, page, token=claim.token))
            failpoint("lease_released")
            return False
        except ScrapeError as error:
            return self._fail(claim, page, error, duration_ms=round((time.monotonic() - began) * 1000))
        return self._complete(claim, page, outcome, artifacts, secrets)

    def _complete(
        self, claim: Claim, page: Page, outcome: Outcome, artifacts: list[Artifact], secrets: Secrets
    ) -> bool:
        columns = columns_of(outcome, explain=options_of(page.asked).fetch.explain)
        key = reuse_key(page, secrets)
        record = partial(record_success, page, token=claim.token, artifacts=artifacts, reuse_key=key, **columns)
        kept = self._keep(page, artifacts, record)
        persist(lambda: heed(page, status_code=outcome.status_code))
        return kept

    def _keep(self, page: Page, artifacts: list[Artifact], record: Callable[[], bool]) -> bool:
        """False, and the files are removed, if the claim is no longer ours."""
        ours = False
        try:
            ours = persist(partial(finish, record))
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

    def _fail(self, claim: Claim, page: Page, error: ScrapeError, *, duration_ms: int = 0) -> bool:
        told = {"actions": actions_as_json(error.actions), "trace": trace_as_json(error.trace)}
        record = partial(record_failure, page, error, token=claim.token, duration_ms=duration_ms, **told)
        ours = persist(partial(finish, record))
        persist(lambda: heed(page, status_code=error.status_code, asked_s=error.retry_after_s))
        return ours


def finish(record: Callable[[], bool]) -> bool:
    """Record how a page ended, once; False if the claim is no longer ours."""
    failpoint("before_finish")
    ours = record()
    failpoint("finish_sent")
    return ours


def persist(ask: Callable[[], T]) -> T:
    """What the database answers, asked again while it is away; what is recorded is so under the same token.

    Raises: one of `SIGNS`, when the lease has run out anyway.
    """
    for _ in range(RECORD_TRIES - 1):
        try:
            return ask()
        except SIGNS:
            logger.exception("The database is away; trying again")
            close_old_connections()
            time.sleep(RECORD_PAUSE_S)
    return ask()
