"""Reads a client's JSON, field by field. What is wrong is noted, not raised, so that all of it is told at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from jobs.names import did_you_mean

T = TypeVar("T")
Schema = Mapping[str, Any]
"""JSON Schema, as the API's own document shows it."""

LONGEST_FIELD = 200
"""Characters of a field's path that are said back: its names may be a megabyte long."""

JSON_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "null",
}


class Notes(Protocol):
    """Where what is wrong is noted."""

    def add(self, field: str, code: str, message: str) -> None:
        """Note a problem: where (`urls[3]`), a stable code, and a sentence that tells what to do."""


@dataclass(frozen=True, slots=True)
class Reader:
    """From a value, its path, and where to note what is wrong with it, to what it means.

    `schema` says which values it takes, as far as JSON Schema can say it.
    """

    read: Callable[[object, str, Notes], Any]
    schema: Schema

    def __call__(self, value: object, field: str, notes: Notes) -> Any:
        return self.read(value, field, notes)


def takes(schema: Schema) -> Callable[[Callable[[object, str, Notes], Any]], Reader]:
    """Makes a reader of a function that takes what `schema` says."""
    return lambda read: Reader(read, schema)


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_FIELD else text[:LONGEST_FIELD] + "…"


def joined(path: str, key: str) -> str:
    """The path of a member, cut where nobody reads on: a name may be a megabyte long, and so may be its members'."""
    return shortened(f"{path}.{key}" if path else key)


def refuse_unknown(given: Mapping[str, Any], known: Collection[str], path: str, notes: Notes) -> None:
    for name in given:
        if name not in known:
            notes.add(joined(path, name), "unknown_field", f"There is no such field.{did_you_mean(name, known)}")


def typed(value: object, kind: type[T], field: str, notes: Notes) -> T | None:
    """`value` if it is exactly a `kind` (true is no whole number), else None, and a note."""
    if type(value) is kind:
        return value
    notes.add(field, "invalid_type", f"Expected {JSON_NAMES[kind]}, not {JSON_NAMES[type(value)]}.")
    return None


def required(body: Mapping[str, Any], name: str, kind: type[T], notes: Notes, *, within: str = "") -> T | None:
    field = joined(within, name)
    if name in body:
        return typed(body[name], kind, field, notes)
    notes.add(field, "required", "This field is required.")
    return None


def whole(least: int, most: int) -> Reader:
    """A whole number from `least` to `most`."""

    @takes({"type": "integer", "minimum": least, "maximum": most})
    def read(value: object, field: str, notes: Notes) -> int | None:
        number = typed(value, int, field, notes)
        if number is not None and not least <= number <= most:
            notes.add(field, "out_of_range", f"Expected a whole number from {least:,} to {most:,}.")
        return number

    return read


def one_of(*choices: str) -> Reader:
    @takes({"type": "string", "enum": list(map(str, choices))})
    def read(value: object, field: str, notes: Notes) -> str | None:
        text = typed(value, str, field, notes)
        if text is not None and text not in choices:
            notes.add(field, "invalid_choice", f"Expected one of: {', '.join(choices)}.")
        return text

    return read


def choices_of(*choices: str) -> Reader:
    """A list of `choices`, each at most once; what is none of them is noted and left out."""
    read_one = one_of(*choices)

    @takes({"type": "array", "items": read_one.schema, "uniqueItems": True})
    def read(value: object, field: str, notes: Notes) -> list[str]:
        found: list[str] = []
        for index, one in enumerate(typed(value, list, field, notes) or []):
            text, place = read_one(one, f"{field}[{index}]", notes), f"{field}[{index}]"
            if text in found:
                notes.add(place, "duplicate_key", f"{text} is given more than once.")
            elif text in choices:
                found.append(text)
        return found

    return read


@takes({"type": "boolean"})
def switch(value: object, field: str, notes: Notes) -> bool | None:
    return typed(value, bool, field, notes)


def read_member(given: Mapping[str, Any], name: str, read: Reader, within: str, notes: Notes) -> Any:
    """What is read of a member that must be there."""
    path = joined(within, name)
    if name in given:
        return read(given[name], path, notes)
    notes.add(path, "required", "This field is required.")
    return None


MOST_METADATA, LONGEST_METADATA_NAME, LONGEST_METADATA = 20, 100, 4_096


@takes(
    {
        "type": "object",
        "maxProperties": MOST_METADATA,
        "propertyNames": {"maxLength": LONGEST_METADATA_NAME},
        "additionalProperties": {"type": "string", "maxLength": LONGEST_METADATA},
    }
)
def read_metadata(value: object, field: str, notes: Notes) -> dict[str, Any] | None:
    """The caller's own strings by name, which are given back as they came."""
    metadata = typed(value, dict, field, notes)
    if metadata and len(metadata) > MOST_METADATA:
        notes.add(field, "too_many", f"Metadata has {MOST_METADATA} entries at most.")
        return None
    for name, text in (metadata or {}).items():
        path = joined(field, name)
        if len(name) > LONGEST_METADATA_NAME:
            notes.add(path, "too_long", f"A name in metadata has {LONGEST_METADATA_NAME} characters at most.")
        if len(typed(text, str, path, notes) or "") > LONGEST_METADATA:
            notes.add(path, "too_long", f"A value in metadata has {LONGEST_METADATA:,} characters at most.")
    return metadata


def real(least: float, most: float) -> Reader:
    """A number from `least` to `most`."""

    @takes({"type": "number", "minimum": least, "maximum": most})
    def read(value: object, field: str, notes: Notes) -> float | None:
        number = value if type(value) is int else typed(value, float, field, notes)
        if number is not None and not least <= number <= most:
            notes.add(field, "out_of_range", f"Expected a number from {least:,} to {most:,}.")
        return number

    return read


def described(readers: Mapping[str, Reader], defaults: Mapping[str, Any]) -> dict[str, Schema]:
    """What each of the members takes, and what it is where it is left out."""
    return {
        name: {**reader.schema, **({"default": defaults[name]} if name in defaults else {})}
        for name, reader in readers.items()
    }
