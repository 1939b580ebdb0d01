"""Answers with a kept file: always as a download, for what strangers wrote must never run at our address."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response

from jobs.artifacts.files import read
from jobs.artifacts.keeping import content_of
from jobs.models import Artifact

EXTENSIONS = {
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
    "application/json": "json",
    "application/pdf": "pdf",
    "image/png": "png",
    "image/webp": "webp",
}


def serve(request: HttpRequest, artifact: Artifact) -> HttpResponse:
    """The file, read whole and as it is stored where the client takes that; 304 if it is known already.

    `artifact` comes with its job and page. Raises: FileGone, StorageAway.
    """
    packed = artifact.compressed and takes_gzip(request.headers.get("Accept-Encoding", ""))
    etag = f'"{artifact.sha256}{"-gzip" if packed else ""}"'
    response = HttpResponse(headers=headers_of(artifact, etag=etag, packed=packed))
    answer = get_conditional_response(request, etag=etag, response=response) or response
    if answer is not response:
        return answer
    response.content = read(artifact.name) if packed else content_of(artifact)
    response["Content-Length"] = len(response.content)
    return response


def headers_of(artifact: Artifact, *, etag: str, packed: bool) -> dict[str, str]:
    return {
        "Content-Type": artifact.content_type,
        "Content-Disposition": f'attachment; filename="{filename(artifact)}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, immutable, max-age=86400",
        "ETag": etag,
        "Vary": "Accept-Encoding, Authorization, Cookie",
        **({"Content-Encoding": "gzip"} if packed else {}),
    }


def filename(artifact: Artifact) -> str:
    """Of our own letters alone: `job_…-3-markdown.md`, or with `action0-` where an action took it."""
    action = "" if artifact.action is None else f"action{artifact.action}-"
    extension = EXTENSIONS.get(artifact.content_type.partition(";")[0], "bin")
    return f"{artifact.job.public_id}-{artifact.page.index}-{action}{artifact.output}.{extension}"


def takes_gzip(accepted: str) -> bool:
    """Whether `Accept-Encoding` names gzip, and not with a weight of nothing."""
    for offer in accepted.lower().split(","):
        coding, _, weight = offer.replace(" ", "").partition(";q=")
        if coding in ("gzip", "x-gzip"):
            return weight.strip("0.") != "" or not weight
    return False
