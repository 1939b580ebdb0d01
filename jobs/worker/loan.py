"""The lane in which a run's pages are rendered, one after another."""

import asyncio
from collections.abc import Coroutine

from jobs.models import Page
from jobs.options import options_of
from jobs.secrets import Secrets
from jobs.worker.claims import Claim
from scraping.browser import BrowserPool, Lane
from scraping.offline import offline
from scraping.options import Profile


class Loan:
    """A lane that is borrowed when the first page needs it, and changed when it is no longer fit for use."""

    def __init__(self, claim: Claim, pool: BrowserPool, loop: asyncio.AbstractEventLoop, secrets: Secrets) -> None:
        self._claim = claim
        self._pool = pool
        self._loop = loop
        self._secrets = secrets
        self._lane: Lane | None = None
        self._profile: Profile | None = None

    @property
    def lane(self) -> Lane:
        """The one that is lent."""
        assert self._lane is not None
        return self._lane

    def borrow_for(self, page: Page) -> None:
        """Have a lane that is fit for `page`; waits while all are out. Raises: BrowserCrashed, Aborted."""
        if self._lane and not (self._lane.usable and self._profile == options_of(page.asked).profile):
            self.give_back()
        if self._lane is None:
            self._lane = self._claim.call(self._borrowed(page))

    def _borrowed(self, page: Page) -> Coroutine[None, None, Lane]:
        owner, host = page.job.public_id, page.host_queue.address
        profile = self._profile = options_of(page.asked).profile
        if page.job.reads_kept:
            return self._pool.borrow(owner, host, profile=offline(profile))
        return self._pool.borrow(owner, host, upstream=self._secrets.proxy, profile=profile)

    def give_back(self) -> None:
        """Clean-up included; never raises."""
        lane, self._lane = self._lane, None
        if lane:
            asyncio.run_coroutine_threadsafe(self._pool.give_back(lane), self._loop).result()
