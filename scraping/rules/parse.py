"""Selectors as a caller writes them, read into rules."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from scraping.errors import RuleError, RulesError
from scraping.rules import css, xpath

MAX_FIELDS = 200
MAX_NAME_CHARS = 100
MAX_SELECTOR_CHARS = 2_000

XPATH_STARTS = ("/", "./", "(")
XPATH_PREFIX = "xpath="
NOT_TEXT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Rule:
    """One field: its name, and where in the page its value stands."""

    name: str
    kind: Literal["css", "xpath"]
    selector: str
    attribute: str | None = None
    many: bool = False

    def describe(self) -> dict[str, object]:
        """The rule as the reader in the page takes it; the name stays outside."""
        return {
            "xpath": self.kind == "xpath",
            "selector": self.selector,
            "attribute": self.attribute,
            "many": self.many,
        }


@dataclass(frozen=True)
class Rules:
    """Checked rules, in the order in which their fields were given."""

    rules: tuple[Rule, ...]

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __getitem__(self, index: int) -> Rule:
        return self.rules[index]

    def __len__(self) -> int:
        return len(self.rules)

    @cached_property
    def described(self) -> list[dict[str, object]]:
        """What the reader in the page is given, made once for all pages of a job."""
        return [rule.describe() for rule in self.rules]


def parse(selectors: Mapping[str, object]) -> Rules:
    """Read `selectors`, checking each one without a browser.

    Raises: RulesError, holding one RuleError for each bad field.
    """
    if not isinstance(selectors, Mapping):
        raise _refuse_all("Selectors are an object: a name for each field, and its selector.")
    if not 1 <= len(selectors) <= MAX_FIELDS:
        raise _refuse_all(f"There are {len(selectors):,} selectors; 1 to {MAX_FIELDS} are allowed.")
    rules, errors = [], []
    for name, value in selectors.items():
        try:
            rules.append(_rule(name, value))
        except RuleError as error:
            errors.append(error)
    if errors:
        raise RulesError(tuple(errors))
    return Rules(tuple(rules))


def _refuse_all(message: str) -> RulesError:
    return RulesError((RuleError("selectors", "invalid", message),))


def _rule(name: object, value: object) -> Rule:
    path = f"selectors.{name}"
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME_CHARS or NOT_TEXT.search(name):
        message = f"A field's name has 1 to {MAX_NAME_CHARS} characters, no U+0000 and no half surrogates."
        raise RuleError("selectors" if not isinstance(name, str) else path[:200], "invalid", message)
    text, many = _selector_text(path, value)
    try:
        return _read(name, text, many=many)
    except ValueError as error:
        raise RuleError(path, "invalid_selector", str(error)) from None


def _selector_text(path: str, value: object) -> tuple[str, bool]:
    """The selector in `value`, and whether all its matches are wanted."""
    if isinstance(value, Mapping):
        raise RuleError(path, "unsupported_option", "Rules written as objects are not supported yet; use a string.")
    many = isinstance(value, list | tuple)
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        raise RuleError(path, "invalid_selector", "A rule is a selector in a string, or a list that holds just one.")
    return value, many


def _read(name: str, text: str, *, many: bool) -> Rule:
    if not text.strip(css.WHITE_SPACE):
        raise ValueError("The selector is empty.")
    if len(text) > MAX_SELECTOR_CHARS:
        raise ValueError(f"The selector has {len(text):,} characters; at most {MAX_SELECTOR_CHARS:,} are allowed.")
    if NOT_TEXT.search(text):
        raise ValueError("The selector contains U+0000 or half of a surrogate pair.")
    text = text.strip(css.WHITE_SPACE)
    if text.startswith((*XPATH_STARTS, XPATH_PREFIX)):
        expression = text.removeprefix(XPATH_PREFIX).strip()
        xpath.check(expression)
        return Rule(name, "xpath", expression, many=many)
    selector, attribute = css.split_step(text)
    css.check(selector)
    return Rule(name, "css", selector, attribute, many)
