"""One chaos run: posts, kills, judges, and says it in one line; 0 if nothing is off."""

import argparse
import random
import sys
import threading
import time

from tests import environment  # noqa: F401  (chooses the database, as for every test)
from tests.chaos.checker import Evidence, Verdict, judge
from tests.chaos.generator import Generator
from tests.chaos.nemesis import Nemesis
from tests.platform.rows import Rows
from tests.platform.running import running_platform
from tests.site import Site
from tests.until import until
from tests.webhooks.receiver import Receiver

GIVE_UP_AFTER_S, SETTLE_WITHIN_S = 600, 180
WORKERS = 2


def run(*, seed: int, urls: int, kills: int) -> Verdict:
    receiver = Receiver()
    try:
        with Site() as site, running_platform(allow=[site.pair, receiver.pair], workers=WORKERS) as platform:
            clients = [platform.open_account(name) for name in ("alice", "bob")]
            clients.append(platform.open_account("carol", "--credits", str(2 * urls)))
            rows = platform.rows
            generator = Generator(clients, site.url(""), receiver.url, give_up_at=time.monotonic() + GIVE_UP_AFTER_S)
            nemesis = Nemesis(platform, done=lambda: ended(rows) / urls)
            hunt = threading.Thread(target=nemesis.run, args=[kills, random.Random(f"{seed} nemesis")])
            hunt.start()
            generator.run(urls, random.Random(f"{seed} generator"))
            nemesis.stop()
            hunt.join()
            settle(rows)
            return judge(Evidence(rows, generator.history, receiver.received, nemesis.kills))
    finally:
        receiver.stop()


def ended(rows: Rows) -> int:
    return int(rows.one("SELECT COUNT(*) FROM jobs_page WHERE finished_at IS NOT NULL"))


def settle(rows: Rows) -> None:
    """Wait for the jobs that nobody follows and for the events that are on their way; the judge says if in vain."""
    busy = (
        "SELECT (SELECT COUNT(*) FROM jobs_job WHERE status IN ('pending', 'running'))"
        " + (SELECT COUNT(*) FROM jobs_delivery WHERE status IN ('pending', 'sending')) AS busy"
    )
    try:
        until(lambda: rows.one(busy) == 0, what="all is quiet", within_s=SETTLE_WITHIN_S, every_s=0.5)
    except AssertionError as error:
        sys.stderr.write(f"{error}\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--urls", type=int, default=500)
    parser.add_argument("--kills", type=int, default=16)
    asked = parser.parse_args()
    verdict = run(seed=asked.seed, urls=asked.urls, kills=asked.kills)
    for line in verdict.details():
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(f"seed {asked.seed} · {verdict}\n")
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
