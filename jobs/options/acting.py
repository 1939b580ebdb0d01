"""What is done to a page before it is read: which actions there are, and what each may be told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from django.conf import settings

from jobs.names import did_you_mean
from jobs.options.waiting import TIMEOUT_MS, read_own_timeout, read_selector, read_state_name
from jobs.reading import (
    Notes,
    Reader,
    Schema,
    described,
    joined,
    one_of,
    read_member,
    refuse_unknown,
    switch,
    takes,
    typed,
    whole,
)
from scraping import acting
from scraping.acting import Action
from scraping.acting.keys import unknown_key
from scraping.options import State

MOST_ACTIONS = 50
MOST_SCREENSHOTS = 10
MOST_VALUES = 100
LONGEST_TEXT = 10_000
LONGEST_SCRIPT = 50_000
LONGEST_KEY = 100
MOST_WAIT_MS = 60_000
FAR_PX = 1_000_000

KNOWN_ELSEWHERE = {
    "write": "type",
    "fill": "type",
    "executejavascript": "evaluate",
    "selectoption": "select",
    "keypress": "press",
    "infinitescroll": "scrollToEnd",
    "scrollbottom": "scrollToEnd",
}
"""What other tools call an action, in lower case, by what it is called here."""


# ---------------------------------------------------------------- what each may be told


def text_of(most: int, least: int = 0) -> Reader:
    """A text of so many characters. No note quotes it."""

    @takes({"type": "string", "minLength": least, "maxLength": most})
    def read(value: object, path: str, notes: Notes) -> str | None:
        text = typed(value, str, path, notes)
        if text is not None and not least <= len(text) <= most:
            notes.add(path, "too_long" if text else "required", f"Expected {least:,} to {most:,} characters.")
        return text

    return read


@takes(
    {"type": "string", "format": "key", "examples": ["Enter", "Control+A"], "minLength": 1, "maxLength": LONGEST_KEY}
)
def read_key(value: object, path: str, notes: Notes) -> str | None:
    key: str | None = text_of(LONGEST_KEY, 1)(value, path, notes)
    if key and len(key) <= LONGEST_KEY and unknown_key(key) is not None:
        notes.add(path, "invalid_choice", "Expected a key such as Enter, ArrowDown, a or Control+A.")
    return key


read_text = text_of(LONGEST_TEXT)


@takes(
    {"oneOf": [read_text.schema, {"type": "array", "items": read_text.schema, "minItems": 1, "maxItems": MOST_VALUES}]}
)
def read_values(value: object, path: str, notes: Notes) -> tuple[str, ...]:
    if not isinstance(value, list):
        text = read_text(value, path, notes)
        return () if text is None else (text,)
    if not 1 <= len(value) <= MOST_VALUES:
        notes.add(path, "too_many" if value else "required", f"Expected 1 to {MOST_VALUES} values.")
        return ()
    read = [read_text(each, f"{path}[{index}]", notes) for index, each in enumerate(value)]
    return tuple(text for text in read if text is not None)


@takes(read_state_name.schema)
def read_state(value: object, path: str, notes: Notes) -> State | None:
    text = read_state_name(value, path, notes)
    return State(text) if text in set(State) else None


read_what_follows = one_of("stop", "continue")


@takes({**read_what_follows.schema, "default": "stop"})
def read_on_error(value: object, path: str, notes: Notes) -> bool:
    """Whether what follows is done all the same."""
    return bool(read_what_follows(value, path, notes) == "continue")


@takes({"type": "string", "minLength": 1, "maxLength": LONGEST_SCRIPT})
def read_script(value: object, path: str, notes: Notes) -> str | None:
    if not settings.SCRPY_ALLOW_EVALUATE:
        message = "Scripts are switched off here: the operator can allow them with SCRPY_ALLOW_EVALUATE."
        notes.add(path, "unsupported_option", message)
    script: str | None = text_of(LONGEST_SCRIPT, 1)(value, path, notes)
    return script


def _evaluate(**told: Any) -> acting.Evaluate:
    """With what the operator allows now: a job may be older than that."""
    return acting.Evaluate(**told, allowed=settings.SCRPY_ALLOW_EVALUATE)


def _nothing_more(read: Mapping[str, Any], path: str, notes: Notes) -> None:
    """What is told of most actions fits together as it is."""


def _check_direction(read: Mapping[str, Any], path: str, notes: Notes) -> None:
    if not read.keys() & {"x", "y"}:
        notes.add(path, "required", "Say where to: a selector, or how many pixels, x or y.")


def _check_limit(read: Mapping[str, Any], path: str, notes: Notes) -> None:
    if "limit" in read and "selector" not in read:
        notes.add(f"{path}.selector", "required", "A limit is one of items: say which they are.")


@dataclass(frozen=True)
class Kind:
    """A kind of action: what it must be told, what it may be told besides, and what must be true of all of it."""

    make: Callable[..., Action]
    needed: Mapping[str, Reader] = field(default_factory=dict)
    more: Mapping[str, Reader] = field(default_factory=dict)
    check: Callable[[Mapping[str, Any], str, Notes], None] = _nothing_more
    also: Schema = field(default_factory=dict)
    """What `check` sees to, as JSON Schema."""

    @property
    def known(self) -> set[str]:
        """All that it may be told."""
        return {*self.needed, *self.more}


COMMON: Mapping[str, Reader] = {"timeout": read_own_timeout, "onError": read_on_error}
ELEMENT: Mapping[str, Reader] = {"selector": read_selector}
PIXELS = whole(-FAR_PX, FAR_PX)

KINDS: Mapping[str, tuple[Kind, ...]] = {
    "wait": (
        Kind(acting.WaitFor, ELEMENT, {"state": read_state}),
        Kind(acting.Pause, {"milliseconds": whole(0, MOST_WAIT_MS)}),
    ),
    "click": (Kind(acting.Click, ELEMENT),),
    "type": (
        Kind(
            acting.Type,
            {**ELEMENT, "text": read_text},
            {"delay": whole(0, 1_000), "clear": switch},
        ),
    ),
    "press": (Kind(acting.Press, {"key": read_key}, ELEMENT),),
    "select": (Kind(acting.Select, {**ELEMENT, "value": read_values}),),
    "scroll": (
        Kind(acting.ScrollTo, ELEMENT),
        Kind(
            acting.ScrollBy,
            {},
            {"x": PIXELS, "y": PIXELS},
            _check_direction,
            {"anyOf": [{"required": ["x"]}, {"required": ["y"]}]},
        ),
    ),
    "scrollToEnd": (
        Kind(
            acting.ScrollToEnd,
            {},
            {**ELEMENT, "maxScrolls": whole(1, 200), "limit": whole(1, 100_000), "waitTime": whole(100, 30_000)},
            _check_limit,
            {"dependentRequired": {"limit": ["selector"]}},
        ),
    ),
    "hover": (Kind(acting.Hover, ELEMENT),),
    "screenshot": (Kind(acting.Look, {}, {"fullPage": switch}),),
    "evaluate": (Kind(_evaluate, {"script": read_script}),),
}
"""By type: of several, the one that is told what it needs, or else the last."""

PARAMETERS = {
    "timeout": "timeout_ms",
    "onError": "goes_on",
    "delay": "delay_ms",
    "value": "values",
    "maxScrolls": "max_scrolls",
    "waitTime": "settle_ms",
    "fullPage": "full_page",
}


def schema_of(name: str, kind: Kind) -> Schema:
    """What an action of this type and kind is told, as JSON Schema."""
    defaults, called = defaults_of(kind.make), kind.make.__name__.strip("_")
    return {
        "title": f"{called[0].upper()}{called[1:]}Action",
        "type": "object",
        "properties": {"type": {"const": name}, **described({**kind.needed, **kind.more, **COMMON}, defaults)},
        "required": ["type", *kind.needed],
        "additionalProperties": False,
        **kind.also,
    }


def defaults_of(make: Callable[..., Action]) -> dict[str, Any]:
    """What an action does where it is not told, by the names that callers use."""
    known = {each.name: each.default for each in fields(make)} if is_dataclass(make) else {}
    told = {
        PARAMETERS.get(name, name): name for name in ("state", "delay", "clear", "maxScrolls", "waitTime", "fullPage")
    }
    return {name: known[parameter] for parameter, name in told.items() if parameter in known}


ACTIONS: Mapping[str, Schema] = {
    made["title"]: made for name, kinds in KINDS.items() for made in (schema_of(name, kind) for kind in kinds)
}
ACTION: Schema = {"oneOf": list(ACTIONS.values())}


@takes({"type": "string", "enum": list(KINDS)})
def read_type(value: object, path: str, notes: Notes) -> tuple[Kind, ...] | None:
    name = typed(value, str, path, notes)
    if name is None or name in KINDS:
        return KINDS[name] if name else None
    bare = name.replace("_", "").lower()
    hint = f" It is {KNOWN_ELSEWHERE[bare]} here." if bare in KNOWN_ELSEWHERE else did_you_mean(name, KINDS)
    notes.add(path, "invalid_choice", f"Expected one of: {', '.join(KINDS)}.{hint}")
    return None


def _made(kinds: tuple[Kind, ...], given: Mapping[str, Any], path: str, notes: Notes) -> Action:
    kind = next((each for each in kinds if each.needed.keys() & given.keys()), kinds[-1])
    refuse_unknown(given, {"type", *COMMON, *(name for each in kinds for name in each.known)}, path, notes)
    for name in given:
        if name not in kind.known and any(name in each.known for each in kinds):
            notes.add(joined(path, name), "invalid_combination", f"It cannot stand beside {next(iter(kind.needed))}.")
    read = {name: read_member(given, name, reader, path, notes) for name, reader in kind.needed.items()}
    more = {**kind.more, **COMMON}
    read |= {name: more[name](given[name], joined(path, name), notes) for name in more.keys() & given.keys()}
    kind.check(read, path, notes)
    return kind.make(**{PARAMETERS.get(name, name): value for name, value in read.items()})


@takes(ACTION)
def read_action(value: object, path: str, notes: Notes) -> Action | None:
    given = typed(value, dict, path, notes)
    if given is None:
        return None
    kinds = read_member(given, "type", read_type, path, notes)
    return _made(kinds, given, path, notes) if kinds else None


@takes({"type": "array", "items": ACTION, "maxItems": MOST_ACTIONS})
def read_actions(value: object, field: str, notes: Notes) -> tuple[Action, ...]:
    given = typed(value, list, field, notes) or []
    if len(given) > MOST_ACTIONS:
        notes.add(field, "too_many", f"At most {MOST_ACTIONS} actions; these are {len(given):,}.")
        return ()
    read = [read_action(each, f"{field}[{index}]", notes) for index, each in enumerate(given)]
    actions = tuple(action for action in read if action is not None)
    if len(actions) < len(read):
        return ()
    if sum(isinstance(action, acting.Look) for action in actions) > MOST_SCREENSHOTS:
        notes.add(field, "too_many", f"At most {MOST_SCREENSHOTS} of the actions can be screenshots.")
    return actions


def refuse_long_actions(read: Mapping[str, Any], notes: Notes) -> None:
    """What takes longer than a page may never comes to its end."""
    page_ms, actions = read.get("timeout", TIMEOUT_MS) or TIMEOUT_MS, read.get("actions", ())
    for index, action in enumerate(actions):
        if (action.timeout_ms or 0) > page_ms:
            message = f"A page has {page_ms:,} ms in all (options.timeout): give an action no more than that."
            notes.add(f"options.actions[{index}].timeout", "invalid_combination", message)
    waits_ms = sum(_least_ms(action) for action in actions)
    if waits_ms >= page_ms:
        message = f"They wait for {waits_ms:,} ms, and a page has {page_ms:,} ms in all (options.timeout)."
        notes.add("options.actions", "invalid_combination", message)


def _least_ms(action: Action) -> int:
    """How long it takes at least, as far as that was asked for."""
    if isinstance(action, acting.Type):
        return (action.delay_ms or 0) * len(action.text or "")
    return action.milliseconds or 0 if isinstance(action, acting.Pause) else 0
