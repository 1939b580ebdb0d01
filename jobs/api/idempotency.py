"""A request under an `Idempotency-Key` is done once, however often it comes, and however many come at once."""

import hashlib
import re
from collections.abc import Callable
from typing import TypeVar

import orjson
from django.db import transaction
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.authentication import account_of, is_test
from jobs.api.errors import ApiError, Problem, invalid_request
from jobs.models import IdempotencyKey, Job

T = TypeVar("T")
HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~](?:[ -~]{0,253}[!-~])?")
REPLAYED = {"Idempotent-Replayed": "true"}


def answered_once(
    request: Request, make: Callable[[], T], answer: Callable[[T], Response], *, sent: bytes | None = None
) -> Response:
    """`answer` of what `make` makes, often a job; or what was answered when the same was asked under the same key.

    What was sent is the request's body, or else `sent` tells it from others.

    In the transaction that makes it, so there is a key if and only if it is there. Raises: ApiError.
    """
    with transaction.atomic():
        key = key_of(request, sent)
        if key and (key.used or key.answer):
            return replay(key)
        made = make()
        response = answer(made)
        if key:
            first = {"status": response.status_code, "headers": dict(response.headers), "body": response.data}
            key.answer, key.used = orjson.dumps(first).decode(), True
            key.job = made if isinstance(made, Job) else None
            key.save(update_fields=["answer", "used", "job"])
        return response


def made_once(request: Request, make: Callable[[], Job]) -> Job:
    """The job that `make` makes, or that the same request made before under the same key. Raises: ApiError."""
    with transaction.atomic():
        key = key_of(request, None)
        if key and key.used:
            return earlier(key)
        job = make()
        if key:
            key.job, key.used = job, True
            key.save(update_fields=["job", "used"])
        return job


def key_of(request: Request, sent: bytes | None) -> IdempotencyKey | None:
    """The request's key: ours to use, or used by an earlier one, whose end is waited for. In a transaction.

    Raises: ApiError if it was used for something else.
    """
    text = read_key(request)
    if text is None:
        return None
    account, asked = account_of(request), fingerprint(request._request, sent, test=is_test(request))
    same = IdempotencyKey.objects.filter(account=account, key=text)
    same.expired().delete()
    new = IdempotencyKey(account=account, key=text, request=asked)
    IdempotencyKey.objects.bulk_create([new], ignore_conflicts=True)
    key = same.select_for_update(no_key=True).get()
    if key.request != asked:
        message = f"The {HEADER} {text[:60]} was used for another request; take a new key for a new request."
        raise ApiError("idempotency_conflict", message)
    return key


def read_key(request: Request) -> str | None:
    """What was sent as a key, if anything was. Raises: ApiError if it cannot be one."""
    text = request.headers.get(HEADER)
    if text is not None and not KEY.fullmatch(text):
        message = "A key has 1 to 255 printable ASCII characters, and no space at either end."
        raise invalid_request([Problem(HEADER, "invalid_character", message)])
    return text


def earlier(key: IdempotencyKey) -> Job:
    if key.job is None:
        raise gone()
    return key.job


def gone() -> ApiError:
    return ApiError("not_found", "What this request has made is not kept any more.")


def fingerprint(request: HttpRequest, sent: bytes | None, *, test: bool) -> str:
    """What is asked: with a test key it is something else."""
    asked = f"{'test ' if test else ''}{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(asked + (request.body if sent is None else sent)).hexdigest()


def replay(key: IdempotencyKey) -> Response:
    """What was answered first. Raises: ApiError if the job was purged since: its answer told of it."""
    if not key.answer:
        raise gone()
    first = orjson.loads(key.answer)
    return Response(first["body"], status=first.get("status", 201), headers={**first["headers"], **REPLAYED})
