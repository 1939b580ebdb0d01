"""One attempt at a page, a visit or a reading of what was kept, and what it came to as the page's columns."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson
from django.conf import settings

from jobs.failpoints import failpoint
from jobs.models import Page
from jobs.options import options_of
from jobs.worker.claims import Aborted
from jobs.worker.kept import kept_of
from scraping import rules
from scraping.acting import ActionReport
from scraping.browser import Lane
from scraping.egress import UrlError, check
from scraping.errors import BlockedAddress, BrowserCrashed, InternalError, ScrapeError
from scraping.offline import reread
from scraping.options import Sent
from scraping.render import Outcome, scrape
from scraping.rules import Rules
from scraping.trace import Trace

logger = logging.getLogger(__name__)


@lru_cache(maxsize=64)
def rules_of(selectors: str) -> Rules:
    """The rules of a job; its pages come in bunches, so they are parsed once."""
    return rules.parse(orjson.loads(selectors), required=False)


async def attempt(lane: Lane, page: Page, sent: Sent) -> Outcome:
    """Fetch a page, or what was kept of it, and read its fields.

    Raises: ScrapeError, what nobody foresaw being an InternalError; Aborted, if another page took the browser with it.
    """
    options, wanted = options_of(page.asked).fetch, rules_of(page.asked.selectors)
    with foreseen(page):
        if page.job.reads_kept:
            kept = await asyncio.to_thread(kept_of, page)
            return await reread(lane, kept, wanted, options)
        target = check(page.canonical_url, settings.EGRESS_POLICY)
        return await scrape(
            lane,
            target,
            wanted,
            replace(options, sent=sent),
            navigated=lambda: failpoint("navigated"),
        )


@contextmanager
def foreseen(page: Page) -> Iterator[None]:
    """Whatever goes wrong is a ScrapeError, or Aborted."""
    try:
        yield
    except UrlError as error:
        raise BlockedAddress(str(error)) from error
    except BrowserCrashed as error:
        if error.bystander:
            raise Aborted from error
        raise
    except (ScrapeError, Aborted, asyncio.CancelledError):
        raise
    except Exception as error:
        logger.exception("Page %s: unforeseen", page.pk)
        raise InternalError from error


def columns_of(outcome: Outcome, *, explain: bool) -> dict[str, Any]:
    """What a completed page has of an outcome, by column."""
    return {
        "data": orjson.dumps(outcome.data).decode(),
        "blocked_requests": outcome.blocked_requests,
        "reports": orjson.dumps(outcome.explained).decode() if explain else None,
        "truncated": orjson.dumps(sorted(outcome.cut)).decode() if outcome.cut else None,
        "actions": actions_as_json(outcome.actions),
        "trace": trace_as_json(outcome.trace),
        "status_code": outcome.status_code,
        "final_url": outcome.final_url,
        "duration_ms": outcome.duration_ms,
    }


def actions_as_json(reports: Sequence[ActionReport]) -> str | None:
    """What became of each action, as results show it; None if there were none."""
    return orjson.dumps([report.shown() for report in reports]).decode() if reports else None


def trace_as_json(trace: Trace | None) -> str | None:
    """How an attempt went, as people see it."""
    return orjson.dumps(trace.shown()).decode() if trace else None
