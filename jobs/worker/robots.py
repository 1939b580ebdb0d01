"""Whether a page may be visited whose job heeds robots.txt."""

from functools import lru_cache

from django.conf import settings
from django.db import close_old_connections

from jobs.models import Host, Page
from jobs.options import options_of
from jobs.queue.hosts import learn_robots, robots_of
from jobs.worker.claims import Aborted, Claim
from scraping.egress import Policy, Target, check
from scraping.egress.dial import Dialler
from scraping.errors import BlockedAddress, RobotsDisallowed, ScrapeError, UrlError
from scraping.robots import allows, crawl_delay_ms, fetch_robots


@lru_cache(maxsize=1)
def dialler(policy: Policy) -> Dialler:
    """The way out for what is asked without a browser."""
    return Dialler(policy, threads=settings.SCRPY_LANES)


def check_robots(claim: Claim, page: Page) -> None:
    """Nothing, if `page` may be visited. Queries; asks the site, ten seconds at most, if nobody has for an hour.

    The site is asked directly, also where the job has a proxy: what that says is remembered for that job alone.

    Raises: RobotsDisallowed, what else comes of asking (see `fetch_robots`), Aborted.
    """
    if not options_of(page.job).respect_robots or page.job.reads_kept:
        return
    target = target_of(page)
    host = robots_of(page.host_queue) or learn(claim, page, target)
    if not allows(host.robots or "", target.canonical):
        raise RobotsDisallowed(f"The robots.txt of {target.host} asks not to visit this page.")


def target_of(page: Page) -> Target:
    """Judged anew: what could be visited when the job was made may be forbidden now. Raises: BlockedAddress."""
    try:
        return check(page.canonical_url, settings.EGRESS_POLICY)
    except UrlError as exc:
        raise BlockedAddress(str(exc)) from exc


def learn(claim: Claim, page: Page, target: Target) -> Host:
    close_old_connections()
    try:
        robots = fetch_robots(target, dialler(settings.EGRESS_POLICY), wanted=lambda: not claim.aborted)
    except ScrapeError as error:
        if claim.aborted:
            raise Aborted from error
        raise
    return learn_robots(page.host_queue.host, robots=robots, crawl_delay_ms=crawl_delay_ms(robots))
