"""Processes by id, safe against an id that the system has given to someone else since."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MEMORY_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Process:
    """A process: its id, and when it started, which no later bearer of the id shares."""

    pid: int
    started: str

    @classmethod
    def find(cls, pid: int) -> "Process | None":
        """The process that has this id now."""
        fields = _stat(pid)
        return cls(pid, fields[19]) if fields else None

    @property
    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        fields = _stat(self.pid)
        return bool(fields) and fields[19] == self.started and fields[0] != "Z"

    def kill(self) -> None:
        """Kill it, stopped or not, if it is still the same process."""
        with suppress(ProcessLookupError):
            if self.alive:
                os.kill(self.pid, signal.SIGKILL)

    def kill_group(self) -> None:
        """Kill it and its process group, if it is still the same process."""
        with suppress(ProcessLookupError):
            if self.alive:
                os.killpg(os.getpgid(self.pid), signal.SIGKILL)

    def parent(self) -> "Process | None":
        """The process that started it."""
        fields = _stat(self.pid)
        return Process.find(int(fields[1])) if fields else None

    def argument(self, name: str) -> str | None:
        """The value of `--name=value` on its command line."""
        prefix = f"--{name}="
        return next((word.removeprefix(prefix) for word in _command(self.pid) if word.startswith(prefix)), None)

    def mentions(self, word: str) -> bool:
        """Whether `word` is anywhere on its command line, which Chromium's processes rewrite."""
        return any(word in part for part in _command(self.pid))


@dataclass(frozen=True)
class Usage:
    """What a process has used of the machine: processor time since its start, memory at this moment."""

    process: Process
    cpu_s: float
    resident_bytes: int


def usage(pid: int) -> Usage | None:
    """What the process that has this id now has used; None for a zombie too."""
    fields = _stat(pid)
    if not fields or fields[0] == "Z":
        return None
    cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return Usage(Process(pid, fields[19]), cpu_s, int(fields[21]) * MEMORY_PAGE_BYTES)


def forked(by: int) -> Iterator[int]:
    """The ids of what the main thread of `by` has forked, and those in turn; cheaper than a look at every process."""
    try:
        pids = (PROC / str(by) / "task" / str(by) / "children").read_text().split()
    except OSError:
        return
    for pid in map(int, pids):
        yield pid
        yield from forked(pid)


def children(of: int, word: str | None = None) -> set[Process]:
    """The children of the process with the id `of`; those that have `word` on their command line."""
    found = {process for process in running() if _parent(process) == str(of)}
    return {process for process in found if word is None or word in _command(process.pid)}


def running() -> Iterator[Process]:
    """Every process of the machine."""
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (process := Process.find(int(entry.name))):
            yield process


def _parent(process: Process) -> str:
    return (_stat(process.pid) or ["", ""])[1]


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat from the state on; the name before it may hold spaces and brackets."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return []


def _command(pid: int) -> list[str]:
    try:
        return (PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []
