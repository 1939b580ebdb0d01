"""What may be asked for, as it was checked; `type` is a caller's name for it."""

from dataclasses import dataclass, field
from typing import ClassVar

from scraping.options import State
from scraping.rules import Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One of them. Without a time of its own it has what the page has left, but not for elements that do not come."""

    type: ClassVar[str]
    timeout_ms: int | None = None
    goes_on: bool = False
    """Whether what follows is done although it could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targeted(Action):
    """One that is done to the first element that the selector matches."""

    selector: Selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Action):
    """Nothing, for so long."""

    type = "wait"
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFor(Targeted):
    """Wait for what the selector matches to come, or to go."""

    type = "wait"
    state: State = State.VISIBLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Targeted):
    """Click it, and wait for the document that this leads to."""

    type = "click"


@dataclass(frozen=True, slots=True, kw_only=True)
class Type(Targeted):
    """Type into it, key by key. The text may be a password: it is in no message, log or representation."""

    type = "type"
    text: str = field(repr=False)
    delay_ms: int = 0
    clear: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Press(Action):
    """Press a key, or several at once, in an element or wherever the focus is."""

    type = "press"
    key: str
    selector: Selector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Targeted):
    """Choose these of its options, by value or label."""

    type = "select"
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrollTo(Targeted):
    """Bring it into view."""

    type = "scroll"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrollBy(Action):
    """Scroll by so many CSS pixels, right and down."""

    type = "scroll"
    x: int = 0
    y: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrollToEnd(Action):
    """Scroll to the end for as long as the page, or what the selector matches, grows of it."""

    type = "scrollToEnd"
    selector: Selector | None = None
    max_scrolls: int = 20
    limit: int | None = None
    settle_ms: int = 2_000
    """How long it is waited for growth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hover(Targeted):
    """Move the pointer over it."""

    type = "hover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Action):
    """Take a picture of the page as it is now."""

    type = "screenshot"
    full_page: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate(Action):
    """Run a script as the page's own; only where the operator allows it."""

    type = "evaluate"
    script: str = field(repr=False)
    allowed: bool = False
