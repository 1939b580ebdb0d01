"""Judges a run by SQL and by the history alone; it has seen nothing else."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from tests.chaos.history import History, Story, Strike
from tests.platform.rows import Rows
from tests.site.pages import product
from tests.webhooks.receiver import Received

NEVER_S = 9_999.0
VISIBLE_ENDS = ("delivered", "given_up")


@dataclass(frozen=True)
class Recovery:
    """How long it took after a strike, in seconds."""

    strike: Strike
    took_s: float


@dataclass
class Verdict:
    """Everything but `urls` and `recoveries` has to be empty."""

    urls: int
    recoveries: list[Recovery]
    lost: list[str]
    doubled: list[str]
    charges_off: list[str]
    events_missing: list[str]
    others: list[str]

    @property
    def good(self) -> bool:
        return not self.details()

    def details(self) -> list[str]:
        """The few kinds that tell why, first: many URLs may be lost in one way."""
        return [*self.others, *self.doubled, *self.charges_off, *self.events_missing, *self.lost]


@dataclass
class Evidence:
    rows: Rows
    history: History
    received: Sequence[Received]


def judge(evidence: Evidence) -> Verdict:
    rows, history = evidence.rows, evidence.history
    offences = {rule: f"{rule}: {found[:3]}" for rule, found in rows.offences().items()}
    charges = {rule for rule in offences if "charge" in rule or "balance" in rule}
    return Verdict(
        urls=rows.one("SELECT COUNT(*) FROM jobs_page"),
        recoveries=[Recovery(strike, recovery_s(rows, history, strike)) for strike in history.strikes],
        lost=[*lost(evidence), *still_open(rows)],
        doubled=[*doubled(evidence), *made_twice(evidence), *charged_twice(rows)],
        charges_off=[offences[rule] for rule in charges],
        events_missing=list(events_missing(evidence)),
        others=[
            *(offences[rule] for rule in offences.keys() - charges),
            *history.complaints,
            *changed(history.stories),
            *altered_events(evidence.received),
            *history.litter,
            *history.unforeseen,
            *never_freed(history.strikes),
        ],
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


def made_twice(evidence: Evidence) -> Iterable[str]:
    """Jobs that no client knows: each asked under a key of its own, so all that were made belong to somebody."""
    known = {story.public_id for story in evidence.history.stories}
    for job in evidence.rows.ask("SELECT public_id FROM jobs_job"):
        if job["public_id"] not in known:
            yield f"{job['public_id']} was made, and nobody was told"


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
        for result in (result for job in story.polls for result in job.get("results", ())):
            if seen.setdefault(result["index"], result) != result:
                yield f"{story.public_id}[{result['index']}] changed"


def went_back(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    return any(later[counter] < earlier[counter] for counter in ("completedUrls", "failedUrls", "cancelledUrls"))


# -- events ------------------------------------------------------------------------------------------------


def events_missing(evidence: Evidence) -> Iterable[str]:
    """Events that no endpoint received, and deliveries of which nobody could tell how they ended."""
    told = {json.loads(each.body)["id"] for each in evidence.received}
    for event in evidence.rows.ask(
        "SELECT event.public_id, delivery.status FROM jobs_webhookevent event"
        " JOIN jobs_delivery delivery ON delivery.event_id = event.id"
    ):
        if event["status"] not in VISIBLE_ENDS or (event["status"] == "delivered" and event["public_id"] not in told):
            yield f"{event['public_id']}: {event['status']}, received: {event['public_id'] in told}"


def altered_events(received: Iterable[Received]) -> Iterable[str]:
    bodies: dict[str, bytes] = {}
    for each in received:
        public_id = json.loads(each.body)["id"]
        if bodies.setdefault(public_id, each.body) != each.body:
            yield f"{public_id}: other bytes at another try"


# -- time ----------------------------------------------------------------------------------------------------


def recovery_s(rows: Rows, history: History, strike: Strike) -> float:
    """From a strike until all that its victim held is out of its hands; or, if it held nothing, until the API answers
    or a page starts again. 0 if there was nothing left to do.
    """
    if strike.held:
        return max((strike.freed_at - strike.since).total_seconds(), 0.0) if strike.freed_at else NEVER_S
    later = answers_after(history, strike.since) if strike.kind == "web" else starts_after(rows, strike.since)
    return max((min(later) - strike.since).total_seconds(), 0.0) if later else 0.0


def answers_after(history: History, moment: datetime) -> list[datetime]:
    return [asked_at + took for asked_at, took in history.answered if asked_at > moment]


def starts_after(rows: Rows, moment: datetime) -> list[datetime]:
    started = rows.ask("SELECT started_at FROM jobs_page WHERE started_at IS NOT NULL")
    return [time for page in started if (time := at(page["started_at"])) > moment]


def never_freed(strikes: Sequence[Strike]) -> Iterable[str]:
    for strike in strikes:
        if strike.held and not strike.freed_at:
            yield f"{strike.kind} at {strike.at}: what it held was never taken back"


def at(value: object) -> datetime:
    """A time as the database gives it, aware."""
    time = datetime.fromisoformat(str(value))
    return time if time.tzinfo else time.replace(tzinfo=UTC)
