"""What was asked of one field, read and checked: small immutable objects that a job's pages share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal

from scraping.rules.cast import Type
from scraping.rules.pattern import Pattern
from scraping.rules.structured import Path
from scraping.rules.transform import Transform

DEFAULT_LIMIT = 1_000


class Output(StrEnum):
    """What is read of a match; an attribute is named by its selector, nested rules are rules."""

    TEXT = "text"
    OWN_TEXT = "ownText"
    HTML = "html"
    OUTER_HTML = "outerHtml"
    EXISTS = "exists"
    COUNT = "count"
    TABLE_JSON = "table_json"
    TABLE_ARRAY = "table_array"


TEXTUAL = frozenset({Output.TEXT, Output.OWN_TEXT, Output.HTML, Output.OUTER_HTML})
"""Outputs that give a string, which can be worked on."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Where to look. `meta` selectors name a meta element; with an attribute, that is read of what matches."""

    kind: Literal["css", "xpath", "meta"]
    text: str
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One field: its name, where in the page its value stands, and what becomes of it.

    Of `selectors` the first that matches wins; there are none if `path` reads the page's JSON-LD.
    """

    name: str
    selectors: tuple[Selector, ...] = ()
    many: bool = False
    output: "Output | Rules" = Output.TEXT
    clean: bool | None = None
    pattern: Pattern | None = None
    transforms: tuple[Transform, ...] = ()
    cast: Type | None = None
    default: object = None
    required: bool = False
    limit: int = DEFAULT_LIMIT
    path: Path | None = None

    @property
    def gives_list(self) -> bool:
        """Whether a list is what comes out in the end."""
        many = self.many
        for step in self.transforms:
            many = step.name == "split" or (many and step.name not in ("first", "last", "join"))
        return many

    def describe(self) -> dict[str, object]:
        """The rule as the reader in the page takes it; the name and what Python does stay outside."""
        return {
            "selectors": [[each.kind, each.text, each.attribute] for each in self.selectors],
            "many": self.many,
            "output": self.output if isinstance(self.output, Output) else None,
            "clean": self.clean,
            "limit": self.limit,
            "rules": self.output.described if isinstance(self.output, Rules) else None,
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

    def path_of(self, place: Sequence[int]) -> str:
        """The path of a selector, from the indexes of its rule, of rules nested in that, and of itself at last."""
        rules: Rules = self
        names = ["selectors"]
        *indexes, _ = place
        for depth, index in enumerate(indexes):
            rule = rules[index]
            names += [rule.name] if depth == len(indexes) - 1 else [rule.name, "output"]
            rules = rule.output if isinstance(rule.output, Rules) else rules
        return ".".join(names)

    @cached_property
    def wants_jsonld(self) -> bool:
        """Whether any of them, at any depth, reads the page's JSON-LD."""
        return any(rule.path or (isinstance(rule.output, Rules) and rule.output.wants_jsonld) for rule in self.rules)
