"""Pages that are read of what was kept of them, without a visit."""

from jobs.artifacts import FileGone, content_of
from jobs.models import Page
from scraping.errors import NotKept
from scraping.offline import Kept


def kept_of(page: Page) -> Kept:
    """The document that `page` is to be read of. Queries. Raises: NotKept, StorageAway."""
    source = page.source
    if source is None:
        raise NotKept
    try:
        content = content_of(source)
    except FileGone as exc:
        raise NotKept from exc
    return Kept(page.canonical_url, content, source.content_type, source.page.status_code)
