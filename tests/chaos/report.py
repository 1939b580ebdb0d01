"""A verdict in one line, and as a table for people."""

import os
import platform as machine
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from statistics import median

from tests.chaos.checker import Recovery, Verdict

SEEN = ("supervisor", "worker")


def line(verdict: Verdict) -> str:
    """All of it, short."""
    kinds = ", ".join(f"{kind} {len(those)} ({held(those)})" for kind, those in by_kind(verdict))
    return (
        f"kills {len(verdict.recoveries)}: {kinds} · URLs {verdict.urls} · lost {len(verdict.lost)} · "
        f"doubled {len(verdict.doubled)} · charges off {len(verdict.charges_off)} · "
        f"events missing {len(verdict.events_missing)} · other offences {len(verdict.others)} · "
        f"slowest recovery {slowest(verdict, lambda each: each.strike.seen_by in SEEN)} where the death was seen, "
        f"{slowest(verdict, lambda each: each.strike.seen_by not in SEEN)} where not"
    )


def table(verdict: Verdict, *, heading: str) -> str:
    """Markdown."""
    rows = [
        "| fault | done | of these to somebody at work or needed | pages being rendered, on average | "
        "in the victims' hands | seen by | recovery: median, slowest |",
        "|---|---|---|---|---|---|---|",
        *(row(kind, those) for kind, those in by_kind(verdict)),
    ]
    found = (
        f"URLs {verdict.urls:,} · lost {len(verdict.lost)} · doubled {len(verdict.doubled)} · charges off "
        f"{len(verdict.charges_off)} · events missing {len(verdict.events_missing)} · "
        f"other offences {len(verdict.others)}"
    )
    return "\n".join([f"{heading} {hardware()}", "", f"**{found}**", "", *rows, ""])


def row(kind: str, those: Sequence[Recovery]) -> str:
    times = [each.took_s for each in those]
    running = sum(each.strike.running for each in those) / len(those)
    effective = sum(each.strike.effective for each in those)
    cells = (kind, len(those), effective, f"{running:.1f}", held(those), those[0].strike.seen_by)
    return f"| {' | '.join(map(str, cells))} | {median(times):.1f} s, {max(times):.1f} s |"


def by_kind(verdict: Verdict) -> Iterator[tuple[str, list[Recovery]]]:
    def kind(each: Recovery) -> str:
        return each.strike.kind

    for name, those in groupby(sorted(verdict.recoveries, key=kind), key=kind):
        yield name, list(those)


def held(those: Sequence[Recovery]) -> str:
    claims = [claim for each in those for claim in each.strike.held]
    words = {"jobs_page": "pages", "jobs_delivery": "deliveries"}
    if claims:
        return f"{len(claims)} {words[claims[0].table]}"
    return f"{max(each.strike.live for each in those)} jobs waited"


def slowest(verdict: Verdict, fits: Callable[[Recovery], bool]) -> str:
    those = [each for each in verdict.recoveries if fits(each)]
    if not those:
        return "none"
    worst = max(those, key=lambda each: each.took_s)
    return f"{worst.took_s:.1f} s ({worst.strike.kind})"


def hardware() -> str:
    """The machine, as far as it matters."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, Linux, Python {machine.python_version()}."


def put_into(document: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of the section `name`."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, _, rest = document.read_text().partition(begin)
    _, _, after = rest.partition(end)
    assert after, f"{document} has no section {name}"
    document.write_text(f"{before}{begin}{text}{end}{after}")
