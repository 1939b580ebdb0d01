"""Who asks: an API key, and nothing else. A session of the admin is no key."""

import re
from typing import Any, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from jobs.api.errors import ApiError
from jobs.models import Account, ApiKey

BEARER = re.compile(r"bearer +(\S+)", re.IGNORECASE)
READING = ("GET", "HEAD")


class KeyAuthentication(BaseAuthentication):
    """`request.user` is the account, `request.auth` the key."""

    def authenticate(self, request: Request) -> tuple[Account, ApiKey]:
        sent = request.headers.get("Authorization")
        if not sent:
            raise unauthorized("Send your API key as Authorization: Bearer sk_live_…")
        bearer = BEARER.fullmatch(sent)
        if not bearer:
            raise unauthorized("The Authorization header is not of the form Bearer sk_live_…")
        key = ApiKey.objects.authenticate(bearer[1])
        if not key:
            raise unauthorized("This API key is unknown, revoked or expired.")
        key.note_use()
        return key.account, key


class KeyScope(BasePermission):
    """Reading needs a key with `jobs:read`, anything else one with `jobs:write`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        scope = "jobs:read" if request.method in READING else "jobs:write"
        if not cast(ApiKey, request.auth).allows(scope):
            raise ApiError("insufficient_scope", f"This API key does not have the scope {scope}.")
        return True


def account_of(request: Request) -> Account:
    """Whose key the request came with."""
    return cast(Account, request.user)


def unauthorized(message: str) -> ApiError:
    return ApiError("unauthorized", message, headers={"WWW-Authenticate": "Bearer"})
