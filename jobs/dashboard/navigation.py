"""The way from each page to the others."""

from typing import NamedTuple

LEADS_TO = (
    ("Overview", "overview", "overview"),
    ("Jobs", "jobs", "jobs"),
    ("New job", "new-job", "new"),
    ("Schedules", "schedules", "schedules"),
    ("Hosts", "hosts", "hosts"),
    ("Usage", "usage", "usage"),
    ("API keys", "keys", "keys"),
    ("Webhooks", "webhooks", "webhooks"),
    ("Members", "members", "members"),
)
"""What the sidebar has: a title, the name of the address, and an icon of `icons.svg`."""
OF_OWNERS = ("members",)
"""What others are not let into."""
WITHIN = {
    **dict.fromkeys(("job", "job-failures", "job-deliveries", "job-timeline", "job-exports", "job-request"), "jobs"),
    **dict.fromkeys(("page", "try-rules"), "jobs"),
    "schedule": "schedules",
    "new-schedule": "schedules",
    "edit-schedule": "schedules",
    "new-key": "keys",
    "delivery": "webhooks",
    "test-delivery": "webhooks",
    "add-member": "members",
}
"""Pages that the sidebar has not, and under which of its own they are."""


class Entry(NamedTuple):
    title: str
    name: str
    icon: str
    current: bool


def entries(current: str, *, owner: bool) -> list[Entry]:
    """Those that somebody may open; `current` is the name of the page that is open."""
    here = WITHIN.get(current, current)
    shown = [one for one in LEADS_TO if owner or one[1] not in OF_OWNERS]
    return [Entry(title, f"dashboard:{name}", icon, name == here) for title, name, icon in shown]
