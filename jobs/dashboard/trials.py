"""Rules tried on a page whose HTML was kept: a preview, which asks no site and costs nothing."""

from collections.abc import Iterable

from jobs.api.errors import ApiError
from jobs.api.job_requests import NOWHERE, read_preview_request
from jobs.artifacts import FileGone, StorageAway, content_of
from jobs.models import Account, Artifact, Job, Page
from jobs.rereading import create_preview
from scraping.options import Output

NOT_KEPT = "No HTML is kept of this page: options.keepHtml was off, or it was removed to make room."


def try_rules_on(page: Page, *, account: Account, selectors: object, options: dict[str, object]) -> Job:
    """A preview of the page as it was kept, read as if it stood where it was. Raises: ApiError, Refusal."""
    kept = kept_html(page.artifacts.filter(output=Output.HTML))
    if kept is None:
        raise ApiError("nothing_kept", NOT_KEPT)
    try:
        html = content_of(kept).decode()
        url = page.final_url or page.canonical_url
        body = {"url": url if url.startswith(("http://", "https://")) else NOWHERE, "html": html}
        asked, _ = read_preview_request({**body, "selectors": selectors, "options": options})
        return create_preview(account=account, request=asked, html=html)
    except FileGone as gone:
        raise ApiError("nothing_kept", NOT_KEPT) from gone
    except StorageAway as away:
        raise ApiError("service_unavailable", "The storage of files is away; try again in a moment.") from away


def kept_html(artifacts: Iterable[Artifact]) -> Artifact | None:
    """The HTML among what was made of a page."""
    return next((one for one in artifacts if one.output == Output.HTML and one.action is None), None)
