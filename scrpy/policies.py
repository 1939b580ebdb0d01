"""Content-Security-Policy: of the pages for people, and of the admin, whose scripts and styles are others'."""

from typing import TYPE_CHECKING

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

ADMIN = "/admin/"
STYLES_OF_UNFOLD = (
    "'sha256-CftXQ/6rIQ3AMOrJUsQzoK+KGLgk4scJJlfXyvE/1mQ='",
    "'sha256-bsV5JivYxvGywDAZ22EZJKBFip65Ng9xoJVLbBg7bdo='",
)
"""Its colours, and what its htmx says of indicators. Others with a new version: the browser's console says which."""
OF_ADMIN = {
    "script-src": [SELF, UNSAFE_EVAL],  # Alpine evaluates the attributes of django-unfold's templates
    "style-src": [SELF, *STYLES_OF_UNFOLD],
    "style-src-attr": [UNSAFE_INLINE],  # widgets are as wide as their markup says
}


class PoliciesMiddleware(CSPMiddleware):
    def get_policy_parts(
        self, request: "HttpRequest", response: "HttpResponseBase", report_only: bool = False
    ) -> PolicyParts:
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path_info.startswith(ADMIN):
            parts.replace = {**OF_ADMIN, **(parts.replace or {})}
        return parts
