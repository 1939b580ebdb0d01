"""What one page has moved through its lane's proxy, and whom it could not reach."""

from collections.abc import Callable

from scraping.errors import BlockedAddress, ScrapeError, TooLarge
from scraping.limits import Limits

MOST_FAILURES = 1_000
MIB = 1024 * 1024


class Traffic:
    """The proxy's account of one page. Bytes are those on the wire, heads included, encrypted or not.

    `blocked_requests` counts what was refused for its address; `overrun` is set when a budget has been exceeded.
    """

    def __init__(self, limits: Limits, on_overrun: Callable[[ScrapeError], None]) -> None:
        self.received_bytes = 0
        self.sent_bytes = 0
        self.connections = 0
        self.blocked_requests = 0
        self.overrun: ScrapeError | None = None
        self._limits = limits
        self._on_overrun = on_overrun
        self._failures: dict[str, ScrapeError] = {}

    def connect(self) -> None:
        """Count a connection; many requests may share it, and those are counted in the tab."""
        self.connections += 1
        if self.connections > self._limits.max_requests:
            self.exceed(f"The page made more than {self._limits.max_requests:,} requests.")

    def receive(self, count: int) -> None:
        """Count bytes on their way to the browser."""
        self.received_bytes += count
        if self.received_bytes > self._limits.max_received_bytes:
            self.exceed(f"The page loaded more than {self._limits.max_received_bytes / MIB:g} MiB.")

    def send(self, count: int) -> None:
        """Count bytes on their way to a site."""
        self.sent_bytes += count
        if self.sent_bytes > self._limits.max_sent_bytes:
            self.exceed(f"The page sent more than {self._limits.max_sent_bytes / MIB:g} MiB.")

    def exceed(self, sentence: str) -> None:
        """A budget is exceeded: the page fails, once."""
        if self.overrun is None:
            self.overrun = TooLarge(sentence)
            self._on_overrun(self.overrun)

    def fail(self, host_key: str, failure: ScrapeError) -> None:
        """Note why `host_key` could not be reached; the browser learns only that it could not."""
        self.blocked_requests += isinstance(failure, BlockedAddress)
        if len(self._failures) >= MOST_FAILURES:
            del self._failures[next(iter(self._failures))]
        self._failures[host_key] = failure

    def failure(self, host_key: str) -> ScrapeError | None:
        """Why `host_key` could not be reached, if the proxy knows."""
        return self._failures.get(host_key)
