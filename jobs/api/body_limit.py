"""Ends a request's body at the limit, before Django keeps it on disk: Django reads it whole, however long.

Where the disk has no room for it, that is its limit.
"""

import errno
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
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
UNREAD = "scrpy.body_was_not_read"
"""In the scope: the status that says why."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
END: Message = {"type": "http.request", "more_body": False}


def limit_body(application: AsgiApplication) -> AsgiApplication:
    """`application`, given no more of any body than it may have. It is still asked, and answers 413, or 503."""

    async def limited(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await application(scope, receive, send)
        body = LimitedBody(scope, receive)
        try:
            await application(scope, body, send)
        except OSError as error:
            if not is_without_room(error):
                raise
            body.give_up(HTTPStatus.SERVICE_UNAVAILABLE)
            await application(scope, body, send)

    return limited


def why_unread(request: HttpRequest) -> HTTPStatus | None:
    """Of a request whose body was given up."""
    return getattr(request, "scope", {}).get(UNREAD)


def is_without_room(error: BaseException) -> bool:
    """Whether this is how it shows that the disk is full."""
    return isinstance(error, OSError) and error.errno in NO_ROOM


class LimitedBody:
    """The body of one request. One that says it is too long is not read at all."""

    def __init__(self, scope: dict[str, Any], receive: Receive) -> None:
        self._scope = scope
        self._receive = receive
        self._ended = False
        self._left = most_of(scope["path"], dict(scope["headers"]).get(b"content-type", b"").decode("latin-1"))
        if declared_bytes(scope) > self._left:
            self.give_up(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def give_up(self, why: HTTPStatus) -> None:
        """Who reads it from now on finds its end at once, and in the scope why."""
        self._scope[UNREAD] = why
        self._ended = False

    async def __call__(self) -> Message:
        if UNREAD not in self._scope:
            message = await self._receive()
            self._left -= len(message.get("body", b""))
            if self._left >= 0:
                return message
            self.give_up(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if self._ended:
            return await self._disconnect()
        self._ended = True
        return END

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
