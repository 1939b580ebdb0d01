"""Hints for a name that is nearly right."""

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST_GUESSED = 40


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a sentence that refuses `name`: the known name it is close to, if any."""
    by_lower = {one.lower(): one for one in known}
    close = get_close_matches(name.lower(), by_lower, n=1) if len(name) <= LONGEST_GUESSED else []
    return f" Did you mean {by_lower[close[0]]}?" if close else ""
