"""The way from each page to the others."""

from typing import NamedTuple

LEADS_TO = (
    ("Overview", "overview", "overview"),
    ("Jobs", "jobs", "jobs"),
)
"""What the sidebar has: a title, the name of the address, and an icon of `icons.svg`."""
WITHIN = dict.fromkeys(
    (
        *("job", "job-failures", "job-deliveries", "job-timeline", "job-exports", "job-request"),
        *("page", "try-rules"),
    ),
    "jobs",
)
"""Pages that the sidebar has not, and under which of its own they are."""


class Entry(NamedTuple):
    title: str
    name: str
    icon: str
    current: bool


def entries(current: str) -> list[Entry]:
    """All of them; `current` is the name of the page that is open."""
    here = WITHIN.get(current, current)
    return [Entry(title, f"dashboard:{name}", icon, name == here) for title, name, icon in LEADS_TO]
