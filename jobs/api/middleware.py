"""Around every request of the site, outermost: its name, its shape where it failed, and its count."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from structlog.contextvars import bound_contextvars

from jobs.api import rates
from jobs.api.body_limit import why_unread
from jobs.api.envelope import shaped, unread
from jobs.api.metrics import count_request
from jobs.ids import make_id

Handler = Callable[[HttpRequest], HttpResponseBase]
AsyncHandler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


@sync_and_async_middleware
def outermost(get_response: Handler | AsyncHandler) -> Handler | AsyncHandler:
    if iscoroutinefunction(get_response):
        return around_async(cast(AsyncHandler, get_response))
    return around(cast(Handler, get_response))


def around(get_response: Handler) -> Handler:
    def handle(request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        with bound_contextvars(request_id=name(request)):
            why = why_unread(request)
            response = unread(why) if why else get_response(request)
            return finished(request, response, began=began)

    return handle


def around_async(get_response: AsyncHandler) -> AsyncHandler:
    async def handle(request: HttpRequest) -> HttpResponseBase:
        began = time.monotonic()
        with bound_contextvars(request_id=name(request)):
            why = why_unread(request)
            response = unread(why) if why else await get_response(request)
            return finished(request, response, began=began)

    return handle


def name(request: HttpRequest) -> str:
    """Give the request its id: the caller's own, if it is one that may stand in a log."""
    asked = request.headers.get("X-Request-Id", "")
    request_id = asked if SANE_REQUEST_ID.fullmatch(asked) else make_id("req")
    request.request_id = request_id  # type: ignore[attr-defined]
    return request_id


def finished(request: HttpRequest, response: HttpResponseBase, *, began: float) -> HttpResponseBase:
    response = shaped(request, response)
    rates.tell(request, response)
    response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
    count_request(request, response, took_s=time.monotonic() - began)
    return response
