"""Data that a page holds for machines: JSON-LD, asked by JMESPath.

Expression and data are other people's, and JMESPath has no bounds of its own: a few `[@, @]` in a row double what they
are given each time. So an expression that repeats its parts too often is refused, and what one does is counted.
"""

import html
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jmespath
import orjson
from jmespath import functions
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult
from jmespath.visitor import Options, TreeInterpreter

MAX_PATH_CHARS = 1_000
MAX_GROWTH = 100
"""How often an expression may repeat what it is asked of."""
MAX_STEPS = 500_000
"""So many steps of expressions are made for one page, all its fields together: some 0.5 s."""
MAX_JOINED_CHARS = 1024 * 1024
MAX_DEPTH = 100
NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")

WRAPPINGS = (("//", "//"), ("/*", "*/"), ("<!--", "-->"), ("<![CDATA[", "]]>"), ("*/", "/*"))
"""What sites put around JSON so that ancient browsers and XML parsers leave it alone."""

FAILURES = (JMESPathError, RecursionError, ValueError, TypeError, ArithmeticError, AttributeError, LookupError)
"""What JMESPath raises for functions and slices that do not fit the data: not all of it is its own."""


class Steps:
    """How many steps may still be made for a page."""

    def __init__(self, left: int = MAX_STEPS) -> None:
        self.left = left

    def take(self, count: int) -> None:
        """Raises: OverflowError."""
        self.left -= count
        if self.left < 0:
            raise OverflowError("the page's JSON-LD takes too long to search")


@dataclass(frozen=True, slots=True)
class Path:
    """A JMESPath expression. One that starts with `[` is asked of the list of all objects, others of each in turn."""

    text: str
    compiled: ParsedResult = field(repr=False, compare=False, hash=False)

    def find(self, objects: Sequence[object], steps: Steps | None = None) -> list[object]:
        """What it finds: all of it, in the page's order; what is not JSON or null is left out."""
        interpreter = _Interpreter(steps or Steps())
        asked = [list(objects)] if self.text.startswith("[") else objects
        found = [self._ask(each, interpreter) for each in asked]
        values = (value for each in found for value in (each if isinstance(each, list) else [each]))
        return [value for value in values if value is not None]

    def _ask(self, value: object, interpreter: "_Interpreter") -> object:
        try:
            return interpreter.visit(self.compiled.parsed, value)
        except FAILURES:
            return None


class _Functions(functions.Functions):  # type: ignore[misc]
    """JMESPath's own, with a bound where two arguments multiply."""

    @functions.signature({"types": ["string"]}, {"types": ["array-string"]})  # type: ignore[untyped-decorator]
    def _func_join(self, glue: str, array: list[str]) -> str:
        if len(glue) * len(array) > MAX_JOINED_CHARS:
            raise OverflowError("joined, it is too long")
        return glue.join(array)


class _Interpreter(TreeInterpreter):  # type: ignore[misc]
    """JMESPath's own, its steps counted."""

    def __init__(self, steps: Steps) -> None:
        super().__init__(Options(custom_functions=_Functions()))
        self._steps = steps

    def visit(self, node: Mapping[str, Any], *args: Any, **kwargs: Any) -> Any:
        self._steps.take(1)
        return super().visit(node, *args, **kwargs)


def parse_path(text: str) -> Path:
    """Raises: ValueError with a sentence."""
    if not 1 <= len(text) <= MAX_PATH_CHARS:
        raise ValueError(f"The path has {len(text):,} characters; 1 to {MAX_PATH_CHARS:,} are allowed.")
    if NOT_TEXT.search(text):
        raise ValueError("The path contains U+0000 or half of a surrogate pair.")
    try:
        compiled = jmespath.compile(text)
        growth, unknown = _growth(compiled.parsed), _unknown_functions(compiled.parsed)
    except (JMESPathError, RecursionError, ValueError):
        raise ValueError("This is not a valid JMESPath expression.") from None
    if unknown:
        raise ValueError(f"JMESPath has no function {unknown[0][:40]}().")
    if growth > MAX_GROWTH:
        raise ValueError("The path repeats its parts too often; ask for them in several fields.")
    return Path(text, compiled)


def _growth(node: Mapping[str, Any]) -> int:
    """How often, at most, what `node` is asked of is in what it gives."""
    growths = [_growth(child) for child in node.get("children", ()) if isinstance(child, Mapping)]
    if node["type"].startswith("multi_select"):
        return max(1, sum(growths))
    if node["type"] in ("comparator", "or_expression", "and_expression"):
        return max(growths)
    if node["type"] == "function_expression":
        return max(1, sum(growths)) * (2 if node["value"] == "to_string" else 1)  # quotes within are escaped
    return math.prod(growths)


def _unknown_functions(node: Mapping[str, Any]) -> list[str]:
    called = [node["value"]] if node["type"] == "function_expression" else []
    inner = (child for child in node.get("children", ()) if isinstance(child, Mapping))
    return [name for name in called if name not in _Functions.FUNCTION_TABLE] + [
        name for child in inner for name in _unknown_functions(child)
    ]


def tidied(value: object, most: int) -> tuple[object, int]:
    """`value` as plain JSON, and its size, in characters about; whatever `value` is made of, in bounded time.

    U+0000 and half surrogates become U+FFFD, whole numbers beyond 64 bits floats.

    Raises: ValueError, OverflowError if it is over `most` characters, too deep, or holds what JSON cannot.
    """
    room = [most]
    return _tidied(value, room, MAX_DEPTH), most - room[0]


def _tidied(value: object, room: list[int], depth: int) -> object:
    room[0] -= len(value) + 2 if isinstance(value, str) else 1
    if room[0] < 0 or depth < 0:
        raise ValueError("it is too large")
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, list):
        return [_tidied(child, room, depth - 1) for child in value]
    if isinstance(value, dict):
        return {str(_tidied(key, room, depth)): _tidied(child, room, depth - 1) for key, child in value.items()}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return number(value)
    raise ValueError("it is not JSON")


def whole(text: str) -> str:
    """`text` with U+FFFD for U+0000 and for half surrogates."""
    return NOT_TEXT.sub("\ufffd", text)


def number(value: float) -> float:
    """`value` as JSON can hold it: 64 bits to a whole number. Raises: ValueError, OverflowError if it cannot."""
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return value
    if not math.isfinite(near := float(value)):
        raise ValueError("it is infinite or no number")
    return near


def read_jsonld(scripts: Sequence[str]) -> list[object]:
    """Every object in JSON-LD scripts; lists and `@graph` are opened, and a script that is no JSON is skipped."""
    return [each for script in scripts for each in _opened(_parsed(script), MAX_DEPTH)]


def _parsed(script: str) -> object:
    """The JSON of a script; comments around it, raw line breaks in its strings, HTML escapes are forgiven."""
    try:
        return orjson.loads(script)
    except ValueError:
        bare = _unwrapped(script)
    for text in (bare, html.unescape(bare)):
        try:
            return json.loads(text, strict=False, parse_constant=_refused)
        except (ValueError, RecursionError):
            continue
    return None


def _unwrapped(script: str) -> str:
    for opening, closing in WRAPPINGS * 2:
        script = script.strip("\t\n\r ;").removeprefix(opening).removesuffix(closing)
    return script.strip("\t\n\r ;")


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _opened(value: object, depth: int) -> Iterator[object]:
    """The objects in `value`, which may be a list or hold them as its `@graph`."""
    graph = value.get("@graph") if isinstance(value, dict) else value
    if isinstance(graph, list | dict) and graph is not value:
        graph = [graph] if isinstance(graph, dict) else graph
    if isinstance(graph, list) and depth > 0:
        for each in graph:
            yield from _opened(each, depth - 1)
    elif value is not None:
        yield value
