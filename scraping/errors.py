"""Everything that can go wrong with one URL, as one tree of stable codes.

    ScrapeError
    ├── DnsError            dns_error            retryable
    ├── ConnectionFailed    connection_error     retryable
    ├── TlsError            tls_error
    ├── NavigationTimeout   navigation_timeout   retryable
    ├── WaitTimeout         wait_timeout         retryable
    ├── HttpError           http_error           retryable for 408, 425 and 5xx
    ├── RateLimited         rate_limited         retryable
    ├── RobotsDisallowed    robots_disallowed
    ├── BlockedAddress      blocked_address
    ├── ProxyFailed         proxy_error          retryable
    ├── ProxyAuthFailed     proxy_auth_failed
    ├── UnsupportedContent  unsupported_content
    │   └── NoContent       unsupported_content  retryable
    ├── TooLarge            too_large
    ├── ActionFailed        action_failed        retryable
    ├── RequiredFieldMissing required_field_missing  retryable
    ├── InvalidSelector     invalid_selector
    ├── BrowserCrashed      browser_crashed      retryable
    ├── NotKept             not_kept
    ├── WorkerLost          worker_lost          retryable
    ├── DeadlineExceeded    deadline_exceeded
    └── InternalError       internal_error       retryable

    RulesError              every RuleError of one set of selectors
    UrlError                a URL that the gate refuses
    ChromiumMissing         no browser on this machine

A message is one sentence a user can act on: what failed, on what, and the limit it met. A leaf's own `sentence` stands
where nothing more is known.
"""

from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scraping.acting.report import ActionReport
    from scraping.trace import Trace

RETRYABLE_STATUSES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class ScrapeError(Exception):
    """One URL failed; the leaf says why, and whether another attempt may help."""

    code = "internal_error"
    retryable = False
    sentence = "The page could not be scraped."

    def __init__(
        self,
        message: str | None = None,
        *,
        status_code: int | None = None,
        final_url: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message or self.sentence)
        self.status_code = status_code
        self.final_url = final_url
        self.retry_after_s = retry_after_s
        self.actions: tuple[ActionReport, ...] = ()
        """What became of the page's actions."""
        self.trace: Trace | None = None


class DnsError(ScrapeError):
    """The host's name has no address."""

    code = "dns_error"
    retryable = True
    sentence = "The host's name has no address; check its spelling."


class ConnectionFailed(ScrapeError):
    """No connection, or one that broke off."""

    code = "connection_error"
    retryable = True
    sentence = "No connection to the site, or one that broke off."


class TlsError(ScrapeError):
    """The site's certificate or handshake cannot be trusted."""

    code = "tls_error"
    sentence = "The site's certificate or TLS handshake cannot be trusted."


class NavigationTimeout(ScrapeError):
    """The page did not get ready within its time."""

    code = "navigation_timeout"
    retryable = True
    sentence = "The page was not ready in time; a longer timeout may help."


class WaitTimeout(ScrapeError):
    """What the caller asked to wait for did not appear."""

    code = "wait_timeout"
    retryable = True
    sentence = "What the page was waited for did not appear in time."


class HttpError(ScrapeError):
    """The site answered with an error status."""

    code = "http_error"
    sentence = "The site answered with an error status."

    def __init__(
        self,
        message: str | None = None,
        *,
        status_code: int,
        final_url: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        message = message or f"The site answered {status_code}."
        super().__init__(message, status_code=status_code, final_url=final_url, retry_after_s=retry_after_s)
        self.retryable = status_code in RETRYABLE_STATUSES or status_code >= HTTPStatus.INTERNAL_SERVER_ERROR


class RateLimited(ScrapeError):
    """The site answered 429; `retry_after_s` is what it asked for, if it did."""

    code = "rate_limited"
    retryable = True
    sentence = "The site answered 429: it wants fewer requests."


class RobotsDisallowed(ScrapeError):
    """The site's robots.txt asks not to visit this page, or could not be read."""

    code = "robots_disallowed"
    sentence = "The site's robots.txt asks not to visit this page; with respectRobots it is left alone."

    def __init__(self, message: str | None = None, *, retryable: bool = False, status_code: int | None = None) -> None:
        super().__init__(message, status_code=status_code)
        self.retryable = retryable


class BlockedAddress(ScrapeError):
    """The page led to an address that must not be fetched."""

    code = "blocked_address"
    sentence = "The address is not on the public internet; only public sites can be scraped."


class ProxyFailed(ScrapeError):
    """The caller's proxy is not there, or does not lead to the site."""

    code = "proxy_error"
    retryable = True
    sentence = "The job's proxy does not answer, or does not lead to the site."


class ProxyAuthFailed(ScrapeError):
    """The caller's proxy wants other credentials."""

    code = "proxy_auth_failed"
    sentence = "The job's proxy refused the user name and password, or wants some."


class UnsupportedContent(ScrapeError):
    """What the site sent is not a page: a download, a picture, nothing."""

    code = "unsupported_content"
    sentence = "What the site sent is not a page that has fields to read."


class NoContent(UnsupportedContent):
    """Nothing came. Worth another try: a navigation whose renderer dies under it looks the same."""

    retryable = True


class TooLarge(ScrapeError):
    """The page is larger than its budget."""

    code = "too_large"
    sentence = "The page is larger than its budget."


class ActionFailed(ScrapeError):
    """An action could not be done, and the caller did not say to go on without it."""

    code = "action_failed"
    retryable = True
    sentence = "An action could not be done."


class RequiredFieldMissing(ScrapeError):
    """A field that must be there is not; `field` names it. A page that renders late may have it the next time."""

    code = "required_field_missing"
    retryable = True
    sentence = "A required field is missing."

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class InvalidSelector(ScrapeError):
    """The browser refused a selector that the check at POST let through; `field` names it."""

    code = "invalid_selector"
    sentence = "The browser cannot use this selector."

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class BrowserCrashed(ScrapeError):
    """The tab, the browser or its driver died, or did not start.

    A `bystander` is a page whose browser was killed because of another page: the attempt should not count.
    """

    code = "browser_crashed"
    retryable = True
    sentence = "The browser died while it had the page."

    def __init__(self, message: str | None = None, *, bystander: bool = False) -> None:
        super().__init__(message)
        self.bystander = bystander


class NotKept(ScrapeError):
    """A page that was to be read again is not kept any more."""

    code = "not_kept"
    sentence = "The HTML that was kept of this page is gone; post its URL again."


class WorkerLost(ScrapeError):
    """The worker that had the page died."""

    code = "worker_lost"
    retryable = True
    sentence = "The worker that had the page died."


class DeadlineExceeded(ScrapeError):
    """The job's deadline passed before the page was done."""

    code = "deadline_exceeded"
    sentence = "The job's deadline passed before the page was done."


class InternalError(ScrapeError):
    """A fault of ours."""

    code = "internal_error"
    retryable = True
    sentence = "Something failed on our side; it is not the page's fault."


class RuleError(Exception):
    """One bad rule: where it is (`selectors.title`), a stable code, and a sentence."""

    def __init__(self, path: str, code: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.code = code
        self.message = message


class RulesError(Exception):
    """Every bad rule of one set of selectors, in the caller's order."""

    def __init__(self, errors: tuple[RuleError, ...]) -> None:
        super().__init__("; ".join(f"{error.path}: {error.message}" for error in errors))
        self.errors = errors


class UrlError(ValueError):
    """A URL that may not be fetched: `invalid_url` or `blocked_address`, and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ChromiumMissing(Exception):
    """No usable Chromium was found; the message says where we looked and what to do."""
