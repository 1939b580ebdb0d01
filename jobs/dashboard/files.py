"""Files that were made of pages, for the people of the account: downloads, pictures, and kept HTML in its frame."""

from collections.abc import Sequence

from django.http import Http404, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin

from jobs.artifacts import FileGone, StorageAway, content_of
from jobs.artifacts.serving import serve
from jobs.dashboard.access import MemberRequest, page
from jobs.models import Artifact, Page
from scraping.options import Output

PICTURE = "image/png"
"""The one kind of picture that is shown; it is said to browsers, and never found out by them."""
FRAME_POLICY = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""Nothing in it runs, and it asks for nothing: a picture or a style may stand in the markup itself."""


@page()
def file(request: MemberRequest, public_id: str) -> HttpResponse:
    """As a download; pages show the pictures among them."""
    artifact = own_artifact(request, public_id)
    try:
        return serve(request, artifact)
    except FileGone as gone:
        raise Http404(f"The file of {public_id} is not kept any more.") from gone
    except StorageAway:
        return away()


@page()
@xframe_options_sameorigin
def html(request: MemberRequest, public_id: str) -> HttpResponse:
    """Kept HTML, for a frame of ours alone."""
    artifact = own_artifact(request, public_id)
    if artifact.output != Output.HTML:
        raise Http404(f"{public_id} is no HTML.")
    try:
        content = content_of(artifact)
    except FileGone as gone:
        raise Http404(f"The file of {public_id} is not kept any more.") from gone
    except StorageAway:
        return away()
    return HttpResponse(
        content,
        headers={
            "Content-Type": "text/html; charset=utf-8",
            "X-Content-Type-Options": "nosniff",
            "X-DNS-Prefetch-Control": "off",
            "Content-Security-Policy": FRAME_POLICY,
        },
    )


def away() -> HttpResponse:
    return HttpResponse("The storage of files is away; try again in a moment.", content_type="text/plain", status=503)


def own_artifact(request: MemberRequest, public_id: str) -> Artifact:
    """The account's, and what was kept of its pages, asked for or not. One query. Raises: Http404."""
    own = Artifact.objects.filter(job__account=request.account, public_id=public_id).select_related("job", "page")
    artifact = own.defer("job__selectors", "job__options", "page__data", "page__reports", "page__trace").first()
    if artifact is None:
        raise Http404(f"{request.account} has no file {public_id[:60]}.")
    return artifact


def pictures_of(pages: Sequence[Page]) -> dict[int, Artifact]:
    """One picture of each page that has any, by the page's number. One query."""
    found = Artifact.objects.filter(page__in=pages, shown=True, content_type=PICTURE).order_by("-pk")
    return {one.page_id: one for one in found}
