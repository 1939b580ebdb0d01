"""From what the reader found in the page to the values that were asked for, and why each is what it is."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scraping.errors import RequiredFieldMissing
from scraping.rules import structured, transform
from scraping.rules.cast import CastError, cast, shown, text_of
from scraping.rules.rule import Output, Rule, Rules

TABLES = frozenset({Output.TABLE_JSON, Output.TABLE_ARRAY})

Reading = dict[str, Any]
"""What the reader says of one rule: `value` (a list if many), `matches`, `alternative`, `elements`, and how many were
`cut`."""


MAX_SEARCHED_CHARS = 256 * 1024
"""So much of a value a pattern sees: a large pattern takes some 30 µs for each character, and cannot be interrupted."""

WHITE_SPACE = re.compile("[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")
"""What the browser means by it."""

MAX_REASON_CHARS = 200


class Status(StrEnum):
    """What became of a field."""

    FOUND = "found"
    NO_MATCH = "no_match"
    NO_VALUE = "no_value"
    PATTERN_FAILED = "pattern_failed"
    TRANSFORM_FAILED = "transform_failed"
    CAST_FAILED = "cast_failed"


MOST_PLACES = 100
WHY = {
    Status.NO_MATCH: "nothing on the page matches it",
    Status.NO_VALUE: "what matches it has no value",
    Status.PATTERN_FAILED: "what was found does not fit its pattern",
    Status.TRANSFORM_FAILED: "its transforms made nothing of what was found",
    Status.CAST_FAILED: "what was found could not be cast",
}


@dataclass
class Report:
    """Why a field's value is what it is.

    `alternative` is the index of the selector that matched; `dropped` counts values that did not fit the pattern, were
    nothing after the transforms, or could not be cast, and `reason` says of the first of them why; `cut` counts those
    that were over a size budget. Of a field in nested rules it tells about all rows together: `missing` is in how many
    it has no value, and it counts as found if it was in any. `elements` are the places of what matched in the document,
    the first element being 0: at most `MOST_PLACES`, and none of what is in shadow roots and frames.
    """

    matches: int = 0
    alternative: int | None = None
    status: Status = Status.NO_MATCH
    dropped: int = 0
    reason: str | None = None
    cut: int = 0
    missing: int = 0
    elements: list[int] = field(default_factory=list)

    def note(self, status: Status) -> None:
        """What has just become of the field."""
        if status is not Status.FOUND:
            self.missing += 1
        if self.status is not Status.FOUND:
            self.status = status

    def shown(self) -> dict[str, object]:
        """As results show it."""
        return {
            "status": self.status,
            "matches": self.matches,
            "alternative": self.alternative,
            "dropped": self.dropped,
            "reason": self.reason,
            "cut": self.cut,
            "missing": self.missing,
            "elements": self.elements,
        }


@dataclass(frozen=True)
class Page:
    """What values of a page are relative to, and how large they may become; `max_data_bytes` is for all together.

    `jsonld_cut`: a script of JSON-LD was over its budget, so not all that the page says is in `jsonld`.
    """

    base_url: str
    locale: str | None
    max_value_bytes: int
    max_html_bytes: int
    jsonld: Sequence[object] = ()
    max_data_bytes: int = 1024 * 1024
    jsonld_cut: bool = False


@dataclass
class Extraction:
    """Values by field, in the rules' order, and a report by path: `title`, `reviews.stars`."""

    data: dict[str, object] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)


def evaluate(rules: Rules, readings: Sequence[Reading], page: Page) -> Extraction:
    """Work out every field. Raises: RequiredFieldMissing."""
    reports = {path: Report() for path in _paths(rules, "")}
    return Extraction(_Evaluation(page, reports).fields(rules, readings, ""), reports)


def _paths(rules: Rules, above: str) -> Iterator[str]:
    for rule in rules:
        yield f"{above}{rule.name}"
        if isinstance(rule.output, Rules):
            yield from _paths(rule.output, f"{above}{rule.name}.")


class _Evaluation:
    """One page's fields being worked out: their reports, and what is left of the budgets that they share."""

    def __init__(self, page: Page, reports: dict[str, Report]) -> None:
        self._page = page
        self._reports = reports
        self._budget = _Budget(page.max_data_bytes)
        self._jsonld = _JsonLd(page)

    def fields(self, rules: Rules, readings: Sequence[Reading], above: str) -> dict[str, object]:
        return {
            rule.name: self._field(rule, reading, f"{above}{rule.name}")
            for rule, reading in zip(rules, readings, strict=True)
        }

    def _field(self, rule: Rule, reading: Reading, path: str) -> object:
        if rule.path is not None:
            reading = self._jsonld.reading(rule)
        report = self._reports[path]
        report.matches += reading["matches"]
        report.cut += reading["cut"]
        report.elements += reading["elements"][: MOST_PLACES - len(report.elements)]
        if reading["alternative"] is not None:
            report.alternative = reading["alternative"]
        value, status = self._value(rule, reading, report, path)
        report.note(status)
        if status is Status.FOUND:
            return value
        if rule.required:
            why = WHY[status] if report.reason is None else f"{WHY[status]}: {report.reason.rstrip('.')}"
            raise RequiredFieldMissing(f"{path} is required, and {why}.", field=path)
        return value if rule.default is None else self._default(rule, report)

    def _value(self, rule: Rule, reading: Reading, report: Report, path: str) -> tuple[object, Status]:
        """What the field comes to, and what became of it. What is missing is None, or no entries of a list."""
        nothing: object = [] if rule.gives_list else None
        found = reading["value"]
        if found is None or (rule.many and not found):
            return nothing, Status.NO_VALUE if reading["matches"] else Status.NO_MATCH
        if isinstance(rule.output, Rules):
            inner, above = rule.output, f"{path}."
            rows = [self.fields(inner, row, above) for row in (found if rule.many else [found])]
            return rows if rule.many else rows[0], Status.FOUND
        steps = _Steps(rule, self._page, self._budget)
        value = steps.work(found)
        report.dropped += steps.dropped
        report.reason = report.reason or steps.reason
        report.cut += steps.cut
        if value is None or (value == [] and rule.output not in TABLES):
            return nothing, steps.failure
        return value, Status.FOUND

    def _default(self, rule: Rule, report: Report) -> object:
        """It stands in for each row of nested rules anew, and so may become too much as well."""
        default, cut = self._budget.take(rule.default, self._page.max_value_bytes)
        report.cut += cut
        return default


class _JsonLd:
    """What rules read of a page's JSON-LD; once, for in nested rules it is the same in each row."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._steps = structured.Steps()
        self._budget = _Budget(page.max_data_bytes)
        self._readings: dict[int, Reading] = {}

    def reading(self, rule: Rule) -> Reading:
        if id(rule) not in self._readings:
            self._readings[id(rule)] = self._read(rule)
        return self._readings[id(rule)]

    def _read(self, rule: Rule) -> Reading:
        assert rule.path is not None
        found = rule.path.find(self._page.jsonld, self._steps)
        wanted = found[: rule.limit if rule.many else 1]
        cut = int(rule.many and len(found) > rule.limit) + int(self._page.jsonld_cut)
        values = []
        for value in wanted:
            text = structured.whole(value) if isinstance(value, str) else value
            kept, cuts = self._budget.take(text, self._page.max_value_bytes)
            cut += cuts
            if kept is not None:
                values.append(_folded(kept) if rule.clean else kept)
        value = values if rule.many else next(iter(values), None)
        return {"value": value, "matches": len(found), "alternative": None, "cut": cut, "elements": []}


class _Budget:
    """How much text may still be taken."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, value: object, most: int) -> tuple[object, int]:
        """`value`, and whether it is over the budget: of text the beginning is kept, of anything else nothing."""
        if isinstance(value, str):
            return self._take_text(value, min(most, self._left))
        if value is None or isinstance(value, bool):
            return value, 0
        try:
            value, size = structured.tidied(value, min(most, self._left))
        except (ValueError, OverflowError):
            return None, 1
        self._left -= size
        return value, 0

    def _take_text(self, text: str, most: int) -> tuple[str, int]:
        if len(text) * 4 <= most:
            self._left -= len(text) if text.isascii() else len(text.encode(errors="replace"))
            return text, 0
        whole = text.encode(errors="replace")
        kept = whole[:most]
        self._left -= len(kept)
        return (text, 0) if len(kept) == len(whole) else (kept.decode(errors="ignore"), 1)


class _Steps:
    """What is done with one field's values, one after another."""

    def __init__(self, rule: Rule, page: Page, budget: _Budget) -> None:
        self.dropped = 0
        self.reason: str | None = None
        self.cut = 0
        self.failure = Status.NO_VALUE
        self._rule = rule
        self._page = page
        self._budget = budget

    def work(self, value: object) -> object:
        rule = self._rule
        if rule.output in TABLES:
            return self._bounded(value)
        if rule.pattern or rule.transforms or rule.cast:
            value = _each(value, _in_range)
        if rule.pattern:
            value = _each(value, self._search)
        if rule.transforms:
            value = self._transformed(value)
        if rule.cast:
            value = _each(value, self._cast)
        return _each(value, self._bounded)

    def _search(self, value: object) -> object:
        assert self._rule.pattern is not None
        found = self._rule.pattern.search(text_of(value)[:MAX_SEARCHED_CHARS])
        if found is None:
            self._drop(Status.PATTERN_FAILED, f"{shown(value)} does not fit the pattern.")
        return found

    def _transformed(self, value: object) -> object:
        if value is None or value == []:
            return value
        page, why = self._page, "Nothing is left of it after the transforms."
        try:
            made = transform.apply(self._rule.transforms, value, base_url=page.base_url, locale=page.locale)
        except ValueError as error:  # it has grown beyond all bounds
            made, why = None, str(error)
        for each in made if isinstance(made, list) else [made]:
            if each is None:
                self._drop(Status.TRANSFORM_FAILED, why)
        return [each for each in made if each is not None] if isinstance(made, list) else made

    def _cast(self, value: object) -> object:
        assert self._rule.cast is not None
        found, why = None, "'null' is nothing."
        try:
            found = cast(value, self._rule.cast, base_url=self._page.base_url, locale=self._page.locale)
        except CastError as error:
            why = str(error)
        if found is None:
            self._drop(Status.CAST_FAILED, why)
        return found

    def _drop(self, failure: Status, why: str) -> None:
        self.dropped += 1
        self.failure = failure
        self.reason = self.reason or why[:MAX_REASON_CHARS]

    def _bounded(self, value: object) -> object:
        """Transforms and casts can make a value longer than the page had it."""
        kept, cut = self._budget.take(value, self._most())
        self.cut += cut
        return kept

    def _most(self) -> int:
        if self._rule.output in TABLES:
            return self._page.max_data_bytes
        is_html = self._rule.output in (Output.HTML, Output.OUTER_HTML)
        return self._page.max_html_bytes if is_html else self._page.max_value_bytes


def _each(value: object, work: Callable[[object], object]) -> object:
    """`work` on the value, or on each of a list; what comes to nothing is left out of a list."""
    if isinstance(value, list):
        return [done for each in value if (done := work(each)) is not None]
    return None if value is None else work(value)


def _in_range(value: object) -> object:
    """Numbers as JSON can hold them: XPath counts beyond 64 bits."""
    return structured.number(value) if isinstance(value, int | float) else value


def _folded(value: object) -> object:
    return WHITE_SPACE.sub(" ", value).strip(" ") if isinstance(value, str) else value
