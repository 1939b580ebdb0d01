"""Ends a request's body at the limit, before Django keeps it on disk: Django reads it whole, however long."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

MAX_BODY_BYTES: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
TAKES_FILES = "/v1/jobs"
FORM = "multipart/form-data"
KINDS = {"application/x-ndjson": "ndjson", "application/jsonl": "ndjson", "text/csv": "csv"}
"""What a file of URLs comes as, if not within a form."""
CUT = "scrpy.body_was_cut"
END: Message = {"type": "http.request", "body": b"", "more_body": False}


def limit_body(application: AsgiApplication) -> AsgiApplication:
    """`application`, given no more of any body than it may have. It is still asked, and answers 413."""

    async def limited(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = LimitedBody(scope, receive)
        await application(scope, receive, send)

    return limited


def body_was_cut(request: HttpRequest) -> bool:
    return bool(getattr(request, "scope", {}).get(CUT))


class LimitedBody:
    """The body of one request. One that says it is too long is not read at all; the scope notes that it was cut."""

    def __init__(self, scope: dict[str, Any], receive: Receive) -> None:
        self._scope = scope
        self._receive = receive
        most = most_of(scope["path"], dict(scope["headers"]).get(b"content-type", b"").decode("latin-1"))
        self._left = most if declared_bytes(scope) <= most else -1

    async def __call__(self) -> Message:
        if CUT in self._scope:
            return await self._disconnect()
        message = END if self._left < 0 else await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self._scope[CUT] = True
            return END
        return message

    async def _disconnect(self) -> Message:
        """Skip what else the client sends."""
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return message


def most_bytes(request: HttpRequest) -> int:
    """How large the body of this one may be."""
    return most_of(request.path, request.headers.get("Content-Type", ""))


def most_of(path: str, content_type: str) -> int:
    """A file of URLs, which stays on disk, may be larger than what is read into memory."""
    return settings.SCRPY_MAX_UPLOAD_BYTES if path == TAKES_FILES and is_upload(content_type) else MAX_BODY_BYTES


def is_upload(content_type: str) -> bool:
    return media_type(content_type) in (FORM, *KINDS)


def media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def declared_bytes(scope: dict[str, Any]) -> int:
    """What the request says of its length; 0 if it does not say."""
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    return int(declared[:20]) if declared.isdigit() else 0
