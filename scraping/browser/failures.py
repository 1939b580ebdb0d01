"""The border where Playwright's errors become ours."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.async_api import Error as PlaywrightError

from scraping.errors import (
    BrowserCrashed,
    ConnectionFailed,
    DnsError,
    InternalError,
    NoContent,
    ScrapeError,
    TlsError,
    UnsupportedContent,
)

log = logging.getLogger(__name__)

NET_ERROR = re.compile(r"net::(ERR_[A-Z0-9_]+)")

NET_ERRORS: dict[str, tuple[type[ScrapeError], str]] = {
    "ERR_NAME_NOT_RESOLVED": (DnsError, "The name {host} has no address."),
    "ERR_NAME_RESOLUTION_FAILED": (DnsError, "The name {host} could not be resolved."),
    "ERR_DNS_": (DnsError, "The name {host} could not be resolved."),
    "ERR_CONNECTION_REFUSED": (ConnectionFailed, "{host} refused the connection."),
    "ERR_CONNECTION_TIMED_OUT": (ConnectionFailed, "{host} did not accept a connection in time."),
    "ERR_TIMED_OUT": (ConnectionFailed, "{host} did not answer in time."),
    "ERR_EMPTY_RESPONSE": (ConnectionFailed, "{host} closed the connection without an answer."),
    "ERR_INVALID_HTTP_RESPONSE": (ConnectionFailed, "{host} sent an answer that is not HTTP."),
    "ERR_UNEXPECTED_PROXY_AUTH": (ConnectionFailed, "{host} asks for a proxy's password, and is none."),
    "ERR_CERT_": (TlsError, "The certificate of {host} is not valid ({error})."),
    "ERR_SSL_": (TlsError, "The TLS handshake with {host} failed ({error})."),
    "ERR_BAD_SSL_": (TlsError, "The TLS handshake with {host} failed ({error})."),
    "ERR_TOO_MANY_REDIRECTS": (ConnectionFailed, "{host} redirects more than 20 times."),
    "ERR_INVALID_REDIRECT": (ConnectionFailed, "{host} redirects to an address that is not a web page's."),
    "ERR_UNSAFE_REDIRECT": (ConnectionFailed, "{host} redirects to an address that is not a web page's."),
    "ERR_ABORTED": (NoContent, "{host} answered with nothing to show: no content, or a download."),
}
"""By Chromium's name for it, or the beginning of that name; the first that fits."""

UNREACHED = ("ERR_SOCKS_CONNECTION_FAILED", "ERR_TUNNEL_CONNECTION_FAILED", "ERR_EMPTY_RESPONSE")
"""What Chromium says when the lane's proxy refuses, whatever for."""

NO_PROXY = "ERR_PROXY_CONNECTION_FAILED"
"""That of a context whose proxy Chromium has forgotten: its network process died."""

GONE = (
    "Execution context was destroyed",
    "Cannot find context",
    "Inspected target navigated",
    "Promise was collected",
    "uniqueContextId not found",
    "No frame for given id",
    "Not attached to an active page",
)
NO_PICTURE = ("Unable to capture screenshot", "Printing failed")
CRASHED = ("crashed", "has been closed", "Connection closed", "Session closed", "Target closed", "etached")


class DocumentGone(Exception):
    """The tab went on to another document while this one was read."""


class Interrupted(Exception):
    """The page before began a navigation of its own while ours was under way."""


@contextmanager
def translated(host: str) -> Iterator[None]:
    """Raise our errors for Playwright's; `host` is whom messages speak of."""
    try:
        yield
    except PlaywrightError as exc:
        raise _translate(exc.message, host) from exc


def _translate(message: str, host: str) -> Exception:
    message = message.partition("\nCall log:")[0]
    if any(sign in message for sign in GONE):
        return DocumentGone(message)
    if "interrupted by another navigation" in message:
        return Interrupted(message)
    return _failure(message, host)


def _failure(message: str, host: str) -> ScrapeError:
    if "Download is starting" in message:
        return UnsupportedContent(f"{host} answered with a download, not with a page.")
    if any(sign in message for sign in CRASHED):
        return BrowserCrashed("The browser's tab died while it had the page.")
    if any(sign in message for sign in NO_PICTURE):
        return InternalError("The browser could not make a picture of the page.")
    if net_error := NET_ERROR.search(message):
        return network_failure(net_error[1], host)
    log.error("Playwright failed in a way that is not known yet: %s", message)
    return InternalError("The browser failed in a way that is not known yet.")


def network_failure(error: str, host: str) -> ScrapeError:
    """Our error for a net error of Chromium's, such as `ERR_CONNECTION_RESET`."""
    for prefix, (leaf, sentence) in NET_ERRORS.items():
        if error.startswith(prefix):
            return leaf(sentence.format(host=host, error=error))
    return ConnectionFailed(f"The connection to {host} failed ({error}).")
