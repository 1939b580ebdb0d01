"""One chaos run: posts, harms, judges, and says it in one line; 0 if nothing is off."""

import argparse
import random
import sys
from pathlib import Path

from tests import environment  # noqa: F401  (chooses the settings, as for every test)
from tests.chaos import report
from tests.chaos.checker import judge
from tests.chaos.run import run

MOST_DETAILS = 50


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--urls", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=20, help="when clients give up")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--document", type=Path, help="a file whose section of this database gets the table")
    asked = parser.parse_args()
    verdict = run(
        seed=asked.seed,
        urls=asked.urls,
        kills=asked.kills,
        workers=asked.workers,
        minutes=asked.minutes,
        postgres=asked.database == "postgres",
        conclude=judge,
    )
    for detail in verdict.details()[:MOST_DETAILS]:
        sys.stderr.write(f"{detail}\n")
    heading = f"`make chaos` with `--seed {asked.seed} --urls {asked.urls} --kills {asked.kills}"
    table = report.table(verdict, heading=f"{heading} --workers {asked.workers} --database {asked.database}`:")
    if asked.document:
        report.put_into(asked.document, asked.database, table)
    sys.stdout.write(f"{table}\nseed {asked.seed} · {report.line(verdict)}\n")
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
