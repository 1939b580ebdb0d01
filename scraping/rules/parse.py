"""Selectors as a caller writes them, read into rules. Every mistake is named by its path, all of them at once."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import orjson

from scraping.errors import RuleError, RulesError
from scraping.rules import cast, css, pattern, structured, transform, xpath
from scraping.rules.rule import DEFAULT_LIMIT, TEXTUAL, Output, Rule, Rules, Selector

MAX_FIELDS = 200
MAX_DEPTH = 5
MAX_NAME_CHARS = 100
MAX_SELECTOR_CHARS = 2_000
MAX_ALL_SELECTORS_CHARS = 400_000
MAX_ALL_PATTERNS_CHARS = 20_000
"""Of all of a job together: checking either takes a web process less than 1 s at worst."""
MAX_ALTERNATIVES = 20
MAX_LIMIT = 10_000
MAX_DEFAULT_BYTES = 64 * 1024
MAX_MISTAKES = 1_000
MAX_UNKNOWN_KEYS = 20
MAX_SHOWN_CHARS = 100
"""So many of each are told: a body may hold millions, or one a megabyte long."""

XPATH_STARTS = ("/", "./", "(")
XPATH_PREFIX = "xpath="
NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")

KEYS = frozenset({
    "selector", "selectorType", "type", "output", "clean", "pattern", "group", "transform", "cast", "default",
    "required", "source", "path", "limit",
})  # fmt: skip
TYPES = ("item", "list")
SELECTOR_TYPES = ("auto", "css", "xpath")
SOURCES = ("dom", "jsonld", "meta", "opengraph")
OUTPUTS = tuple(Output)

KIND_NAMES: Mapping[type, str] = {str: "a string", bool: "true or false", int: "a whole number"}


def parse(selectors: object, *, required: bool = True) -> Rules:
    """Read `selectors`, checking each one without a browser; an empty object is fine if no field is `required`.

    Raises: RulesError, holding a RuleError for each mistake.
    """
    if selectors == {} and not required:
        return Rules(())
    mistakes = _Mistakes()
    rules = _rules(selectors, "selectors", mistakes, depth=1)
    if rules is None or mistakes.found:
        raise RulesError(tuple(mistakes.found))
    return rules


@dataclass
class _Mistakes:
    """Those found so far, and what all rules together have used up."""

    found: list[RuleError] = field(default_factory=list)
    fields: int = 0
    chars: Counter[str] = field(default_factory=Counter)

    def add(self, path: str, code: str, message: str) -> None:
        if len(self.found) < MAX_MISTAKES:
            self.found.append(RuleError(path, code, message))

    def has_room_for_fields(self, count: int) -> bool:
        """Count in `count` more fields; if they are too many, that is noted, once."""
        before, self.fields = self.fields, self.fields + count
        if before <= MAX_FIELDS < self.fields:
            message = f"There are more than {MAX_FIELDS} fields, nested ones counted; at most these are allowed."
            self.add("selectors", "too_many", message)
        return self.fields <= MAX_FIELDS

    def has_room_for_selector(self, text: str) -> bool:
        return self._has_room_for("selectors", text, most=MAX_ALL_SELECTORS_CHARS)

    def has_room_for_pattern(self, text: str) -> bool:
        return self._has_room_for("patterns", text, most=MAX_ALL_PATTERNS_CHARS)

    def _has_room_for(self, what: str, text: str, *, most: int) -> bool:
        """The same for the characters of one more of `what`."""
        before = self.chars[what]
        self.chars[what] += len(text)
        if before <= most < self.chars[what]:
            self.add("selectors", "too_long", f"All {what} together have {most:,} characters at most.")
        return self.chars[what] <= most

    @contextmanager
    def noting(self, path: str, code: str) -> Iterator[None]:
        """Note what is raised as a ValueError."""
        try:
            yield
        except ValueError as error:
            self.add(path, code, str(error))


def _rules(value: object, path: str, mistakes: _Mistakes, *, depth: int) -> Rules | None:
    if not isinstance(value, Mapping):
        mistakes.add(path, "invalid", "Rules are an object: a name for each field, and its rule.")
        return None
    if not 1 <= len(value) <= MAX_FIELDS:
        mistakes.add(path, "invalid", f"There are {len(value):,} fields; 1 to {MAX_FIELDS} are allowed.")
        return None
    if depth > MAX_DEPTH:
        mistakes.add(path, "too_deep", f"Rules can be nested {MAX_DEPTH} levels deep at most.")
        return None
    if not mistakes.has_room_for_fields(len(value)):
        return None
    read = (_field(name, rule, path, mistakes, depth=depth) for name, rule in value.items())
    return Rules(tuple(rule for rule in read if rule is not None))


def _field(name: object, value: object, path: str, mistakes: _Mistakes, *, depth: int) -> Rule | None:
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME_CHARS or NOT_TEXT.search(name):
        message = f"A field's name has 1 to {MAX_NAME_CHARS} characters, no U+0000 and no half surrogates."
        mistakes.add(path, "invalid", message)
        return None
    path = f"{path}.{name}"
    if isinstance(value, Mapping):
        return _ObjectReader(name, value, path, mistakes, depth).read()
    many = isinstance(value, list | tuple)
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        message = "A rule is a selector in a string, a list that holds just one, or an object."
        mistakes.add(path, "invalid_selector", message)
        return None
    with mistakes.noting(path, "invalid_selector"):
        if mistakes.has_room_for_selector(value):
            return Rule(name, (_selector(value),), many=many)
    return None


def _selector(text: str, kind: str = "auto") -> Selector:
    """Raises: ValueError with a sentence."""
    if not text.strip(css.WHITE_SPACE):
        raise ValueError("The selector is empty.")
    if len(text) > MAX_SELECTOR_CHARS:
        raise ValueError(f"The selector has {len(text):,} characters; at most {MAX_SELECTOR_CHARS:,} are allowed.")
    if NOT_TEXT.search(text):
        raise ValueError("The selector contains U+0000 or half of a surrogate pair.")
    text = text.strip(css.WHITE_SPACE)
    if kind == "xpath" or (kind == "auto" and text.startswith((*XPATH_STARTS, XPATH_PREFIX))):
        expression = text.removeprefix(XPATH_PREFIX).strip()
        xpath.check(expression)
        return Selector("xpath", expression)
    selector, attribute = css.split_step(text)
    css.check(selector)
    return Selector("css", selector, attribute)


def parse_selector(text: str) -> Selector:
    """Read a selector of elements, not of what is in them. Raises: ValueError with a sentence."""
    selector = _selector(text)
    if selector.kind == "css" and selector.text != text.strip(css.WHITE_SPACE):
        raise ValueError("This selector is for elements: it ends in no @attribute, ::attr() or ::text.")
    return selector


class _ObjectReader:
    """Reads one rule that is written as an object."""

    def __init__(self, name: str, given: Mapping[str, Any], path: str, mistakes: _Mistakes, depth: int) -> None:
        self._name = name
        self._given = {key: value for key, value in given.items() if value is not None}
        self._nulls = [key for key, value in given.items() if value is None and key != "default"]
        self._path = path
        self._mistakes = mistakes
        self._depth = depth
        self._before = len(mistakes.found)

    def read(self) -> Rule | None:
        """The rule, or None, and a mistake noted."""
        self._refuse_keys()
        source = self._choice("source", SOURCES, None if "source" in self._nulls else "dom")
        if source not in SOURCES:
            return None  # whatever else there is may fit what was meant
        many = self._choice("type", TYPES, "item") == "list"
        output, attribute = self._output()
        rule = Rule(
            name=self._name,
            selectors=self._selectors(source, attribute),
            many=many,
            output=output,
            clean=self._typed("clean", bool, None),
            pattern=self._pattern(),
            transforms=self._transforms(),
            cast=self._choice("cast", cast.TYPES, None),
            default=self._default(),
            required=self._typed("required", bool, False),
            limit=self._limit(many=many),
            path=self._json_path(source),
        )
        self._refuse_combinations(rule)
        return rule if len(self._mistakes.found) == self._before else None

    # ------------------------------------------------------------------ keys

    def _refuse_keys(self) -> None:
        unknown = [str(key)[:MAX_SHOWN_CHARS] for key in (*self._given, *self._nulls) if key not in KEYS]
        for key in unknown[:MAX_UNKNOWN_KEYS]:
            near = get_close_matches(key, sorted(KEYS), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            self._note(key, "unknown_field", f"A rule has no such key.{hint}")
        for key in self._nulls:
            if key in KEYS:
                self._note(key, "invalid_type", f"{key} cannot be null; leave it out.")

    def _is_left_out(self, key: str) -> bool:
        return key not in self._given and key not in self._nulls

    def _selectors(self, source: str, attribute: str | None) -> tuple[Selector, ...]:
        if source == "jsonld":
            self._refuse(["selector", "selectorType"], "has no meaning where the source is jsonld; use path.")
            return ()
        kind = self._choice("selectorType", SELECTOR_TYPES, "auto")
        if source != "dom":
            self._refuse(["selectorType"], "has no meaning where the source is not dom.")
        given = self._given.get("selector", ())
        texts = given if isinstance(given, list | tuple) else [given]
        expected = f"Expected a selector, or a list of 1 to {MAX_ALTERNATIVES} alternatives."
        if self._is_left_out("selector"):
            self._note("selector", "required", expected)
        elif not all(isinstance(text, str) for text in texts):
            self._note("selector", "invalid_type", expected)
            return ()
        elif "selector" in self._given and not 1 <= len(texts) <= MAX_ALTERNATIVES:
            self._note("selector", "invalid_selector", expected)
            return ()
        found = []
        for index, text in enumerate(texts):
            if not self._mistakes.has_room_for_selector(text):
                return ()
            where = f"{self._path}.selector" + (f"[{index}]" if isinstance(given, list | tuple) else "")
            with self._mistakes.noting(where, "invalid_selector"):
                found.append(self._one_selector(text, source, kind, attribute))
        return tuple(found)

    def _one_selector(self, text: str, source: str, kind: str, attribute: str | None) -> Selector:
        if source != "dom":
            return _meta_selector(text, source)
        selector = _selector(text, kind)
        if selector.attribute is None:
            return Selector(selector.kind, selector.text, attribute)
        if self._given.get("output", Output.TEXT) != Output.TEXT:
            raise ValueError(f"The selector ends in @{selector.attribute} already; leave out that, or the output.")
        return selector

    def _output(self) -> tuple[Output | Rules, str | None]:
        """What to read of a match; the attribute, if it is one."""
        given = self._given.get("output", Output.TEXT)
        if isinstance(given, Mapping):
            nested = _rules(given, f"{self._path}.output", self._mistakes, depth=self._depth + 1)
            return nested or Output.TEXT, None
        if isinstance(given, str) and given.startswith("@"):
            with self._mistakes.noting(f"{self._path}.output", "invalid_selector"):
                return Output.TEXT, css.attribute_name(given[1:].strip())
            return Output.TEXT, None
        return Output(self._choice("output", OUTPUTS, Output.TEXT)), None

    def _pattern(self) -> pattern.Pattern | None:
        text, group = self._typed("pattern", str, None), self._given.get("group")
        if group is not None and type(group) not in (int, str):
            self._note("group", "invalid_type", "Expected the number or the name of a group in the pattern.")
            return None
        if text is None:
            if self._is_left_out("pattern"):
                self._refuse(["group"], "has no meaning without a pattern.")
            return None
        if self._mistakes.has_room_for_pattern(text):
            with self._mistakes.noting(f"{self._path}.pattern", "invalid_pattern"):
                return pattern.compile(text, group)
        return None

    def _transforms(self) -> tuple[transform.Transform, ...]:
        if "transform" not in self._given:
            return ()
        with self._mistakes.noting(f"{self._path}.transform", "invalid_transform"):
            return transform.parse(self._given["transform"])
        return ()

    def _default(self) -> object:
        default = self._given.get("default")
        try:
            _refuse_non_numbers(default)
            size = len(orjson.dumps(default))
        except (orjson.JSONEncodeError, RecursionError, ValueError):
            self._note("default", "invalid_type", "Expected a JSON value: no NaN, 64 bits to a whole number.")
            return None
        if size > MAX_DEFAULT_BYTES:
            self._note("default", "too_long", f"A default has {MAX_DEFAULT_BYTES // 1024} KiB as JSON at most.")
        return default

    def _limit(self, *, many: bool) -> int:
        limit = self._typed("limit", int, DEFAULT_LIMIT)
        if not 1 <= limit <= MAX_LIMIT:
            self._note("limit", "out_of_range", f"Expected a whole number from 1 to {MAX_LIMIT:,}.")
        if not many:
            self._refuse(["limit"], "has no meaning unless the type is list.")
        return int(limit)

    def _json_path(self, source: str) -> structured.Path | None:
        if source != "jsonld":
            self._refuse(["path"], "has no meaning unless the source is jsonld.")
            return None
        text = self._typed("path", str, None)
        if text is None:
            if self._is_left_out("path"):
                self._note("path", "required", "Where the source is jsonld, a JMESPath says what to read.")
            return None
        with self._mistakes.noting(f"{self._path}.path", "invalid_path"):
            if NOT_TEXT.search(text):
                raise ValueError("The path contains U+0000 or half of a surrogate pair.")
            return structured.parse_path(text)
        return None

    # ------------------------------------------------------------------ what does not go together

    def _refuse_combinations(self, rule: Rule) -> None:
        if self._given.get("source", "dom") != "dom":
            self._refuse(["output"], "has no meaning where the source is not dom.")
        if isinstance(rule.output, Rules) or rule.output not in TEXTUAL:
            keys = ["clean", "pattern", "group", "transform", "cast"]
            self._refuse(keys, "works on text, which this output is not.")
        if rule.required:
            self._refuse(["default"], "has no meaning where the field is required: that comes first.")
        if rule.output in (Output.EXISTS, Output.COUNT):
            self._refuse(["default", "required"], "has no meaning here: there is always an answer.")
            if rule.many:
                self._note("type", "invalid_combination", "There is one answer for all matches, not a list.")

    def _refuse(self, keys: list[str], why: str) -> None:
        for key in keys:
            if key in self._given:
                self._note(key, "invalid_combination", f"{key} {why}")

    # ------------------------------------------------------------------ values

    def _note(self, key: str, code: str, message: str) -> None:
        self._mistakes.add(f"{self._path}.{key}", code, message)

    def _choice(self, key: str, choices: tuple[str, ...], default: Any) -> Any:
        if key not in self._given or self._given[key] in choices:
            return self._given.get(key, default)
        code = "invalid_choice" if isinstance(self._given[key], str) else "invalid_type"
        self._note(key, code, f"Expected one of: {', '.join(choices)}.")
        return None if key == "source" else default

    def _typed(self, key: str, kind: type, default: Any) -> Any:
        """The value if it is exactly a `kind`; true is no whole number."""
        value = self._given.get(key, default)
        if key in self._given and type(value) is not kind:
            self._note(key, "invalid_type", f"Expected {KIND_NAMES[kind]}.")
            return default
        return value


def _refuse_non_numbers(value: object) -> None:
    """Raise ValueError if NaN or an infinity is in it, which are null to JSON."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(value)
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_non_numbers(child)


def _meta_selector(text: str, source: str) -> Selector:
    name = text.strip().lower()
    if not 1 <= len(name) <= MAX_NAME_CHARS or NOT_TEXT.search(name):
        raise ValueError(f"Expected the name of a meta element, 1 to {MAX_NAME_CHARS} characters.")
    if source == "opengraph" and ":" not in name:
        name = f"og:{name}"
    return Selector("meta", name, "content")
