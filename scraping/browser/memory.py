"""How much memory there is, and how much a browser takes of it."""

from collections.abc import Iterator
from pathlib import Path

from scraping.browser import processes

MEMORY_PAGE_BYTES = processes.MEMORY_PAGE_BYTES
PROC, CGROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def memory_limit(*, proc: Path = PROC, cgroups: Path = CGROUPS) -> int:
    """The memory that this process and those it starts may take together, in bytes.

    That of the machine, or what the groups that the process is in allow, whichever is least.
    Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory, …/cgroup-v1/memory.html
    """
    machine = int((proc / "meminfo").read_text().split()[1]) * 1024
    return min([machine, *_limits(_lines(proc / "self" / "cgroup"), cgroups)])


def _limits(groups: list[str], cgroups: Path) -> Iterator[int]:
    """Of the groups, and of those that they are in: `0::/path` in version 2, `5:memory:/path` in version 1.

    In a container the path may be one outside of it; the limit is then at the root.
    """
    for _, controllers, path in (group.split(":", 2) for group in groups):
        if not controllers:
            root, name = cgroups, "memory.max"
        elif "memory" in controllers.split(","):
            root, name = cgroups / "memory", "memory.limit_in_bytes"
        else:
            continue
        inside = Path(path.lstrip("/"))
        for folder in {root, *(root / each for each in (inside, *inside.parents))}:
            yield from (int(line) for line in _lines(folder / name) if line.isdecimal())


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def own_bytes(root: int) -> int:
    """What a process and all that it has started take for themselves; what they share with others is left out."""
    return sum(_own(pid) for pid in (root, *_below(root)))


def _below(pid: int) -> Iterator[int]:
    for thread in (PROC / str(pid) / "task").glob("*"):
        for child in map(int, _lines(thread / "children")):
            yield child
            yield from _below(child)


def _own(pid: int) -> int:
    sizes = _lines(PROC / str(pid) / "statm")
    return (int(sizes[1]) - int(sizes[2])) * MEMORY_PAGE_BYTES if sizes else 0
