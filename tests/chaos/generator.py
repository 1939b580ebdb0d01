"""Clients who post jobs, poll and now and then cancel them, and remember all they were told."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from tests.platform.client import ENDED, Answer, Client

AWAY = (OSError, HTTPException)
"""What a client sees of a web server that has just been killed."""
PAUSE_S = 0.2
LARGEST_JOB = 100
CANCELLED_SHARE, LATEST_CANCEL = 0.15, 8
ALREADY_FINISHED = HTTPStatus.CONFLICT
LATER = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
ATTEMPTS = {"retries": 10}
RULES = {"title": "h1", "tags": [".tag"]}
PATHS = (
    "/static/{n}",
    "/spa/{n}?ms=20",
    "/spa/{n}?ms=150",
    "/flaky/{n}?fail=1",
    "/redirect?to=/static/{n}",
    "/status/404?n={n}",
)


@dataclass
class Story:
    """A job as its client knows it: what was asked for, all answers since, and in the end every result."""

    public_id: str
    urls: Sequence[str]
    polls: list[dict[str, Any]] = field(default_factory=list)
    results: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class History:
    """What all clients know. `complaints` is what they were told that cannot be."""

    stories: list[Story] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def sizes(urls: int, dice: random.Random) -> list[int]:
    """Jobs of one page, of many, and between, `urls` in all."""
    found = []
    while urls:
        found.append(min(urls, dice.choice((1, 3, 20, LARGEST_JOB))))
        urls -= found[-1]
    return found


def addresses(count: int, dice: random.Random, base: str) -> list[str]:
    return [base + dice.choice(PATHS).format(n=dice.randrange(10**6)) for _ in range(count)]


@dataclass(frozen=True)
class Order:
    """A job to be made, and at which poll it is cancelled instead, if at all."""

    client: Client
    urls: Sequence[str]
    cancel_at: int | None


@dataclass
class Generator:
    """Posts pages of `site` for the accounts of `clients`, and follows each job to its end in a thread of its own."""

    clients: Sequence[Client]
    site: str
    webhook: str
    give_up_at: float
    """By the monotonic clock."""
    history: History = field(default_factory=History)

    def run(self, urls: int, dice: random.Random) -> None:
        """Blocks until every job has ended or it is time to give up."""
        orders = [self._order(size, dice) for size in sizes(urls, dice)]
        with ThreadPoolExecutor(max_workers=len(orders)) as pool:
            followed = [pool.submit(self._follow, order) for order in orders]
        errors = (each.exception() for each in followed)
        self.history.complaints += [f"{type(error).__name__}: {error}" for error in errors if error]

    def _order(self, size: int, dice: random.Random) -> Order:
        cancel_at = dice.randrange(LATEST_CANCEL) if dice.random() < CANCELLED_SHARE else None
        return Order(dice.choice(self.clients), addresses(size, dice, self.site), cancel_at)

    def _follow(self, order: Order) -> None:
        client, story = order.client, self._post(order)
        while not story.polls or story.polls[-1]["status"] not in ENDED:
            method = "DELETE" if len(story.polls) == order.cancel_at else "GET"
            answer = self._insist(partial(client.ask, method, f"/v1/jobs/{story.public_id}"), expected=(200, 409))
            if answer.status == ALREADY_FINISHED:
                answer = self._insist(partial(client.ask, "GET", f"/v1/jobs/{story.public_id}"), expected=(200,))
            story.polls.append(answer.body["job"])
            time.sleep(PAUSE_S)
        story.results = list(story.polls[-1]["results"])

    def _post(self, order: Order) -> Story:
        """One that was never answered may have been made as well: nobody follows it, but SQL knows it."""
        body = {"urls": order.urls, "selectors": RULES, "options": ATTEMPTS, "webhook": self.webhook}
        answer = self._insist(partial(order.client.ask, "POST", "/v1/jobs", body), expected=(201,))
        story = Story(answer.body["job"]["id"], order.urls)
        self.history.stories.append(story)
        return story

    def _insist(self, ask: Callable[[], Answer], *, expected: Sequence[int]) -> Answer:
        """Ask until somebody answers, with other than 503 or 429. Raises: AssertionError for an answer not expected."""
        while time.monotonic() < self.give_up_at:
            try:
                answer = ask()
            except AWAY:
                time.sleep(PAUSE_S)
                continue
            if answer.status in expected:
                return answer
            assert answer.status in LATER, answer
            time.sleep(PAUSE_S)
        raise TimeoutError("gave up waiting for an answer")
