"""Reads query parameters: each known by name, given once, and in its range."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework.request import Request

from jobs.api.errors import Problems
from jobs.names import did_you_mean
from jobs.reading import Schema

MOST_OFFSET = 1_000_000


class Refused(ValueError):
    """A parameter's text makes no value; the sentence is for the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes a value of a parameter's text; `schema` says which ones it takes. Raises: Refused."""

    read: Callable[[str], Any]
    schema: Schema

    def __call__(self, text: str) -> Any:
        return self.read(text)


Parameter = tuple[Reader, Any]
"""What makes a value of a parameter's text, and the value when it is not given."""


def takes(schema: Schema) -> Callable[[Callable[[str], Any]], Reader]:
    """Makes a reader of a function that takes what `schema` says."""
    return lambda read: Reader(read, schema)


def read_query(request: Request, **readers: Parameter) -> dict[str, Any]:
    """The parameters by name, each as its reader makes it, or its default.

    Args:
        readers: the parameters that there are, by name.
    Raises: ApiError that names every parameter that is unknown, repeated, or out of its range.
    """
    problems = Problems()
    for name in request.query_params:
        if name not in readers:
            problems.add(name, "unknown_field", f"There is no such parameter.{did_you_mean(name, readers)}")
    values = {
        name: read_parameter(name, request.query_params.getlist(name), reader, default, problems)
        for name, (reader, default) in readers.items()
    }
    problems.raise_any()
    return values


def read_parameter(name: str, texts: list[str], reader: Reader, default: Any, problems: Problems) -> Any:
    if len(texts) > 1:
        problems.add(name, "duplicate_key", "This parameter is given more than once.")
    elif texts:
        try:
            return reader(texts[0])
        except Refused as refused:
            problems.add(name, refused.code, str(refused))
    return default


def whole(least: int, most: int) -> Reader:
    """A whole number from `least` to `most`."""

    @takes({"type": "integer", "minimum": least, "maximum": most})
    def read(text: str) -> int:
        if text.isascii() and text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most:
            return int(text)
        raise Refused("out_of_range", f"Expected a whole number from {least:,} to {most:,}.")

    return read


def one_of(*choices: str) -> Reader:
    @takes({"type": "string", "enum": list(map(str, choices))})
    def read(text: str) -> str:
        if text in choices:
            return text
        raise Refused("invalid_choice", f"Expected one of: {', '.join(choices)}.")

    return read


def some_of(*choices: str) -> Reader:
    """Any of `choices`, separated by commas."""
    read_one = one_of(*choices)

    @takes({"type": "array", "items": read_one.schema, "minItems": 1})
    def read(text: str) -> set[str]:
        return {read_one(part) for part in text.split(",")}

    return read


@takes({"type": "string", "contentMediaType": "application/json"})
def json(text: str) -> str:
    return text


@takes({"type": "boolean"})
def boolean(text: str) -> bool:
    if text in ("true", "false"):
        return text == "true"
    raise Refused("invalid_choice", "Expected true or false.")


PAGED: Mapping[str, Parameter] = {"limit": (whole(1, 100), 20), "offset": (whole(0, MOST_OFFSET), 0)}
"""Which part of a list is wanted."""
