"""Results as a file: what is refused, and the headers."""

from collections import defaultdict
from collections.abc import Iterator
from threading import Lock
from weakref import WeakSet

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from jobs.api.errors import ApiError, Problem, invalid_request
from jobs.api.streaming import streamed
from jobs.artifacts.serving import takes_gzip
from jobs.exports import Format, Selection, cannot, filename, gzipped

MOST_OF_ACCOUNT = 4
"""In one process: each keeps a thread and, of a workbook, a file."""
AGAIN_IN_S = 5


class Sent(StreamingHttpResponse):
    """A file of an account, one of those that are being sent until it is closed."""

    def __init__(self, steps: Iterator[bytes], headers: dict[str, str], *, account_id: int) -> None:
        super().__init__(streamed(steps), headers=headers)
        self._account_id = account_id
        running[account_id].add(self)

    def close(self) -> None:
        super().close()
        running[self._account_id].discard(self)


running: defaultdict[int, WeakSet[Sent]] = defaultdict(WeakSet)
"""Answers by account. One that was never sent, and so never closed, is not there any more once it is gone."""
entrance = Lock()


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
    return started(gzipped(steps) if packed else steps, headers, account_id=selection.job.account_id)


def started(steps: Iterator[bytes], headers: dict[str, str], *, account_id: int) -> Sent:
    """Raises: ApiError if as many files of the account are being made as may be."""
    with entrance:
        if len(running[account_id]) >= MOST_OF_ACCOUNT:
            message = f"This account has {MOST_OF_ACCOUNT} files being sent; try again when one has come."
            raise ApiError("rate_limited", message, headers={"Retry-After": str(AGAIN_IN_S)})
        return Sent(steps, headers, account_id=account_id)
