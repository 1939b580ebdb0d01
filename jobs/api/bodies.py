"""Reads a request's body as strictly as the contract says: one JSON object that means one thing only."""

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson
from django.http import HttpRequest

from jobs.api.errors import ApiError, Problems
from jobs.reading import joined, refuse_unknown

CHARSET = 'charset="?utf-8"?'
UTF_8 = re.compile(f"(?:{CHARSET})?", re.IGNORECASE)
JSON_TYPE = re.compile(rf"application/json(?:\s*;\s*{CHARSET})?", re.IGNORECASE)
LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**64 - 1
MOST_DIGITS = len(str(LEAST_INTEGER))


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in the request's body. Raises: ApiError, which names the fields that are at fault."""
    check_headers(request)
    document = read_document(request.body, what="The body")
    if not isinstance(document, dict):
        raise ApiError("invalid_request", "The body must be one JSON object: { … }.")
    return document


def read_nothing(request: HttpRequest) -> None:
    """For what takes no body: an empty object may be sent, nothing more. Raises: ApiError."""
    if request.body:
        problems = Problems()
        refuse_unknown(read_object(request), (), "", problems)
        problems.raise_any()


def check_headers(request: HttpRequest) -> None:
    if not JSON_TYPE.fullmatch(request.headers.get("Content-Type", "").strip()):
        raise ApiError("unsupported_media_type", "Send the body as Content-Type: application/json, in UTF-8.")
    check_encoding(request)


def check_encoding(request: HttpRequest) -> None:
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise ApiError("unsupported_media_type", "Send the body as it is: no Content-Encoding is taken.")


def read_document(text: bytes, *, what: str, path: str = "") -> Any:
    """The JSON in `text`, which messages call `what`, and whose place is `path`. Raises: ApiError.

    Anything but one standard document is refused: invalid UTF-8, lone surrogates, NaN, a second document, endless
    nesting. orjson does not say that a key came twice, and reads a huge integer as an inexact float: so Python's own
    parser reads it anew.
    """
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ApiError("invalid_request", f"{what} is not valid JSON: {error}.") from error
    oddities = Oddities()
    try:
        document = json.loads(text, object_pairs_hook=oddities.object_of, parse_int=oddities.integer_of)
    except RecursionError as error:
        raise ApiError("invalid_request", f"{what} is nested too deeply.") from error
    if oddities.met or b"\\u0000" in text:
        refuse_oddities(document, path)
    return document


class DoubledKeys(dict[str, Any]):
    """An object in which the keys `doubled` were given more than once."""

    doubled: list[str]


class HugeInteger:
    """Stands where a whole number was that not every client can read back."""


class Oddities:
    """Hooks for the parser. They cannot tell where they are, so they leave marks for a walk that can."""

    met = False

    def object_of(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        self.met = True
        odd, seen = DoubledKeys(made), set[str]()
        odd.doubled = [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
        return odd

    def integer_of(self, digits: str) -> int | HugeInteger:
        if len(digits) <= MOST_DIGITS and LEAST_INTEGER <= (number := int(digits)) <= MOST_INTEGER:
            return number
        self.met = True
        return HugeInteger()


def refuse_oddities(document: Any, path: str) -> None:
    """Raises: ApiError with the place of every doubled key, huge integer and U+0000 in the document."""
    problems = Problems()
    for place, value in walked(document, path):
        match value:
            case dict():
                refuse_odd_keys(place, value, problems)
            case str() if "\0" in value:
                problems.add(place, "invalid_character", "U+0000 cannot be kept.")
            case HugeInteger():
                problems.add(place, "out_of_range", "Whole numbers go up to 64 bits.")
    problems.raise_any()


def refuse_odd_keys(path: str, value: dict[str, Any], problems: Problems) -> None:
    for key in getattr(value, "doubled", ()):
        problems.add(joined(path, key), "duplicate_key", "This key is given more than once.")
    for key in value:
        if "\0" in key:
            problems.add(joined(path, key), "invalid_character", "A name cannot hold U+0000.")


def walked(document: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value in the document with its path. Without recursion: documents nest deeper than Python calls may."""
    levels = [iter([(path, document)])]
    while levels:
        found = next(levels[-1], None)
        if found is None:
            levels.pop()
            continue
        yield found
        levels.append(children(*found))


def children(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        return ((joined(path, key), one) for key, one in value.items())
    if isinstance(value, list):
        return ((f"{path}[{index}]", one) for index, one in enumerate(value))
    return iter(())
