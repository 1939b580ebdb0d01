"""Results as a table. Its columns are known from the job's rules and options, before any result is read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import orjson

from jobs.exports.reading import Selection
from jobs.models import Job
from jobs.options import options_of
from jobs.representation import Result, results_as_dicts
from scraping.rules import Rule, Rules, parse
from scraping.rules.rule import Output

Kind = Literal["text", "integer", "number", "boolean"]
Cell = str | int | float | bool | None
T = TypeVar("T")

MEASURED: dict[str, Kind] = {"integer": "integer", "number": "number", "boolean": "boolean"}
"""Casts that give something else than text."""
TYPES: dict[Kind, tuple[type, ...]] = {"integer": (int,), "number": (int, float), "boolean": (bool,), "text": (object,)}
MOST_INTEGER = 2**63


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name, what kind of values it has, and where these stand in a result."""

    name: str
    kind: Kind
    path: tuple[str, ...]

    def of(self, result: object) -> Cell:
        """The value in a result; what is neither text, a number nor a truth as JSON."""
        for step in self.path:
            result = result.get(step) if isinstance(result, dict) else None
        return result if result is None or isinstance(result, str | int | float) else as_json(result)


FIRST = (
    Column("index", "integer", ("index",)),
    Column("url", "text", ("url",)),
    Column("status", "text", ("status",)),
)
REFERENCE = Column("reference", "text", ("reference",))
"""There if any URL of the job has one."""
LAST = (
    Column("error.code", "text", ("error", "code")),
    Column("error.message", "text", ("error", "message")),
    Column("metadata.statusCode", "integer", ("metadata", "statusCode")),
    Column("metadata.finalUrl", "text", ("metadata", "finalUrl")),
    Column("metadata.duration", "integer", ("metadata", "duration")),
    Column("metadata.attempts", "integer", ("metadata", "attempts")),
    Column("metadata.truncated", "text", ("truncated",)),
)


def columns_of(selection: Selection) -> list[Column]:
    """Ours first and last, between them those of the fields; no two of the same name."""
    rules = rules_of(selection)
    fields = [column for rule in rules for column in of_rule(rule, rule.name, ("data", rule.name))]
    outputs = [
        Column(f"outputs.{output}.url", "text", ("outputs", output, "url"))
        for output in sorted(options_of(selection.job).fetch.outputs)
    ]
    named = selection.job.pages.exclude(reference=None).exists()
    first = [*FIRST, *([REFERENCE] if named else [])]
    ours = [*first, *outputs, *LAST]
    return [*first, *renamed(fields, taken={column.name for column in ours}), *outputs, *LAST]


def rules_of(selection: Selection) -> list[Rule]:
    """Those of the fields that are selected, in the order in which they were asked for."""
    rules: dict[str, Rule] = {}
    for selectors in all_selectors(selection.job):
        rules = {**{rule.name: rule for rule in parse(selectors, required=False)}, **rules}
    return [rules[name] for name in names_of(selection)]


def names_of(selection: Selection) -> tuple[str, ...]:
    return field_names(selection.job) if selection.fields is None else selection.fields


def field_names(job: Job) -> tuple[str, ...]:
    """The names of a job's fields in their order, then of those that only some of its URLs have. One query."""
    return tuple(dict.fromkeys(name for selectors in all_selectors(job) for name in selectors))


def all_selectors(job: Job) -> Iterator[dict[str, Any]]:
    """The job's, and those that some of its URLs have instead. One query."""
    yield orjson.loads(job.selectors)
    for selectors in job.variants.order_by("pk").values_list("selectors", flat=True).distinct():
        yield orjson.loads(selectors)


def of_rule(rule: Rule, name: str, path: tuple[str, ...]) -> Iterator[Column]:
    """One column, or one for each part of an object that is known to be one."""
    if rule.gives_list or rule.default is not None:
        yield Column(name, kind_of(rule), path)
    elif isinstance(rule.output, Rules):
        for inner in rule.output:
            yield from of_rule(inner, f"{name}.{inner.name}", (*path, inner.name))
    elif rule.cast == "price":
        for part in ("amount", "currency"):
            yield Column(f"{name}.{part}", "text", (*path, part))
    else:
        yield Column(name, kind_of(rule), path)


def kind_of(rule: Rule) -> Kind:
    """What all values of a rule are, its default too."""
    if rule.gives_list:
        return "text"
    if rule.output in (Output.EXISTS, Output.COUNT):
        return "boolean" if rule.output == Output.EXISTS else "integer"
    kind = MEASURED.get(rule.cast or "", "text")
    return kind if rule.default is None or fits(rule.default, kind) else "text"


def fits(value: object, kind: Kind) -> bool:
    """Whether a value is of the kind, as a typed column takes it."""
    if kind == "text":
        return True
    if isinstance(value, bool) or kind == "boolean":
        return isinstance(value, bool) and kind == "boolean"
    return isinstance(value, TYPES[kind]) and (isinstance(value, float) or -MOST_INTEGER <= value < MOST_INTEGER)  # type: ignore[operator]


def renamed(columns: Iterable[Column], *, taken: set[str]) -> Iterator[Column]:
    """Those whose name is `taken` already are called `name 2`, `name 3` …"""
    for column in columns:
        name, number = column.name, 1
        while name in taken:
            number += 1
            name = f"{column.name} {number}"
        taken.add(name)
        yield Column(name, column.kind, column.path)


def tables(selection: Selection, columns: Sequence[Column]) -> Iterator[list[list[Cell]]]:
    """The rows of each chunk."""
    for pages in selection.chunks():
        yield [[column.of(result) for column in columns] for result in readable(selection, pages)]


def readable(selection: Selection, pages: Sequence[Result]) -> Iterator[dict[str, object]]:
    """Results in which nothing is JSON text but what was cut."""
    results = results_as_dicts(selection.job, pages, fields=names_of(selection))
    for page, result in zip(pages, results, strict=True):
        yield {**result, "status": page.status, "truncated": page.truncated}


def as_json(value: object) -> str:
    return orjson.dumps(value).decode()


def as_text(cell: Cell) -> str | None:
    """As a text: what is none already, as JSON writes it."""
    return cell if cell is None or isinstance(cell, str) else as_json(cell)
