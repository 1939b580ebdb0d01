"""The page that people see when something failed. It asks nothing of the database, which may be what failed."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from jobs.outages import database_is_away

ONLY_ITS_STYLE = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def failed(request: HttpRequest) -> HttpResponse:
    """Django's `handler500`, called while the exception is handled: 503 if that says the database is away."""
    if database_is_away(sys.exc_info()[1]):
        return page(request, "503.html", status=503, headers={"Retry-After": "5"})
    return page(request, "500.html", status=500)


def page(request: HttpRequest, template: str, *, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    context = {"request_id": getattr(request, "request_id", None)}
    own = {"Content-Security-Policy": ONLY_ITS_STYLE, "Cache-Control": "no-store"}
    return HttpResponse(render_to_string(template, context), status=status, headers={**own, **(headers or {})})
