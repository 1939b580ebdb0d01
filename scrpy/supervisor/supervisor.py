"""Start, watch and stop all of scrpy's processes on one machine."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from scrpy.supervisor.child import Child, Program
from scrpy.supervisor.orphans import adopt, kill_orphans, reap_orphans
from scrpy.supervisor.process import Process
from scrpy.supervisor.terminal import report, say

STOP_ORDER: tuple[tuple[set[str], float], ...] = (
    ({"worker"}, 25.0),
    ({"webhooks", "clock"}, 26.5),
    ({"web", "shop"}, 28.0),
    ({"queue"}, 29.0),
)
"""Who is asked to stop together, and when at the latest they are killed: seconds since the stop began."""
SETTLE_S = 5.0
"""For what follows the last deaths, at most: a second, unless the machine is busy."""
TRIM_LOGS_EVERY_S = 60


@dataclass(frozen=True)
class Stage:
    """Programs that start together, and what is waited for before the next ones do."""

    programs: Sequence[Program]
    ready: Callable[[], Coroutine[Any, Any, None]]
    """Ends when they are. Raises: CannotStart, if they will not be."""


class Supervisor:
    def __init__(self, *, home: Path, scratch: Path, cwd: Path, on_end: Callable[[str, int], Awaitable[None]]) -> None:
        """`on_end(role, pid)` is awaited, beside the rest, for every process that has ended."""
        self._make_child = partial(Child, home=home, scratch=scratch, cwd=cwd, on_end=self._on_end)
        self._tell_end = on_end
        self._strangers: set[int] = set()
        self._children: list[Child] = []
        self._keepers: set[asyncio.Task[None]] = set()
        self._duties: set[asyncio.Task[None]] = set()
        self._stop = asyncio.Event()

    async def run(self, stages: Sequence[Stage], *, on_ready: Callable[[], None]) -> None:
        """Start stage by stage and keep all up until a signal asks for the end; then stop them in order.

        Raises: CannotStart, with everything stopped again, if a stage does not get ready.
        """
        self._strangers = adopt()
        self._listen()
        self._keepers.add(asyncio.create_task(self._trim_logs()))
        try:
            if await self._boot(stages):
                on_ready()
                await self._watch(self._stop.wait())
        finally:
            await self._stop_all()

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_stop_signal, number)
        loop.add_signal_handler(signal.SIGCHLD, lambda: reap_orphans(self._pids()))

    def _on_stop_signal(self, number: signal.Signals) -> None:
        """A second Ctrl-C insists. The others often come doubled, from a terminal that closes or from `timeout`."""
        if self._stop.is_set() and number == signal.SIGINT:
            for process in self._running():
                process.kill()
        self._stop.set()

    async def _boot(self, stages: Sequence[Stage]) -> bool:
        """False if the end was asked for before all were ready."""
        for stage in stages:
            for program in stage.programs:
                child = self._make_child(program)
                self._children.append(child)
                self._keepers.add(asyncio.create_task(child.keep()))
            if not await self._watch(stage.ready()):
                return False
        for child in self._children:
            child.booting = False
        return True

    async def _watch(self, goal: Coroutine[Any, Any, object]) -> bool:
        """Wait for `goal`; False if the end was asked for. Raises what ends a keeper: they end no other way."""
        waits = {asyncio.ensure_future(goal), asyncio.ensure_future(self._stop.wait())}
        try:
            done, _ = await asyncio.wait(waits | self._keepers, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in waits:
                task.cancel()
        return not self._stop.is_set()

    def _on_end(self, child: Child, pid: int) -> None:
        self._do(kill_orphans(self._pids))
        self._do(self._tell_end(child.program.role, pid))

    def _do(self, duty: Awaitable[None]) -> None:
        """In the background, held so that it is not collected half-way."""
        task = asyncio.ensure_future(duty)
        self._duties.add(task)
        task.add_done_callback(self._duties.discard)

    async def _trim_logs(self) -> None:
        while True:
            await asyncio.sleep(TRIM_LOGS_EVERY_S)
            for child in self._children:
                child.log.trim()

    async def _stop_all(self) -> None:
        """Role after role, each killed if it takes too long; no process and no zombie is left."""
        began = asyncio.get_running_loop().time()
        for keeper in self._keepers:
            keeper.cancel()
        if self._running():
            say("Stopping: workers hand back their pages first. Ctrl-C again stops at once.")
        for roles, latest_s in STOP_ORDER:
            await self._stop_roles(roles, deadline=began + latest_s)
        if self._duties:
            await asyncio.wait(self._duties, timeout=SETTLE_S)

    async def _stop_roles(self, roles: set[str], *, deadline: float) -> None:
        running = self._running(roles)
        for process in running:
            process.terminate()
        try:
            async with asyncio.timeout_at(deadline):
                await ended(running)
        except TimeoutError:
            for child in self._children:
                if child.program.role in roles and child.pid:
                    report(f"{child.program.name} did not stop in time and was killed")
            for process in running:
                process.kill()
            await ended(running)

    def _running(self, roles: set[str] | None = None) -> list[Process]:
        """Of these roles, or all."""
        children = (child for child in self._children if roles is None or child.program.role in roles)
        return [child.process for child in children if child.process and not child.process.ended.is_set()]

    def _pids(self) -> set[int]:
        """All that are no orphans."""
        return {process.pid for process in self._running()} | self._strangers


async def ended(processes: Sequence[Process]) -> None:
    await asyncio.gather(*(process.ended.wait() for process in processes))
