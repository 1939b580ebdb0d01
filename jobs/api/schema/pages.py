"""Where the document is: as JSON, and shown to people by Swagger UI and ReDoc, which ask nothing of other hosts."""

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import etag, require_safe
from rest_framework.request import Request

from jobs.api.queries import read_query
from jobs.api.schema.document import document
from jobs.api.views import ApiView

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Both make their styles as they run, and ReDoc searches in a worker that it makes itself."""
REDOC = "drf_spectacular_sidecar/redoc/bundles/redoc.standalone.js"
LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
NO_LOGO = b"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'/>"


class Document(ApiView):
    """`GET /v1/openapi.json`."""

    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request) -> HttpResponse:
        read_query(request)
        return HttpResponse(document(), content_type="application/json")


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    return page(request, "docs/swagger.html")


@require_safe
def redoc(request: HttpRequest) -> HttpResponse:
    return page(request, "docs/redoc.html")


class Script(NamedTuple):
    content: bytes
    etag: str


@cache
def script_of_redoc() -> Script:
    found = finders.find(REDOC)
    assert isinstance(found, str), f"{REDOC} is not installed"
    content = Path(found).read_bytes().replace(LOGO, NO_LOGO)
    return Script(content, f'"{hashlib.sha256(content).hexdigest()}"')


@require_safe
@cache_control(max_age=60)
@etag(lambda _request: script_of_redoc().etag)
def redoc_script(_request: HttpRequest) -> HttpResponse:
    """ReDoc but for its maker's logo: it has no option to leave that out, and would ask another host for it."""
    return HttpResponse(script_of_redoc().content, content_type="text/javascript; charset=utf-8")


def page(request: HttpRequest, template: str) -> HttpResponse:
    response = render(request, template)
    response["Content-Security-Policy"] = POLICY
    return response
