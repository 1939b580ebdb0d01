"""How schemas are put together."""

from collections.abc import Iterable, Mapping
from typing import Any

from jobs.reading import Schema

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TRUTH: Schema = {"type": "boolean"}
ANYTHING: Schema = {}
TIME: Schema = {"type": "string", "format": "date-time", "examples": ["2024-01-15T10:30:00Z"]}


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def obj(properties: Mapping[str, Any], *, optional: Iterable[str] = (), **more: Any) -> dict[str, Any]:
    """An object that has all of `properties` but the `optional` ones at each time."""
    required = [name for name in properties if name not in set(optional)]
    return {"type": "object", "properties": dict(properties), **({"required": required} if required else {}), **more}


def taken(properties: Mapping[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    """An object that a client sends: what has another name is refused."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": dict(properties), **needed, "additionalProperties": False, **more}


def listed(items: Schema, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def choice(choices: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(map(str, choices))}


def nullable(schema: Schema) -> dict[str, Any]:
    if "type" in schema and "enum" not in schema:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def told(schema: Schema, description: str) -> dict[str, Any]:
    return {**schema, "description": description}


def referring(schema: Any, known: Mapping[str, Schema], *, top: bool = False) -> Any:
    """`schema`, in which whatever is one of the `known` refers to it, and keeps what is said of it besides."""
    if isinstance(schema, Mapping):
        said = {key: schema[key] for key in ("description", "default") if key in schema}
        bare = {key: value for key, value in schema.items() if key not in said}
        name = None if top else next((name for name, one in known.items() if one == bare), None)
        return {**ref(name), **said} if name else {key: referring(value, known) for key, value in schema.items()}
    return [referring(one, known) for one in schema] if isinstance(schema, list) else schema
