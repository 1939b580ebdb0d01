"""Runs the rooms that are named, or all."""

import argparse
import os
from collections.abc import Callable, Mapping

from tests import bench
from tests.bench import api, dashboard, egress, latency, memory, queueing, rendering, webhooks
from tests.bench.figures import Size

ROOMS: Mapping[str, tuple[Callable[[Size], None], Size]] = {
    "rendering": (rendering.run, Size(pages=400, turns=3, lanes=8)),
    "egress": (egress.run, Size(pages=32, turns=15, lanes=8)),
    "webhooks": (webhooks.run, Size(pages=5_000, turns=3, lanes=0)),
    "api": (api.run, Size(pages=1_000_000, turns=5, lanes=0)),
    "dashboard": (dashboard.run, Size(pages=1_000_000, turns=3, lanes=0)),
    "latency": (latency.run, Size(pages=1, turns=60, lanes=0)),
    "memory": (memory.run, Size(pages=100_000, turns=2, lanes=0)),
    "queueing": (queueing.run, Size(pages=1_000, turns=5, lanes=0)),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=(bench.__doc__ or "").splitlines()[0])
    parser.add_argument("rooms", nargs="*", metavar="room", default=list(ROOMS), help=f"of {', '.join(ROOMS)}")
    parser.add_argument("--pages", type=int, help="pages per turn")
    parser.add_argument("--turns", type=int, help="turns of each")
    parser.add_argument("--lanes", type=int, help="tabs at once; the platform's own choice is its own")
    parser.add_argument("--peers", action="store_true", help="other tools take turns in `rendering`, too")
    arguments = parser.parse_args()
    if unknown := set(arguments.rooms) - set(ROOMS):
        parser.error(f"There is no room {', '.join(sorted(unknown))}.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrpy.settings")
    for room in arguments.rooms:
        run, usual = ROOMS[room]
        run(usual.but(pages=arguments.pages, turns=arguments.turns, lanes=arguments.lanes, peers=arguments.peers))


if __name__ == "__main__":
    main()
