"""What is wanted of each URL of a job: the URL alone, or an object with more for it alone."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from django.conf import settings

from jobs.api.errors import MOST_PROBLEMS, Problem
from jobs.intake import Own, Wanted
from jobs.options import read_options, without_secrets
from jobs.reading import Notes, refuse_unknown, required, shortened, typed
from scraping.egress import Target, check
from scraping.errors import RulesError, UrlError
from scraping.rules import parse

FIELDS = ("url", "reference", "selectors", "options")
LONGEST_REFERENCE = 500
MOST_OWN = 1_000
"""How many different sets of rules and options there may be among the URLs of a job."""
OF_THE_JOB = (
    *("hostConcurrency", "hostDelay", "concurrency", "deduplicate", "session", "priority", "deadline", "retries"),
    *("respectRobots", "proxy", "headers", "cookies", "outputs"),
)
"""Options that are of a job as a whole."""


class Refusals:
    """What is wrong with single URLs: how much, and the first of it."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[Problem] = []
        self.line: int | None = None
        """Of a file, the one that is being read."""

    def add(self, field: str, code: str, message: str) -> None:
        self.count += 1
        if len(self.first) < MOST_PROBLEMS:
            at = "" if self.line is None else f"Line {self.line}: "
            self.first.append(Problem(shortened(field), code, f"{at}{message}", self.line))


class Below:
    """Notes of a part: each with the path to it, counted so that it is known whether the part is good."""

    def __init__(self, path: str, notes: Notes) -> None:
        self.count = 0
        self._path = path
        self._notes = notes

    def add(self, field: str, code: str, message: str) -> None:
        self.count += 1
        self._notes.add(f"{self._path}.{field}", code, message)


class UrlReader:
    """Reads the URLs of one job, whose own `selectors` and `options` are given as the caller sent them."""

    def __init__(self, *, selectors: object, options: object) -> None:
        self._selectors = selectors if isinstance(selectors, dict) else {}
        self._options = options if isinstance(options, dict) else {}
        self._owns: dict[bytes, Own | None] = {}

    def read(self, item: object, field: str, notes: Notes) -> Wanted | None:
        """None if something is wrong, which is noted."""
        if not isinstance(item, dict):
            target = read_url(item, field, notes)
            return None if target is None else Wanted(target)
        below = Below(field, notes)
        refuse_unknown(item, FIELDS, "", below)
        url = required(item, "url", str, below)
        target = None if url is None else read_url(url, "url", below)
        reference = read_reference(item["reference"], below) if "reference" in item else None
        own = self._own(item, below)
        return None if target is None or below.count else Wanted(target, reference, own)

    def _own(self, item: Mapping[str, Any], notes: Below) -> Own | None:
        """Read once for all URLs that ask for the same."""
        given = {name: item[name] for name in ("selectors", "options") if name in item}
        if not given:
            return None
        key = orjson.dumps(given)
        if key not in self._owns:
            before = notes.count
            own = self._read_own(given, notes)
            if notes.count > before:
                return None
            if len(self._owns) >= MOST_OWN:
                notes.add(
                    "selectors", "too_many", f"A job's URLs have {MOST_OWN:,} different rules or options at most."
                )
                return None
            self._owns[key] = own
        return self._owns[key]

    def _read_own(self, given: Mapping[str, Any], notes: Below) -> Own:
        options = typed(given.get("options", {}), dict, "options", notes) or {}
        for name in OF_THE_JOB:
            if name in options:
                message = "This option is for all URLs of a job: give it in the job's own options."
                notes.add(f"options.{name}", "unsupported_option", message)
        whole = {**self._options, **options}
        read_options({name: value for name, value in whole.items() if name not in OF_THE_JOB}, notes)
        selectors = typed(given.get("selectors", self._selectors), dict, "selectors", notes) or {}
        try:
            parse(selectors, required="selectors" in given)
        except RulesError as errors:
            for error in errors.errors:
                notes.add(error.path, error.code, error.message)
        shown = {} if notes.count else without_secrets(whole)
        return Own(orjson.dumps(selectors).decode(), orjson.dumps(shown).decode())


def read_list(items: Iterable[tuple[str, object]], reader: UrlReader, notes: Notes) -> list[Wanted]:
    """Each of `items`, which are what was sent with where it was."""
    return [wanted for field, item in items if (wanted := reader.read(item, field, notes))]


def read_reference(value: object, notes: Notes) -> str | None:
    reference = typed(value, str, "reference", notes)
    if reference is not None and len(reference) > LONGEST_REFERENCE:
        notes.add("reference", "too_long", f"A reference has {LONGEST_REFERENCE} characters at most.")
    return reference


def check_url(url: str) -> Target:
    """Of what is going to be fetched. Raises: UrlError."""
    return check(url, settings.EGRESS_POLICY)


def read_url(value: object, field: str, notes: Notes) -> Target | None:
    url = typed(value, str, field, notes)
    try:
        return None if url is None else check_url(url)
    except UrlError as error:
        notes.add(field, error.code, str(error))
        return None
