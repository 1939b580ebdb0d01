"""Whether an answer is one that the OpenAPI document foresees: its status, headers, type and content."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
import orjson

from jobs.api.schema.document import as_dict


def closed(schema: Any) -> Any:
    """The same, in which an object has no members but those that are named: what is answered beside them is a fault."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    names_all = schema.get("type") == "object" and isinstance(schema.get("properties"), Mapping)
    return {"additionalProperties": False, **inner} if names_all else inner


@cache
def document() -> dict[str, Any]:
    return as_dict()


@cache
def schemas():
    return closed(document()["components"]["schemas"])


def resolved(thing):
    """What a reference to a header or a response stands for."""
    if "$ref" not in thing:
        return thing
    _, _, kind, name = thing["$ref"].split("/")
    return document()["components"][kind][name]


@cache
def validator(key: bytes) -> Any:
    schema = {**closed(orjson.loads(key)), "components": {"schemas": schemas()}}
    return jsonschema_rs.validator_for(schema, validate_formats=False)


def fault_of(value: object, schema: Mapping[str, Any]) -> str | None:
    """What the schema says against a value."""
    errors = validator(orjson.dumps(schema)).iter_errors(value)
    return next((f"{'/'.join(map(str, error.instance_path))}: {error.message}" for error in errors), None)


def path_of(route: str) -> str:
    """Django's pattern as the document writes it."""
    return "/" + re.sub("<str:(?:public_)?([a-z]+)>", r"{\1}", route)


def operation_of(method, route):
    return document()["paths"].get(path_of(route or ""), {}).get("get" if method == "HEAD" else method.lower())


def faults(method: str, route: str | None, status: int, headers: Mapping[str, str], content: bytes | None) -> list[str]:
    """All that the document does not foresee of an answer to a request under /v1; None is content that is streamed."""
    operation = operation_of(method, route)
    if operation is None:
        return faults_of_error(status, content, expected=(404, 405, 413, 400, 503))
    if str(status) not in operation["responses"]:
        too_large = status == 413 and "requestBody" not in operation
        return faults_of_error(status, content, expected=(413,)) if too_large else [f"{status} is not foreseen"]
    response = resolved(operation["responses"][str(status)])
    return [*faults_of_headers(response, headers), *faults_of_content(response, headers, content)]


def faults_of_error(status: int, content: bytes | None, *, expected: tuple[int, ...]) -> list[str]:
    if status not in expected or content is None:
        return [f"{status} is not foreseen where nothing is documented"]
    fault = fault_of(orjson.loads(content), {"$ref": "#/components/schemas/Error"})
    return [fault] if fault else []


def faults_of_headers(response: Mapping[str, Any], headers: Mapping[str, str]) -> list[str]:
    found = []
    for name, reference in response["headers"].items():
        header = resolved(reference)
        value: Any = headers.get(name)
        if value is None:
            found += [f"{name} is missing"] if header.get("required") else []
            continue
        fault = fault_of(int(value) if header["schema"].get("type") == "integer" else value, header["schema"])
        found += [f"{name}: {fault}"] if fault else []
    return found + [f"{name} is not foreseen" for name in headers if name not in {*response["headers"], *PLAIN}]


PLAIN = {
    "Content-Type",
    "Content-Length",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
    "Allow",
    "Content-Security-Policy",
    "X-Accel-Buffering",
    "Connection",
    "Vary",
}
"""Headers that say nothing of our own."""


def faults_of_content(response: Mapping[str, Any], headers: Mapping[str, str], content: bytes | None) -> list[str]:
    foreseen, kind = response.get("content"), headers.get("Content-Type", "").partition(";")[0]
    if not foreseen:
        return [f"{content!r} where no content is foreseen"] if content else []
    if kind not in foreseen:
        return [f"{kind} is not foreseen"]
    if content is None or kind != "application/json":
        return []
    fault = fault_of(orjson.loads(content), foreseen[kind]["schema"])
    return [fault] if fault else []
