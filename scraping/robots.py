"""What a site's robots.txt asks of us (RFC 9309): fetched through egress, and read.

Source: https://www.rfc-editor.org/rfc/rfc9309
"""

import math
import ssl
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from time import monotonic

from ada_url import URL
from protego import Protego
from urllib3.response import HTTPResponse

from scraping.egress.dial import Dialler
from scraping.egress.exchange import NETWORK_ERRORS, beginning, exchange
from scraping.egress.gate import Target, check
from scraping.errors import (
    BlockedAddress,
    ConnectionFailed,
    DnsError,
    RateLimited,
    RobotsDisallowed,
    TlsError,
)
from scraping.retry_after import retry_after_s

AGENT = "scrpy"
"""Whose rules we heed: those for this name, else those for everyone."""
MOST_BYTES = 500 * 1024
TIMEOUT_S = 10.0
MOST_REDIRECTS = 5
MOST_WORK = 1_000_000
"""Names of crawlers times rules: what a parser may have to do for each with each, bounded."""
LONGEST_DELAY_MS = 60_000
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def fetch_robots(target: Target, way_out: Dialler, *, wanted: Callable[[], bool] = lambda: True) -> str:
    """The text of the robots.txt that stands for `target`; empty if its site has none. Blocks, 10 s at most.

    Args:
        wanted: asked before each request; none is made any more once it says no.
    Raises: RobotsDisallowed where it cannot be told (the site answers with an error of its own, or too late), and
        RateLimited, DnsError, ConnectionFailed, TlsError, BlockedAddress, which the page itself would end with.
    """
    deadline = monotonic() + TIMEOUT_S
    asked = check(f"{target.origin}/robots.txt", way_out.policy)
    for _ in range(1 + MOST_REDIRECTS):
        found = _ask(asked, way_out, deadline=deadline, wanted=wanted)
        if isinstance(found, str):
            return found
        asked = found
    return ""


def _ask(asked: Target, way_out: Dialler, *, deadline: float, wanted: Callable[[], bool]) -> str | Target:
    """What one address answers: the text, or where it is instead."""
    headers = {"User-Agent": AGENT}
    try:
        with exchange(asked, "GET", headers=headers, way_out=way_out, deadline=deadline, wanted=wanted) as response:
            return _answered(asked, response, way_out)
    except (DnsError, ConnectionFailed):
        raise
    except ssl.SSLError as exc:
        raise TlsError(f"The TLS handshake with {asked.host} failed: {exc.reason or exc}.") from exc
    except NETWORK_ERRORS as exc:
        if monotonic() >= deadline:
            raise _unreadable(asked, f"the site did not answer within {TIMEOUT_S:g} s") from exc
        raise ConnectionFailed(f"The connection to {asked.host} broke off.") from exc


def _answered(asked: Target, response: HTTPResponse, way_out: Dialler) -> str | Target:
    status = response.status
    if status in REDIRECTS and (location := response.headers.get("Location")):
        return _led_on(asked, location, way_out)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        message = f"{asked.host} answered 429 when asked for its robots.txt."
        asked_s = retry_after_s(response.headers.get("Retry-After"))
        raise RateLimited(message, status_code=status, retry_after_s=asked_s)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _unreadable(asked, f"the site answered {status}", status_code=status)
    if status != HTTPStatus.OK:
        return ""
    return beginning(response, most_bytes=MOST_BYTES).decode("utf-8-sig", "replace").replace("\0", "")


def _led_on(asked: Target, location: str, way_out: Dialler) -> Target:
    try:
        return check(URL(location, base=asked.canonical).href, way_out.policy)
    except ValueError as exc:  # a UrlError is one, too
        raise BlockedAddress(f"The robots.txt of {asked.host} leads where nothing may be fetched.") from exc


def _unreadable(asked: Target, why: str, *, status_code: int | None = None) -> RobotsDisallowed:
    return RobotsDisallowed(
        f"{asked.host} may not be visited while its robots.txt cannot be read: {why}.",
        retryable=True,
        status_code=status_code,
    )


def allows(robots: str, url: str) -> bool:
    """Whether the robots.txt with this text lets us fetch `url`."""
    parsed = _parsed(robots)
    return parsed is not None and parsed.can_fetch(url, AGENT)


def crawl_delay_ms(robots: str) -> int:
    """The time it wants between two requests; 0 if it asks for none, and never more than a minute."""
    parsed = _parsed(robots)
    if parsed is None:
        return 0
    rate = parsed.request_rate(AGENT)
    seconds = max(parsed.crawl_delay(AGENT) or 0, rate.seconds / rate.requests if rate and rate.requests else 0)
    return min(round(seconds * 1000), LONGEST_DELAY_MS) if math.isfinite(seconds) else LONGEST_DELAY_MS


@lru_cache(maxsize=64)
def _parsed(robots: str) -> Protego | None:
    """None if it is made to keep its readers busy: then nothing is allowed."""
    lines = [line.lstrip().lower() for line in robots.splitlines()]
    names = sum(line.startswith("user") for line in lines)
    return Protego.parse(robots) if names * (len(lines) - names) <= MOST_WORK else None
