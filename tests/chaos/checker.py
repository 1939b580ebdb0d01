"""Judges a run by SQL and by what the clients remember; it has seen nothing else."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from tests.chaos.generator import History, Story
from tests.chaos.nemesis import Kill
from tests.platform.rows import Rows
from tests.site.pages import product
from tests.webhooks.receiver import Received


@dataclass
class Verdict:
    """Everything but `urls`, `kills` and `slowest` has to be empty."""

    urls: int
    kills: Counter[str]
    lost: list[str]
    doubled: list[str]
    charges_off: list[str]
    events_missing: list[str]
    others: list[str]
    slowest: tuple[float, str]
    """Recovery, in seconds, and from what."""

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.charges_off or self.events_missing or self.others)

    def __str__(self) -> str:
        kills = ", ".join(f"{kind} {count}" for kind, count in sorted(self.kills.items()))
        recovery_s, after = self.slowest
        return (
            f"kills: {kills} · URLs {self.urls} · lost {len(self.lost)} · doubled {len(self.doubled)} · "
            f"charges off {len(self.charges_off)} · events missing {len(self.events_missing)} · "
            f"other offences {len(self.others)} · slowest recovery {recovery_s:.1f} s ({after})"
        )

    def details(self) -> list[str]:
        return [*self.lost, *self.doubled, *self.charges_off, *self.events_missing, *self.others]


@dataclass
class Evidence:
    rows: Rows
    history: History
    received: Sequence[Received]
    kills: Sequence[Kill] = field(default_factory=list)


def judge(evidence: Evidence) -> Verdict:
    offences = {rule: f"{rule}: {rows[:3]}" for rule, rows in evidence.rows.offences().items()}
    charges = {rule for rule in offences if "charge" in rule or "balance" in rule}
    return Verdict(
        urls=evidence.rows.one("SELECT COUNT(*) FROM jobs_page"),
        kills=Counter(kill.kind for kill in evidence.kills),
        lost=[*lost(evidence), *still_open(evidence.rows)],
        doubled=[*doubled(evidence), *charged_twice(evidence.rows)],
        charges_off=[offences[rule] for rule in charges],
        events_missing=list(events_missing(evidence)),
        others=[
            *(offences[rule] for rule in offences.keys() - charges),
            *evidence.history.complaints,
            *changed(evidence.history.stories),
            *altered_events(evidence.received),
        ],
        slowest=max(
            ((recovery_s(evidence.rows, kill), kill.kind) for kill in evidence.kills), default=(0.0, "nothing")
        ),
    )


# -- what was asked for ----------------------------------------------------------------------------------


def lost(evidence: Evidence) -> Iterable[str]:
    """URLs of answered jobs whose result is missing, or not what their page says."""
    for story in evidence.history.stories:
        pages = {page["index"]: page for page in evidence.rows.pages(story.public_id)}
        results = {result["index"]: result for result in story.results}
        for index, url in enumerate(story.urls):
            page = pages.get(index)
            if page is None or page["url"] != url:
                yield f"{story.public_id}[{index}] {url}: no page"
            elif page["status"] != "cancelled" and not right(url, results.get(index)):
                yield f"{story.public_id}[{index}] {url}: {results.get(index)}, its page {page['status']}"


def right(url: str, result: dict[str, Any] | None) -> bool:
    """Whether a result is what the page at `url` says."""
    parts = urlsplit(url)
    if result is None or result["url"] != url:
        return False
    if parts.path == "/status/404":
        return bool(result["error"]["code"] == "http_error" and result["metadata"]["statusCode"] == 404)
    number = (parts.query if parts.path == "/redirect" else parts.path).rpartition("/")[2]
    expected = {name: product(number)[name] for name in ("title", "tags")}
    return bool(result["data"] == expected)


def still_open(rows: Rows) -> Iterable[str]:
    """Pages of any job, answered or not."""
    for page in rows.ask("SELECT id, status FROM jobs_page WHERE status IN ('pending', 'queued', 'running')"):
        yield f"page {page['id']} is still {page['status']}"


def doubled(evidence: Evidence) -> Iterable[str]:
    for story in evidence.history.stories:
        for index, times in Counter(result["index"] for result in story.results).items():
            if times > 1:
                yield f"{story.public_id}[{index}]: {times} results"
        if len(evidence.rows.pages(story.public_id)) > len(story.urls):
            yield f"{story.public_id}: more pages than URLs"


def charged_twice(rows: Rows) -> Iterable[str]:
    twice = "SELECT page_id FROM jobs_ledgerentry WHERE page_id IS NOT NULL GROUP BY page_id HAVING COUNT(*) > 1"
    for entry in rows.ask(twice):
        yield f"page {entry['page_id']} is charged twice"


def changed(stories: Iterable[Story]) -> Iterable[str]:
    """Results that were not the same in every answer, and counters that went back."""
    for story in stories:
        seen: dict[int, Any] = {}
        if any(went_back(earlier, later) for earlier, later in pairwise(story.polls)):
            yield f"{story.public_id}: counters went back"
        for result in (result for job in story.polls for result in job["results"]):
            if seen.setdefault(result["index"], result) != result:
                yield f"{story.public_id}[{result['index']}] changed"


def went_back(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    return any(later[counter] < earlier[counter] for counter in ("completedUrls", "failedUrls", "cancelledUrls"))


# -- events ------------------------------------------------------------------------------------------------


def events_missing(evidence: Evidence) -> Iterable[str]:
    """Events that no endpoint received, and deliveries that do not say that it did."""
    told = {json.loads(each.body)["id"] for each in evidence.received}
    for event in evidence.rows.ask(
        "SELECT event.public_id, delivery.status FROM jobs_webhookevent event"
        " JOIN jobs_delivery delivery ON delivery.event_id = event.id"
    ):
        if event["public_id"] not in told or event["status"] != "delivered":
            yield f"{event['public_id']}: {event['status']}, received: {event['public_id'] in told}"


def altered_events(received: Iterable[Received]) -> Iterable[str]:
    bodies: dict[str, bytes] = {}
    for each in received:
        public_id = json.loads(each.body)["id"]
        if bodies.setdefault(public_id, each.body) != each.body:
            yield f"{public_id}: other bytes at another try"


# -- time ----------------------------------------------------------------------------------------------------


def recovery_s(rows: Rows, kill: Kill) -> float:
    """From a kill to the end of the first page that started after it; 0 if none was left to start."""
    started_later = [
        at(page["finished_at"])
        for page in rows.ask("SELECT started_at, finished_at FROM jobs_page WHERE sequence IS NOT NULL")
        if at(page["started_at"]) > kill.at
    ]
    return (min(started_later) - kill.at).total_seconds() if started_later else 0.0


def at(value: object) -> datetime:
    """A time as the database gives it, aware."""
    time = datetime.fromisoformat(str(value))
    return time if time.tzinfo else time.replace(tzinfo=UTC)
