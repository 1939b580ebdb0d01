"""The one shape of a failure, on every path under /v1."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed

from jobs.api.body_limit import MAX_BODY_BYTES, is_without_room, most_bytes
from jobs.api.errors import ApiError, Problem, invalid_request, problem_as_dict
from jobs.intake import InsufficientCredits, TooManyTestUrls, TooMuch
from jobs.outages import database_is_away
from jobs.recording import JobAlreadyFinished

logger = logging.getLogger(__name__)

NOT_FOUND = ("not_found", "There is nothing at this address.")
METHOD_NOT_ALLOWED = ("method_not_allowed", "This address does not take that method.")
UNREADABLE = ("invalid_request", "This request cannot be read: look at its headers and its query.")
DATABASE_AWAY = (
    "service_unavailable",
    "The database is away or busy. Try again in a moment; under an Idempotency-Key nothing is done twice.",
)
NO_ROOM = ("service_unavailable", "There is no room left on this server's disk. Try again when its operator made some.")
BY_STATUS = {404: NOT_FOUND, 405: METHOD_NOT_ALLOWED, 503: NO_ROOM}
"""What an answer that Django gave by itself says in our words; of the rest, below 500: that it cannot be read."""


def shaped(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """`response`, or if it is a failure under /v1 that Django answered in its own words, the same in ours."""
    is_api = request.path_info == "/v1" or request.path_info.startswith("/v1/")
    if not is_api or response.status_code < 400 or response.get("Content-Type") == "application/json":  # noqa: PLR2004
        return response
    if response.status_code >= 500 and response.status_code not in BY_STATUS:  # noqa: PLR2004
        return answer(request, internal_error(request))
    if response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return answer(request, too_large(most_bytes(request), headers=headers_of(response)))
    return answer(request, ApiError(*BY_STATUS.get(response.status_code, UNREADABLE), headers=headers_of(response)))


def headers_of(response: HttpResponseBase) -> dict[str, str]:
    """All that are not about the content."""
    return {name: value for name, value in response.items() if not name.lower().startswith("content-")}


def unread(status: HTTPStatus) -> HttpResponse:
    """The connection is closed: more of the body may be on its way."""
    return HttpResponse(status.phrase, status=status, content_type="text/plain", headers={"Connection": "close"})


def too_large(most: int, *, headers: Mapping[str, str] | None = None) -> ApiError:
    return ApiError("payload_too_large", f"A request's body has {most:,} bytes at most.", headers=headers)


def exception_handler(exception: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """What the API's views raise becomes an answer; what nobody foresaw is logged with its traceback."""
    request = context["request"]._request
    error = translated(exception)
    if error is None:
        logger.error("Unforeseen", exc_info=exception)
        error = internal_error(request)
    elif error.code == "service_unavailable":
        logger.warning("Answered 503: %s", exception)
    return answer(request, error)


def translated(exception: Exception) -> ApiError | None:  # noqa: PLR0911 - a table
    """The error of ours that a foreign exception means; None for one that nobody foresaw."""
    match exception:
        case ApiError():
            return exception
        case TooMuch(retry_after_s=seconds):
            return ApiError("rate_limited", str(exception), headers={"Retry-After": str(seconds)})
        case TooManyTestUrls():
            return invalid_request([Problem("urls", "too_many", str(exception))])
        case InsufficientCredits():
            return ApiError("insufficient_credits", str(exception))
        case JobAlreadyFinished():
            return ApiError("job_already_finished", str(exception))
        case MethodNotAllowed():
            return ApiError(*METHOD_NOT_ALLOWED)
        case RequestDataTooBig():
            return too_large(MAX_BODY_BYTES)
        case SuspiciousOperation() | BadRequest() | UnreadablePostError():
            return ApiError(*UNREADABLE)
    if is_without_room(exception):
        return ApiError(*NO_ROOM)
    return ApiError(*DATABASE_AWAY) if database_is_away(exception) else None


def internal_error(request: HttpRequest) -> ApiError:
    request_id = request.request_id  # type: ignore[attr-defined]
    return ApiError("internal_error", f"Something broke on our side. When you report it, quote {request_id}.")


def answer(request: HttpRequest, error: ApiError) -> HttpResponse:
    body = {
        "success": False,
        "error": {"code": error.code, "message": str(error), "details": list(map(problem_as_dict, error.problems))},
        "requestId": request.request_id,  # type: ignore[attr-defined]
    }
    return HttpResponse(
        orjson.dumps(body), status=error.status, content_type="application/json", headers=dict(error.headers)
    )
