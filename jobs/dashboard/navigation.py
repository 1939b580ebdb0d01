"""The way from each page to the others."""

from typing import NamedTuple

LEADS_TO = (
    ("Overview", "overview", "overview"),
    ("Jobs", "jobs", "jobs"),
)
"""What the sidebar has: a title, the name of the address, and an icon of `icons.svg`."""


class Entry(NamedTuple):
    title: str
    name: str
    icon: str
    current: bool


def entries(current: str) -> list[Entry]:
    """All of them; `current` is the name of the page that is open, or begins with it and a dash."""
    return [
        Entry(title, f"dashboard:{name}", icon, current == name or current.startswith(f"{name}-"))
        for title, name, icon in LEADS_TO
    ]
