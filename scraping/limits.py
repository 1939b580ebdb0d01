"""Every budget of a page, a lane and a browser, in one place."""

from dataclasses import dataclass, replace

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Budgets; the defaults are the product's, tests pass smaller ones.

    A page that is over a budget fails; a value that is over its own is cut and marked.
    """

    max_documents: int = 20
    max_received_bytes: int = 25 * 1024 * 1024
    max_sent_bytes: int = 2 * 1024 * 1024
    max_requests: int = 500
    max_html_bytes: int = 5 * 1024 * 1024
    max_renderer_bytes: int = 1024 * 1024 * 1024
    max_value_bytes: int = 64 * 1024
    max_data_bytes: int = 1024 * 1024
    max_markup_bytes: int = 1024 * 1024

    quiet_ms: int = 50
    """How long the DOM must be still to count as rendered."""
    restless_ms: int = 500
    """How long after load a page whose DOM never rests is waited for, once every rule has matched."""
    late_ms: int = 1_200
    """How long after load a field that matches nothing is waited for, the network being idle."""
    settle_ms: int = 5_000
    """How long after load anything at all is waited for."""

    cleanup_timeout_ms: int = 2_000
    """What a lane may take to be wiped or closed before something is killed."""
    lane_open_timeout_ms: int = 10_000
    launch_timeout_ms: int = 20_000
    idle_ms: int = 500
    """How long an idle lane keeps its last page before it is emptied."""
    spare_ms: int = 20_000
    """How long it is kept then: a lane belongs to a job, which has ended, most likely."""

    lane_max_pages: int = 200
    lane_max_age_s: int = 1_800
    browser_max_pages: int = 2_000
    browser_max_age_s: int = 3_600
    browser_max_bytes: int = 2 * 1024 * 1024 * 1024
    """What Chromium may take for itself, all its processes together, until it is replaced."""
    driver_max_bytes: int = 512 * 1024 * 1024

    def within(self, memory_bytes: int) -> "Limits":
        """The same where there is but so much memory for a browser and its pages. Below a gibibyte none can work."""
        half = max(memory_bytes, 1024 * MIB) // 2
        return replace(
            self,
            max_renderer_bytes=min(self.max_renderer_bytes, half),
            browser_max_bytes=min(self.browser_max_bytes, half),
            driver_max_bytes=min(self.driver_max_bytes, half),
        )


DEFAULT_LIMITS = Limits()
