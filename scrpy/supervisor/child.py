"""One program, started again whenever it dies."""

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scrpy.supervisor.backoff import Backoff
from scrpy.supervisor.checks import CannotStart
from scrpy.supervisor.logfile import LogFile
from scrpy.supervisor.process import Process, how_it_ended
from scrpy.supervisor.terminal import report

STARTS_AT_BOOT = 5
TAIL_LINES = 8


@dataclass(frozen=True)
class Program:
    """What to run. `role` says when it starts and stops, and what its death means."""

    name: str
    role: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    """What its environment has beyond ours."""


class Child:
    def __init__(
        self,
        program: Program,
        *,
        home: Path,
        scratch: Path,
        cwd: Path,
        on_end: Callable[["Child", int], None],
    ) -> None:
        """`on_end(child, pid)` is called for every process of it that has ended, asked to or not."""
        self.program = program
        self.process: Process | None = None
        self.booting = True
        self.log = LogFile(home / "logs" / f"{program.name}.log")
        self._temp = scratch / program.name
        self._cwd = cwd
        self._on_end = on_end
        self._backoff = Backoff()

    @property
    def pid(self) -> int | None:
        """Of the running process, if there is one."""
        return self.process.pid if self.process and not self.process.ended.is_set() else None

    async def keep(self) -> None:
        """Run the program for ever. Raises CannotStart if, before `booting` is over, it dies too often."""
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            end = await self._run_once()
            pause_s = self._backoff.after(lived_s=clock() - started)
            if self.booting and self._backoff.deaths == STARTS_AT_BOOT:
                raise CannotStart(self._obituary(end))
            report(f"{self.program.name} died ({end}); it starts again" + (f" in {pause_s:g} s" if pause_s else ""))
            await asyncio.sleep(pause_s)

    async def _run_once(self) -> str:
        """How it ended. That there was no room even to start it is an end like any other."""
        try:
            self.process = self._start()
        except OSError as error:
            return str(error)
        await self.process.ended.wait()
        return how_it_ended(self.process.returncode)

    def _start(self) -> Process:
        """In a temporary directory that is empty again each time. Raises: OSError."""
        shutil.rmtree(self._temp, ignore_errors=True)
        self._temp.mkdir(parents=True, exist_ok=True)
        self.log.path.parent.mkdir(parents=True, exist_ok=True)
        self.log.trim()
        return Process(
            self.program.command,
            cwd=self._cwd,
            env=os.environ | self.program.env | {"TMPDIR": str(self._temp)},
            output=self.log.path,
            on_end=lambda pid: self._on_end(self, pid),
        )

    def _obituary(self, end: str) -> str:
        tail = "".join(f"\n    {line}" for line in self.log.tail(TAIL_LINES))
        return f"{self.program.name} does not start: {end}, {STARTS_AT_BOOT} times. The end of {self.log.path}:{tail}"
