"""One POST to an address that a stranger chose: judged, dialled, timed and read within bounds."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic

from django.conf import settings

from scraping.egress import Policy, check
from scraping.egress.dial import Dialler
from scraping.egress.exchange import NETWORK_ERRORS, Line, beginning
from scraping.errors import BlockedAddress, ConnectionFailed, DnsError, UrlError

TIMEOUT_S = 30.0
"""For all of it: from the look-up of the name to the end of the answer."""
MOST_READ_BYTES = 20_000
MOST_KEPT_CHARS = 2_000
SENDERS = 64
"""How many deliveries may be on their way at once, each in a thread of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint said, or why it said nothing: then there is no status code, and the excerpt tells."""

    status_code: int | None
    excerpt: str
    duration_ms: int
    retry_after: str | None = None

    @property
    def accepted(self) -> bool:
        return self.status_code is not None and self.status_code // 100 == 2  # noqa: PLR2004 - 2xx


def new_line() -> Line:
    """A way out for deliveries of one sender, to be closed by it."""
    return Line(dialler(settings.EGRESS_POLICY))


def post(url: str, *, body: bytes, headers: Mapping[str, str], line: Line) -> Answer:
    """Send `body` once, following nothing, and tell what came of it within 30 s; no failure raises. Sends.

    The URL is judged anew: what was fine when the job was made may not be now.
    """
    began = monotonic()
    deadline = began + TIMEOUT_S
    status_code, excerpt, retry_after = None, "", None
    try:
        target = check(url, settings.EGRESS_POLICY)
        with line.ask(target, "POST", headers=headers, body=body, deadline=deadline) as response:
            status_code, retry_after = response.status, response.headers.get("Retry-After")
            excerpt = text_of(beginning(response, most_bytes=MOST_READ_BYTES))
    except (UrlError, BlockedAddress) as error:
        excerpt = f"{error.code}: {error}"
    except NETWORK_ERRORS as error:
        excerpt = f"No answer within {TIMEOUT_S:g} s." if monotonic() >= deadline else reason(error)
    duration_ms = round((monotonic() - began) * 1000)
    return Answer(status_code=status_code, excerpt=excerpt, duration_ms=duration_ms, retry_after=retry_after)


@lru_cache(maxsize=1)
def dialler(policy: Policy) -> Dialler:
    """The one way out of this process."""
    return Dialler(policy, threads=SENDERS)


def text_of(content: bytes) -> str:
    return content.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")[:MOST_KEPT_CHARS]


def reason(error: Exception) -> str:
    """Why there was no answer, in words that name no address."""
    if isinstance(error, DnsError):
        return "The host's name leads nowhere: DNS knows no address for it."
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or error}."
    if isinstance(error, ConnectionFailed):
        return "The endpoint takes no connections."
    return "The connection broke off before a whole answer had come."
