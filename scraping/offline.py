"""Pages that were fetched before, read again by other rules: in a tab, by the same code, without any network."""

from dataclasses import dataclass, replace

from scraping.browser.tab import Lane
from scraping.capture import html_type
from scraping.egress import gate
from scraping.errors import TooLarge
from scraping.limits import MIB
from scraping.options import NOTHING_SENT, FetchOptions, Profile, WaitUntil
from scraping.render import Outcome, scrape
from scraping.rules import Rules


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as it was kept, with the URL it stood at and what its site had answered.

    Bytes are UTF-8; what of them is not becomes U+FFFD.
    """

    url: str
    content: bytes | str
    content_type: str = "text/html"
    status: int | None = None


def offline(profile: Profile) -> Profile:
    """As `profile`, in a lane that reaches nothing: lend one for `reread`, without the job's proxy."""
    return replace(profile, offline=True, keeps_session=False)


async def reread(lane: Lane, kept: Kept, rules: Rules, options: FetchOptions) -> Outcome:
    """Read of `kept` what `rules` name, as `scrape` reads it of a page; nothing is asked of any network.

    What has come has come: nothing is waited for, done, or captured, whatever `options` say of that.

    Raises: ScrapeError; UrlError if the URL is none of http or https. Bounded by `options.timeout_ms`.
    """
    content = kept.content.encode(errors="replace") if isinstance(kept.content, str) else kept.content
    if len(content) > lane.limits.max_html_bytes:
        raise TooLarge(f"The HTML is larger than {lane.limits.max_html_bytes / MIB:g} MiB.")
    lane.lay(content, html_type(kept.content_type.partition(";")[0].strip().lower()))
    outcome = await scrape(lane, gate.read(kept.url), rules, _as_kept(options))
    return replace(outcome, status_code=kept.status)


def _as_kept(options: FetchOptions) -> FetchOptions:
    return replace(
        options,
        wait_until=WaitUntil.LOAD,
        awaited=None,
        pause_ms=0,
        sent=NOTHING_SENT,
        actions=(),
        outputs=frozenset(),
        keep_html=False,
    )
