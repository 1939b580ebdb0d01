"""A caller's regular expression, run by RE2: in linear time, in bounded memory, and without Python's lock."""

from dataclasses import dataclass
from typing import Any

import re2

MAX_PATTERN_CHARS = 1_000
MAX_PROGRAM = 4_000
"""Steps of the compiled pattern. At worst each is tried at each character: some 2 s for 64 KiB."""
MAX_MEMORY_BYTES = 1024 * 1024

LOOK_AROUNDS = ("(?=", "(?!", "(?<=", "(?<!")
NAMED_BACK_REFERENCES = ("(?P=", "(?(")
ESCAPES = {"Z": r"the end of the text is \z in RE2", "h": r"white space is \s", "R": r"a line's end is \r?\n"}

SENTENCES = {
    "missing )": "a bracket ( is never closed",
    "missing ]": "a bracket [ is never closed",
    "unexpected )": "a bracket ) closes nothing",
    "trailing \\": "it ends in a single backslash",
    "no argument for repetition operator": "nothing stands before the repetition",
    "bad repetition operator": "two repetitions follow each other (RE2 has no possessive ones)",
    "invalid repetition size": "at most 1,000 repetitions are allowed, nested ones multiplied",
    "invalid character class range": "RE2 does not know this range or class of characters",
    "invalid escape sequence": "RE2 does not know this escape",
    "invalid named capture group": "a group's name is made of letters, digits and _",
    "invalid perl operator": "RE2 does not know this kind of group",
    "invalid character class": "RE2 does not know this class of characters",
}
"""What RE2 says, in words a caller can act on."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern and the group that is wanted of it."""

    regex: Any
    group: int

    def search(self, text: str) -> str | None:
        """What the group caught at the first match in `text`; None if nothing matched or the group took no part.

        Half surrogates, which no pattern can name, are read as U+FFFD.
        """
        match = self.regex.search(_whole(text))
        return None if match is None else match.group(self.group)


def compile(pattern: str, group: int | str | None = None) -> Pattern:  # noqa: A001  (as in re)
    """Compile `pattern`; without `group` the first group is wanted, or all of the match if there is none.

    Raises: ValueError with a sentence: what is wrong, and at which character.
    """
    if not 1 <= len(pattern) <= MAX_PATTERN_CHARS:
        raise ValueError(f"The pattern has {len(pattern):,} characters; 1 to {MAX_PATTERN_CHARS:,} are allowed.")
    regex = _compile(pattern)
    if regex.programsize > MAX_PROGRAM:
        raise ValueError("The pattern is too large when its repetitions are written out; repeat less, or use * or +.")
    return Pattern(regex, _group(regex, group))


def _compile(pattern: str) -> Any:
    options = re2.Options()
    options.max_mem = MAX_MEMORY_BYTES
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except UnicodeEncodeError as exc:
        raise ValueError(f"The pattern has half of a surrogate pair at character {exc.start + 1}.") from None
    except re2.error as exc:
        raise ValueError(_sentence(pattern, exc.args[0])) from None


def _sentence(pattern: str, reason: object) -> str:
    """RE2's `reason` (`invalid perl operator: (?=`, in bytes) as a sentence."""
    said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    kind, _, fragment = said.partition(": ")
    if fragment == "(?P" and "(?P=" in pattern:
        fragment = "(?P="
    if kind.startswith("pattern too large"):
        return "The pattern is too large when its repetitions are written out; repeat less, or use * or +."
    return f"RE2 cannot read the pattern{_place(pattern, fragment)}: {_cause(kind, fragment, pattern)}."


def _place(pattern: str, fragment: str) -> str:
    """Where in `pattern` the `fragment` stands; nowhere if it is all of it."""
    at = pattern.find(fragment)
    if not fragment or fragment == pattern or at < 0:
        return ""
    return f" at character {at + 1}, {fragment[:40]!r}"


def _cause(kind: str, fragment: str, pattern: str) -> str:
    rest = pattern[max(0, pattern.find(fragment)) :]
    if rest.startswith(LOOK_AROUNDS):
        return "look-arounds are not in RE2; match what stands around, and put what you want into a group"
    if rest.startswith(NAMED_BACK_REFERENCES) or _is_back_reference(fragment):
        return "back-references and conditions are not in RE2"
    if kind == "invalid escape sequence" and fragment[1:2] in ESCAPES:
        return ESCAPES[fragment[1]]
    return SENTENCES.get(kind, kind)


def _is_back_reference(fragment: str) -> bool:
    return fragment.startswith("\\") and (fragment[1:2].isdigit() or fragment[1:2] in ("k", "g"))


def _group(regex: Any, group: int | str | None) -> int:
    count: int = regex.groups
    if group is None:
        return min(count, 1)
    if isinstance(group, str):
        names: dict[str, int] = regex.groupindex
        if group not in names:
            known = ", ".join(names) or "none"
            raise ValueError(f"The pattern has no group named {group[:40]!r}; its named groups: {known}.")
        return names[group]
    if isinstance(group, bool) or not 0 <= group <= count:
        raise ValueError(f"The pattern has no group {group}; 0 is all of the match, {count} its last group.")
    return group


def _whole(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
