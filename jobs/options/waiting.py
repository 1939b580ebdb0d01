"""When a page counts as ready, and with which status it may be read."""

from collections.abc import Mapping
from typing import Any

from jobs.reading import Notes, one_of, read_member, refuse_unknown, takes, typed, whole
from scraping.options import Awaited, State, WaitUntil
from scraping.rules import Selector, parse_selector
from scraping.rules.parse import MAX_SELECTOR_CHARS

TIMEOUT_MS, MOST_TIMEOUT_MS = 30_000, 120_000
MOST_WAIT_MS = 60_000
MOST_STATUSES = 200
"""All there are."""


read_moment = one_of(*(each for each in WaitUntil if each is not WaitUntil.AUTO))


@takes(read_moment.schema)
def read_wait_until(value: object, field: str, notes: Notes) -> WaitUntil | None:
    text = read_moment(value, field, notes)
    return WaitUntil(text) if text in set(WaitUntil) else None


read_status = whole(400, 599)


@takes({"type": "array", "items": read_status.schema, "maxItems": MOST_STATUSES})
def read_statuses(value: object, field: str, notes: Notes) -> frozenset[int]:
    given = typed(value, list, field, notes) or []
    if len(given) > MOST_STATUSES:
        notes.add(field, "too_many", f"There are {MOST_STATUSES} of them, 400 to 599; these are {len(given):,}.")
        return frozenset()
    return frozenset(read_status(status, f"{field}[{index}]", notes) for index, status in enumerate(given))


@takes({"type": "string", "format": "selector", "minLength": 1, "maxLength": MAX_SELECTOR_CHARS})
def read_selector(value: object, field: str, notes: Notes) -> Selector | None:
    text = typed(value, str, field, notes)
    try:
        return None if text is None else parse_selector(text)
    except ValueError as error:
        notes.add(field, "invalid_selector", str(error))
        return None


read_pause = whole(0, MOST_WAIT_MS)
read_state_name = one_of(*State)
read_own_timeout = whole(1, MOST_TIMEOUT_MS)


@takes(
    {
        "type": "object",
        "properties": {
            "selector": read_selector.schema,
            "state": {**read_state_name.schema, "default": State.VISIBLE.value},
            "timeout": read_own_timeout.schema,
        },
        "required": ["selector"],
        "additionalProperties": False,
    }
)
def read_awaited(value: object, field: str, notes: Notes) -> Awaited | None:
    given = typed(value, dict, field, notes) or {}
    refuse_unknown(given, ("selector", "state", "timeout"), field, notes)
    selector = read_member(given, "selector", read_selector, field, notes)
    state = read_member({"state": State.VISIBLE.value, **given}, "state", read_state_name, field, notes)
    timeout_ms = read_own_timeout(given["timeout"], f"{field}.timeout", notes) if "timeout" in given else None
    return Awaited(selector, State(state), timeout_ms) if selector and state in set(State) else None


@takes({"oneOf": [read_pause.schema, read_awaited.schema]})
def read_wait_for(value: object, field: str, notes: Notes) -> int | Awaited | None:
    if isinstance(value, dict):
        awaited: Awaited | None = read_awaited(value, field, notes)
        return awaited
    if type(value) is int:
        wait: int | None = read_pause(value, field, notes)
        return wait
    notes.add(field, "invalid_type", "Expected a number of milliseconds, or an object with a selector.")
    return None


def refuse_long_waits(read: Mapping[str, Any], notes: Notes) -> None:
    """What waits for longer than a page may take never comes to its end."""
    wait, timeout = read.get("waitFor"), read.get("timeout", TIMEOUT_MS) or TIMEOUT_MS
    if isinstance(wait, int) and wait >= timeout:
        message = f"A page has {timeout:,} ms in all (options.timeout): wait for less."
        notes.add("options.waitFor", "invalid_combination", message)
    if isinstance(wait, Awaited) and (wait.timeout_ms or 0) > timeout:
        message = f"A page has {timeout:,} ms in all (options.timeout): wait for no more than that."
        notes.add("options.waitFor.timeout", "invalid_combination", message)
