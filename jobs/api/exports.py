"""Results as a file: what is refused, and the headers."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from jobs.api.errors import Problem, invalid_request
from jobs.api.streaming import streamed
from jobs.artifacts.serving import takes_gzip
from jobs.exports import Format, Selection, cannot, filename, gzipped


def exported(request: Request | HttpRequest, selection: Selection, form: Format) -> HttpResponseBase:
    """The answer; nothing of it is read yet. Raises: ApiError."""
    if why := cannot(form.name, rows=selection.counted):
        raise invalid_request([Problem("format", "unsupported_option", why)])
    packed = form.text and takes_gzip(request.headers.get("Accept-Encoding", ""))
    headers = {
        "Content-Type": form.content_type,
        "Content-Disposition": f'attachment; filename="{filename(selection.job, form.name)}"',
        "Vary": "Accept-Encoding, Authorization",
        **({"Content-Encoding": "gzip"} if packed else {}),
    }
    if request.method == "HEAD":
        return HttpResponse(headers=headers)
    steps = form.write(selection)
    return StreamingHttpResponse(streamed(gzipped(steps) if packed else steps), headers=headers)
