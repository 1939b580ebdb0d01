"""Clients who keep a platform busy until they are stopped, and check what they get."""

import random
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.checker import right
from tests.chaos.generator import AWAY, PATHS, RULES
from tests.platform.client import Answer, Client

JOB_SIZE = 24
HOSTILE_SHARE = 0.1
SLOW_SHARE = 0.1
SLOW = ("/slow/{n}?ms=1500", "/spa/{n}?ms=1200")
HOSTILE = (
    "/busy",
    "/regex-bomb",
    "/dialog-loop",
    "/open-loop",
    "/nesting",
    "/fill-arrays",
    "/fill-at-once",
    "/css-bomb",
    "/firehose",
    "/packed?with=gzip",
    "/many-downloads",
    "/loop-in-workers",
    "/redirect-loop",
    "/reset-body",
    "/garbage",
    "/raw/huge-header",
)
"""Each takes seconds at most, or the two that a page has here; what becomes of it is for other tests to say."""
OPTIONS = {"retries": 2, "timeout": 4_000}
PAUSE_S = 0.5


@dataclass
class Load:
    """Several clients at once, each with one job after another."""

    clients: Sequence[Client]
    site: str
    ended: Counter[str] = field(default_factory=Counter)
    """Pages, by what became of them."""
    complaints: list[str] = field(default_factory=list)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, seed: int) -> None:
        for number, client in enumerate(self.clients):
            dice = random.Random(f"{seed} {number}")
            self._threads.append(threading.Thread(target=self._work, args=[client, dice]))
            self._threads[-1].start()

    def stop(self) -> None:
        """Blocks until each client has seen its last job end."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _work(self, client: Client, dice: random.Random) -> None:
        try:
            while not self._stopped.is_set():
                self._one_job(client, addresses(dice, self.site))
        except AssertionError as error:
            self.complaints.append(str(error))

    def _one_job(self, client: Client, urls: Sequence[str]) -> None:
        posted = self._insist(client, "POST", "/v1/jobs", {"urls": urls, "selectors": RULES, "options": OPTIONS})
        public_id, ended = posted.body["job"]["id"], False
        while not ended:
            job = self._insist(client, "GET", f"/v1/jobs/{public_id}?wait=10").body["job"]
            ended = job["completedAt"] is not None
        for result in job["results"]:
            self.ended[result.get("error", {}).get("code", "completed")] += 1
            if is_ordinary(result["url"]) and not right(result["url"], result):
                self.complaints.append(f"{public_id}: {result}")

    def _insist(self, client: Client, method: str, path: str, body: object = None) -> Answer:
        """Ask until the web answers; it may have been killed. Raises: AssertionError for a refusal."""
        while True:
            try:
                answer = client.ask(method, path, body)
            except AWAY:
                self._stopped.wait(PAUSE_S)
                continue
            if answer.status != 503:
                assert answer.status in (200, 201), answer
                return answer
            self._stopped.wait(PAUSE_S)


def addresses(dice: random.Random, base: str) -> list[str]:
    return [base + one_path(dice).format(n=dice.randrange(10**6)) for _ in range(JOB_SIZE)]


def one_path(dice: random.Random) -> str:
    share = dice.random()
    if share < HOSTILE_SHARE:
        return dice.choice(HOSTILE)
    return dice.choice(SLOW if share < HOSTILE_SHARE + SLOW_SHARE else PATHS)


def is_ordinary(url: str) -> bool:
    """Whether its result is known beforehand."""
    path = "/" + url.split("/", 3)[3]
    return path not in HOSTILE and not path.startswith("/slow/")
