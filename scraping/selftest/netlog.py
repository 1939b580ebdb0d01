"""The second witness: Chromium's own log of its network stack, which a launcher has it write.

The canaries see who reaches them. The log shows besides what was attempted in vain, or at an address where no canary
sits, and each name that was to be resolved: every resolution in Chromium is a job of its host resolver, whichever
process asked. (An ordinary user cannot put a canary in the place of the system's name server.)
"""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scraping.selftest.canaries import CannotCheck, Kind

END = "]}"
HOST = re.compile(r"(?:\w+://)?(.*?)/?")


@dataclass(frozen=True)
class Sight:
    """One thing that Chromium did by itself: connected or sent to `what`, an address and port, or looked it up."""

    kind: Kind
    what: str


def launcher(scratch: Path, executable: Path, *, trusted: str) -> tuple[Path, Path]:
    """A script that starts `executable` as it is told, but with a log; the script and the log.

    What it adds takes no layer away. It only helps the attacks: the site's certificate (whose fingerprint is
    `trusted`) is good, and reports are sent at once rather than after a minute.
    """
    script, log = scratch / "chromium", scratch / "netlog.json"
    added = (
        f"--log-net-log={log}",
        f"--ignore-certificate-errors-spki-list={trusted}",
        "--short-reporting-delay",
    )
    script.write_text(f'#!/bin/sh\nexec {shlex.join((str(executable), *added))} "$@"\n')
    script.chmod(0o700)
    return script, log


def read(log: Path) -> list[Sight]:
    """What the log of an ended Chromium shows. Raises: CannotCheck if it is not whole, or not as it should be."""
    try:
        text = log.read_text(errors="replace")
        entries = json.loads(text)
        types = {number: name for name, number in entries["constants"]["logEventTypes"].items()}
    except (OSError, ValueError, KeyError) as exc:
        raise CannotCheck(f"Chromium's log of its network could not be read ({type(exc).__name__}).") from exc
    missing = {"TCP_CONNECT_ATTEMPT", "UDP_BYTES_SENT", "HOST_RESOLVER_MANAGER_JOB"} - set(types.values())
    if missing:
        raise CannotCheck(f"Chromium's log of its network knows no {', '.join(sorted(missing))} any more.")
    return list(_sights(entries["events"], types))


def _sights(events: list[dict[str, Any]], types: dict[int, str]) -> Any:
    peers: dict[int, str] = {}
    for event in events:
        name, source, params = types[event["type"]], event["source"]["id"], event.get("params", {})
        if name == "TCP_CONNECT_ATTEMPT" and "address" in params:
            yield Sight("tcp", params["address"])
        elif name == "UDP_CONNECT" and "address" in params:
            peers[source] = params["address"]
        elif name == "UDP_BYTES_SENT":
            yield Sight("udp", params.get("address", peers.get(source, "?")))
        elif name == "HOST_RESOLVER_MANAGER_JOB" and "host" in params:
            yield Sight("dns", HOST.fullmatch(params["host"])[1])
