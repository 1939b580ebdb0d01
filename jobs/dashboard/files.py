"""Files that were made of pages, for the people of the account: downloads, pictures, and kept HTML in its frame."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin

from jobs.artifacts import FileGone, StorageAway, content_of
from jobs.artifacts.serving import serve
from jobs.artifacts.thumbnails import THUMBNAIL, make_thumbnail
from jobs.dashboard.access import MemberRequest, page
from jobs.models import Artifact
from jobs.representation import Result
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
def thumbnail(request: MemberRequest, public_id: str, index: int) -> HttpResponse:
    """The picture of a page, small. One query; some more when somebody looks for the first time."""
    own = Artifact.objects.filter(job__account=request.account, job__public_id=public_id, page__index=index)
    small = own.filter(output=THUMBNAIL) | own.filter(shown=True, content_type=PICTURE)
    found = list(light(small.order_by("pk")))
    made = next((one for one in found if one.output == THUMBNAIL), None)
    try:
        made = made or (make_thumbnail(found[0]) if found else None)
        if made is None:
            raise Http404(f"Page {index} of {public_id} has no picture that can be read.")
        return serve(request, made)
    except FileGone as gone:
        raise Http404(f"The picture of page {index} of {public_id} is not kept any more.") from gone
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
    artifact = light(Artifact.objects.filter(job__account=request.account, public_id=public_id)).first()
    if artifact is None:
        raise Http404(f"{request.account} has no file {public_id[:60]}.")
    return artifact


def light(artifacts: QuerySet[Artifact]) -> QuerySet[Artifact]:
    """With their jobs and pages, but not what of these may be large."""
    related = artifacts.select_related("job", "page")
    return related.defer("job__selectors", "job__options", "page__data", "page__reports", "page__trace")


def pictured(pages: Sequence[Result]) -> set[int]:
    """The numbers of the pages of which there is a picture. One query."""
    found = Artifact.objects.filter(page__in=[page.pk for page in pages], shown=True, content_type=PICTURE)
    return set(found.values_list("page_id", flat=True))
