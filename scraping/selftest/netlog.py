"""The second witness: Chromium's own log of its network stack, which a launcher has it write.

The canaries see who reaches them. The log shows besides what was attempted in vain, or at an address where no canary
sits, and the names that Chromium sets out to resolve by itself. It is the witness for DNS because an ordinary user
cannot put a canary in the place of the system's name server. What it does not show are the names that WebRTC has
resolved by the system; those are seen by what follows: datagrams to a canary, for names that lead to this machine.
Multicast DNS, which WebRTC uses for its peers' names, is in the log.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from scraping.selftest.canaries import CannotCheck, Kind

NEEDED = {"TCP_CONNECT_ATTEMPT", "UDP_CONNECT", "UDP_BYTES_SENT", "HOST_RESOLVER_MANAGER_JOB"}
SCHEME = re.compile(r"^\w+://")
LITERAL = re.compile(r"[\d.]+(:\d+)?$|\[")


@dataclass(frozen=True)
class Sight:
    """One thing that Chromium did by itself: connected or sent to `what`, an address and port, or looked it up."""

    kind: Kind
    what: str


def launcher(scratch: Path, executable: Path, *, trusted: str) -> Path:
    """A script in `scratch` that starts `executable` as it is told, but has it write a log there.

    What it adds takes no layer away. It only helps the attacks: the site's certificate (whose fingerprint is
    `trusted`) is good, and reports are sent at once rather than after a minute.
    """
    script = scratch / "chromium"
    command = shlex.join((
        str(executable),
        f"--ignore-certificate-errors-spki-list={trusted}",
        "--short-reporting-delay",
    ))  # fmt: skip
    script.write_text(f'#!/bin/sh\nexec {command} --log-net-log={shlex.quote(str(scratch))}/$$.netlog "$@"\n')
    script.chmod(0o700)
    return script


def read(scratch: Path) -> list[Sight]:
    """What the logs of all Chromiums that have run and ended show.

    Raises: CannotCheck if one is not whole, or not as it should be.
    """
    logs = list(scratch.glob("*.netlog"))
    if not logs:
        raise CannotCheck("Chromium kept no log of its network.")
    return [sight for log in logs for sight in _read(log)]


def _read(log: Path) -> list[Sight]:
    try:
        entries = orjson.loads(log.read_bytes())
        types = {number: name for name, number in entries["constants"]["logEventTypes"].items()}
    except (OSError, ValueError, KeyError) as exc:
        raise CannotCheck("Chromium's log of its network is not whole: it did not end as it should.") from exc
    if missing := NEEDED - set(types.values()):
        raise CannotCheck(f"Chromium's log of its network knows no {', '.join(sorted(missing))} any more.")
    return list(_sights(entries["events"], types))


def _sights(events: list[dict[str, Any]], types: dict[int, str]) -> Iterator[Sight]:
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
            host = SCHEME.sub("", params["host"])
            if not LITERAL.match(host):
                yield Sight("dns", host)
