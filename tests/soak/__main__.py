"""One soak: loads, looks, kills now and then, and tells what has grown; 0 if nothing has."""

import argparse
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress

from tests import environment  # noqa: F401  (chooses the database, as for every test)
from tests.chaos.faults import PROCESSES
from tests.platform.running import Platform, running_platform
from tests.site import Site
from tests.soak.gauges import look
from tests.soak.load import Load
from tests.soak.trend import trends

CLIENTS = 4
LOOK_EVERY_S = 5.0
KILL_EVERY_S = 60.0


def run(*, minutes: float, seed: int) -> bool:
    """Whether all stayed as it was, and every client got what it should. Prints the figures."""
    with Site() as site, running_platform(allow=[site.pair], workers=2) as platform:
        load = Load([platform.open_account(f"client {number}") for number in range(CLIENTS)], site.url(""))
        load.start(seed)
        samples = watched(platform, minutes=minutes, dice=random.Random(f"{seed} kills"))
        load.stop()
        offences = platform.rows.offences()
    found = trends(samples)
    sys.stdout.write(f"{'':26}{'begin':>9}{'end':>9}{'peak':>9}\n")
    for one in found:
        sys.stdout.write(f"{one}\n")
    for complaint in [*load.complaints[:20], *map(str, offences.items())]:
        sys.stdout.write(f"{complaint}\n")
    grown = [one.name for one in found if one.grown]
    ended = ", ".join(f"{what} {count}" for what, count in load.ended.most_common())
    sys.stdout.write(
        f"seed {seed} · {minutes:g} min · {sum(load.ended.values())} pages ({ended}) · "
        f"grew: {', '.join(grown) or 'nothing'} · complaints {len(load.complaints)} · offences {len(offences)}\n"
    )
    return not (grown or load.complaints or offences)


def watched(platform: Platform, *, minutes: float, dice: random.Random) -> list[Mapping[str, float]]:
    """A look every few seconds for so many minutes; a kill every minute."""
    pause = threading.Event()
    end = time.monotonic() + minutes * 60
    kill_at = time.monotonic() + KILL_EVERY_S
    samples: list[Mapping[str, float]] = []
    while time.monotonic() < end:
        samples.append(look(platform))
        if time.monotonic() >= kill_at:
            kill_one(platform, dice)
            kill_at += KILL_EVERY_S
        pause.wait(LOOK_EVERY_S)
    return samples


def kill_one(platform: Platform, dice: random.Random) -> None:
    if victims := platform.pids(dice.choice(PROCESSES)):
        with suppress(ProcessLookupError):
            os.kill(dice.choice(victims), signal.SIGKILL)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    asked = parser.parse_args()
    return 0 if run(minutes=asked.minutes, seed=asked.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
