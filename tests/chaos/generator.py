"""Clients who post jobs, poll and now and then cancel them, and remember all they were told."""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.client import HTTPException

from tests.chaos.history import History, Story, now
from tests.platform.client import ENDED, Answer, Client

AWAY = (OSError, HTTPException)
"""What a client sees of a web server that has just been killed."""
PAUSE_S = 1.0
JOBS_AT_ONCE = 20
LARGEST_JOB = 200
CANCELLED_SHARE, LATEST_CANCEL = 0.15, 8
ALL_RESULTS_EVERY = 4
ALREADY_FINISHED = HTTPStatus.CONFLICT
LATER = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
OPTIONS = {"retries": 10, "timeout": 10_000}
RULES = {"title": "h1", "tags": [".tag"]}
PATHS = (
    "/static/{n}",
    "/spa/{n}?ms=20",
    "/spa/{n}?ms=150",
    "/flaky/{n}?fail=1",
    "/redirect?to=/static/{n}",
    "/status/404?n={n}",
)


def sizes(urls: int, dice: random.Random) -> list[int]:
    """Jobs of one page, of many, and between, `urls` in all."""
    found = []
    while urls:
        found.append(min(urls, dice.choice((1, 3, 20, 60, LARGEST_JOB))))
        urls -= found[-1]
    return found


def addresses(count: int, dice: random.Random, base: str) -> list[str]:
    return [base + dice.choice(PATHS).format(n=dice.randrange(10**6)) for _ in range(count)]


@dataclass(frozen=True)
class Order:
    """A job to be made under `key`, once; and at which poll it is cancelled, if at all."""

    client: Client
    urls: Sequence[str]
    key: str
    cancel_at: int | None


@dataclass
class Generator:
    """Posts pages of `site` for the accounts of `clients`, and follows each job to its end; some at once."""

    clients: Sequence[Client]
    site: str
    webhook: str
    give_up_at: float
    """By the monotonic clock."""
    history: History = field(default_factory=History)

    def run(self, urls: int, dice: random.Random) -> None:
        """Blocks until every job has ended or it is time to give up."""
        orders = [self._order(number, size, dice) for number, size in enumerate(sizes(urls, dice))]
        with ThreadPoolExecutor(max_workers=JOBS_AT_ONCE) as pool:
            followed = [pool.submit(self._follow, order) for order in orders]
        errors = (each.exception() for each in followed)
        self.history.complaints += [f"{type(error).__name__}: {error}" for error in errors if error]

    def _order(self, number: int, size: int, dice: random.Random) -> Order:
        cancel_at = dice.randrange(LATEST_CANCEL) if dice.random() < CANCELLED_SHARE else None
        return Order(dice.choice(self.clients), addresses(size, dice, self.site), f"order-{number}", cancel_at)

    def _follow(self, order: Order) -> None:
        client, story = order.client, self._post(order)
        while not story.polls or story.polls[-1]["status"] not in ENDED:
            method = "DELETE" if len(story.polls) == order.cancel_at else "GET"
            query = "" if len(story.polls) % ALL_RESULTS_EVERY == 0 or method == "DELETE" else "?results=false"
            path = f"/v1/jobs/{story.public_id}{query}"
            answer = self._insist(partial(client.ask, method, path), expected=(200, 409))
            if answer.status == ALREADY_FINISHED:
                answer = self._insist(partial(client.ask, "GET", path), expected=(200,))
            story.polls.append(answer.body["job"])
            time.sleep(PAUSE_S)
        path = f"/v1/jobs/{story.public_id}"
        story.polls.append(self._insist(partial(client.ask, "GET", path), expected=(200,)).body["job"])
        story.results = list(story.polls[-1]["results"])

    def _post(self, order: Order) -> Story:
        """As often as it takes: under one key, it is done once."""
        body = {"urls": order.urls, "selectors": RULES, "options": OPTIONS, "webhook": self.webhook}
        post = partial(order.client.ask, "POST", "/v1/jobs", body, **{"Idempotency-Key": order.key})
        story = Story(self._insist(post, expected=(201,)).body["job"]["id"], order.urls)
        self.history.stories.append(story)
        return story

    def _insist(self, ask: Callable[[], Answer], *, expected: Sequence[int]) -> Answer:
        """Ask until somebody answers, with other than 503 or 429. Raises: AssertionError for an answer not expected."""
        while time.monotonic() < self.give_up_at:
            asked_at = now()
            try:
                answer = ask()
            except AWAY:
                time.sleep(PAUSE_S)
                continue
            if answer.status in expected:
                self.history.answered.append((asked_at, now() - asked_at))
                return answer
            assert answer.status in LATER, answer
            time.sleep(PAUSE_S)
        raise TimeoutError("gave up waiting for an answer")
