"""Who asks: an API key, and nothing else. A session of the admin is no key."""

import re
from dataclasses import replace
from typing import Any, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from jobs.api import rates
from jobs.api.errors import ApiError
from jobs.intake import JobRequest
from jobs.models import Account, ApiKey
from jobs.models.api_key import FORM

BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
UNKNOWN = "This API key is unknown, revoked or expired."
READING = ("GET", "HEAD")


class KeyAuthentication(BaseAuthentication):
    """`request.user` is the account, `request.auth` the key."""

    def authenticate(self, request: Request) -> tuple[Account, ApiKey]:
        asked, text = request._request, sent_key(request)
        rates.count(asked, text)
        key = ApiKey.objects.authenticate(text)
        if not key:
            rates.count_wrong(asked, text)
            raise unauthorized(UNKNOWN)
        rates.count_good(asked, text, account=key.account_id)
        key.note_use()
        return key.account, key


class KeyScope(BasePermission):
    """A key needs the scope of what a view is about, to read there or to do anything else."""

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = scope_of(view, request.method)
        if not cast(ApiKey, request.auth).allows(scope):
            raise ApiError("insufficient_scope", f"This API key does not have the scope {scope}.")
        return True


def scope_of(view: Any, method: str | None) -> str:
    """What a key needs for a method of a view."""
    return f"{view.resource}:{'read' if method in READING else 'write'}"


def sent_key(request: Request) -> str:
    """Something that may be a key, by its form. Raises: ApiError."""
    sent = request.headers.get("Authorization")
    if not sent:
        raise unauthorized("Send your API key as Authorization: Bearer sk_live_…")
    bearer = BEARER.fullmatch(sent)
    if not bearer:
        raise unauthorized("The Authorization header is not of the form Bearer sk_live_…")
    if not FORM.fullmatch(bearer[1]):
        raise unauthorized(UNKNOWN)
    return bearer[1]


def account_of(request: Request) -> Account:
    """Whose key the request came with."""
    return cast(Account, request.user)


def as_key_says(request: Request, asked: JobRequest) -> JobRequest:
    """It was made with the request's key; with a test key what would be charged is a test, and free."""
    asked = replace(asked, key_id=key_of(request).pk)
    return replace(asked, test=True, free=True) if is_test(request) and not asked.free else asked


def is_test(request: Request) -> bool:
    """Whether the request came with a test key."""
    return key_of(request).test


def key_of(request: Request) -> ApiKey:
    """That which the request came with."""
    return cast(ApiKey, request.auth)


def unauthorized(message: str) -> ApiError:
    return ApiError("unauthorized", message, headers={"WWW-Authenticate": "Bearer"})
