"""The document as a whole: drf-spectacular walks the routes, and each is looked up among the operations."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from http import HTTPStatus
from itertools import groupby
from typing import Any

import orjson
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework.views import APIView

from jobs.api.authentication import scope_of
from jobs.api.errors import STATUSES
from jobs.api.idempotency import HEADER
from jobs.api.queries import Parameter
from jobs.api.schema.answers import ANSWERS
from jobs.api.schema.events import EVENTS, WEBHOOKS
from jobs.api.schema.operations import (
    IDS,
    INDEX_PATTERN,
    JSON,
    OPERATIONS,
    REQUEST_HEADERS,
    Answer,
    Operation,
)
from jobs.api.schema.requests import PARTS, REQUESTS
from jobs.api.schema.shapes import COUNT, TEXT, ref, referring
from jobs.models.api_key import SCOPES

ALWAYS = ("X-Request-Id",)
STANDING = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
HEADERS: dict[str, Any] = {
    "X-Request-Id": {"description": "The request's name: your own, if you sent one.", "schema": TEXT, "required": True},
    "RateLimit-Limit": {"description": "How many requests there may be in a time.", "schema": COUNT},
    "RateLimit-Remaining": {"description": "How many of them are left.", "schema": COUNT},
    "RateLimit-Reset": {"description": "In how many seconds there will be more.", "schema": COUNT},
    "Retry-After": {"description": "In how many seconds to ask again.", "schema": COUNT},
    "Location": {"description": "Where what was made is.", "schema": TEXT},
    "Idempotent-Replayed": {
        "description": "This was answered before, under the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "WWW-Authenticate": {"description": "How to show who you are.", "schema": {"type": "string", "enum": ["Bearer"]}},
    "ETag": {"description": "Names this content.", "schema": TEXT},
    "Content-Disposition": {"description": "The name of the file.", "schema": TEXT},
    "Content-Encoding": {"description": "How the content was packed.", "schema": {"type": "string", "enum": ["gzip"]}},
    "Cache-Control": {"description": "How long it holds.", "schema": TEXT},
    "Vary": {"description": "What the answer depends on.", "schema": TEXT},
}
OF_ERRORS: Mapping[str, tuple[str, ...]] = {"unauthorized": ("WWW-Authenticate",), "rate_limited": ("Retry-After",)}

WITH_KEY = ("unauthorized", "insufficient_scope", "rate_limited")
WITH_BODY = ("payload_too_large", "unsupported_media_type")
ANYWHERE = ("invalid_request", "internal_error", "service_unavailable")

DESCRIPTION = """JSON in, JSON out. Times are UTC to the second, durations milliseconds, addresses in answers absolute.
Nothing is ignored: unknown fields and parameters are refused by name. Whole numbers have no fraction: 5, never 5.0.
A failure is always an `Error`. A method that an address does not take is answered 405, with `Allow`.
Send an `X-Request-Id` to have it echoed and logged."""


def shown(path: str) -> str:
    """A path as clients know it."""
    return path.replace("{public_id}", "{id}")


class Documented(AutoSchema):
    """Describes one method of one view."""

    def get_operation(self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any) -> dict[str, Any]:
        path = shown(path)
        return described(OPERATIONS[f"{method} {path}"], path=path, method=method, view=self.view)


class Walk(SchemaGenerator):
    """Goes through all routes; what is no `APIView` is no part of the API."""

    def create_view(self, callback: Callable[..., Any], method: str, request: Any = None) -> APIView:
        view: APIView = super().create_view(callback, method, request)
        view.schema = Documented()
        return view


def described(operation: Operation, *, path: str, method: str, view: Any) -> dict[str, Any]:
    taken = [*path_parameters(path), *query_parameters(view.query.get(method, {})), *header_parameters(operation)]
    body = {"requestBody": body_of(operation)} if operation.body else {}
    needs = [] if operation.open else [{"apiKey": [scope_of(view, method)]}]
    return {
        "operationId": operation.name,
        "summary": operation.said,
        **({"description": operation.more} if operation.more else {}),
        "tags": [path.split("/")[2].partition(".")[0]],
        "parameters": taken,
        **body,
        "security": needs,
        "responses": responses_of(operation, path=path),
    }


def path_parameters(path: str) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", path):
        pattern = INDEX_PATTERN if name == "index" else IDS[path.split("/")[2]]
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^(?:{pattern})$"},
        }


def query_parameters(readers: Mapping[str, Parameter]) -> Iterable[dict[str, Any]]:
    for name, (reader, default) in readers.items():
        given = {} if default is None else {"default": default}
        lists = {"style": "form", "explode": False} if reader.schema.get("type") == "array" else {}
        yield {"name": name, "in": "query", "schema": {**reader.schema, **given}, **lists}


def header_parameters(operation: Operation) -> Iterable[dict[str, Any]]:
    for name in (*((HEADER,) if operation.once else ()), *operation.headers):
        yield {"name": name, "in": "header", **REQUEST_HEADERS[name]}


def body_of(operation: Operation) -> dict[str, Any]:
    body = operation.body
    assert body
    content = {JSON: {"schema": ref(body.schema), "example": body.example}, **body.others}
    return {"required": body.required, "content": content}


def responses_of(operation: Operation, *, path: str) -> dict[str, Any]:
    headers = (*ALWAYS, *(() if operation.open else STANDING), *(("Idempotent-Replayed",) if operation.once else ()))
    good = {
        str(status): success(answer, headers=(*headers, *answer.headers))
        for status, answer in operation.answers.items()
    }
    bad = {
        str(status): {"$ref": f"#/components/responses/{failure_name(codes)}"}
        for status, codes in codes_of(operation, path=path).items()
    }
    return good | bad


def codes_of(operation: Operation, *, path: str) -> dict[int, list[str]]:
    """All with which it may fail, by their status."""
    found = ("not_found",) if "{" in path or operation.once else ()
    keyed, sent = () if operation.open else WITH_KEY, WITH_BODY if operation.body else ()
    may = {*ANYWHERE, *keyed, *sent, *found, *operation.errors}
    codes = [code for code in STATUSES if code in may]
    return {status: list(those) for status, those in groupby(codes, STATUSES.__getitem__)}


def failure_name(codes: Iterable[str]) -> str:
    return "Or".join(code.title().replace("_", "") for code in codes)


def success(answer: Answer, *, headers: Iterable[str]) -> dict[str, Any]:
    content = {"content": dict(answer.content)} if answer.content else {}
    return {"description": answer.said, "headers": referred(headers), **content}


def failures() -> dict[str, Any]:
    """Every failure that an operation names."""
    return {
        failure_name(codes): failure(status, codes)
        for route, operation in OPERATIONS.items()
        for status, codes in codes_of(operation, path=route).items()
    }


def failure(status: int, codes: list[str]) -> dict[str, Any]:
    headers = [*ALWAYS, *STANDING, *(name for code in codes for name in OF_ERRORS.get(code, ()))]
    error = {"code": codes[0], "message": HTTPStatus(status).phrase, "details": []}
    example = {"success": False, "error": error, "requestId": "req_5egp2v762qqjyam2t3xv"}
    return {
        "description": f"{HTTPStatus(status).phrase}: {', '.join(f'`{code}`' for code in codes)}.",
        "headers": referred(headers),
        "content": {
            JSON: {
                "schema": {
                    "allOf": [ref("Error")],
                    "properties": {"error": {"properties": {"code": {"enum": codes}}}},
                },
                "example": example,
            }
        },
    }


def referred(headers: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in headers}


def components() -> dict[str, Any]:
    schemas = {
        name: referring(schema, PARTS, top=True) for name, schema in (PARTS | REQUESTS | ANSWERS | EVENTS).items()
    }
    scopes = "\n".join(f"- `{name}`: {said}" for name, said in SCOPES.items())
    key = {
        "type": "http",
        "scheme": "bearer",
        "description": f"An API key, `sk_live_…` or `sk_test_…`. What it may do its scopes say:\n\n{scopes}",
    }
    return {"schemas": schemas, "responses": failures(), "headers": HEADERS, "securitySchemes": {"apiKey": key}}


def as_dict() -> dict[str, Any]:
    """The document, made anew."""
    whole = Walk().get_schema(public=True)
    whole["info"]["description"] = DESCRIPTION
    paths = {shown(path): methods for path, methods in whole["paths"].items()}
    return {**whole, "paths": paths, "components": components(), "webhooks": WEBHOOKS}


@cache
def document() -> bytes:
    """The document as JSON, made once: what it tells of settings does not change while the process lives."""
    return orjson.dumps(as_dict())
