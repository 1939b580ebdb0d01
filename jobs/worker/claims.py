"""The runs that this process has in hand, and the coroutine that each is waiting for."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

T = TypeVar("T")


class Aborted(Exception):
    """The run was stopped from outside: its job was cancelled, its claim lost, or the process is stopping."""


class Claim:
    """One run in hand. Its thread waits in `call`; any other thread may `abort` it."""

    def __init__(self, token: UUID, *, job_id: int, loop: asyncio.AbstractEventLoop) -> None:
        self.token = token
        self.job_id = job_id
        self.aborted = False
        self._loop = loop
        self._task: asyncio.Task[Any] | None = None

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run `coroutine` on the event loop and wait for its end, clean-up included.

        Raises: Aborted, or whatever the coroutine raises.
        """
        return asyncio.run_coroutine_threadsafe(self._run(coroutine), self._loop).result()

    async def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if self.aborted:
            coroutine.close()
            raise Aborted
        task = asyncio.ensure_future(coroutine)
        self._task = task
        try:
            await asyncio.wait([task])
        finally:
            self._task = None
        if task.cancelled():
            raise Aborted
        return task.result()

    def abort(self) -> None:
        """Have the coroutine cancelled, now or as soon as there is one. From any thread."""
        self._loop.call_soon_threadsafe(self._abort)

    def _abort(self) -> None:
        self.aborted = True
        if self._task:
            self._task.cancel()


class Claims:
    """All runs in hand, by token. Safe to use from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.stopping = False
        self._loop = loop
        self._held: dict[UUID, Claim] = {}
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, token: UUID, *, job_id: int) -> Iterator[Claim | None]:
        """A claim to render under; None if this process has it in hand already, or is stopping."""
        with self._lock:
            taken = self.stopping or token in self._held
            claim = None if taken else self._held.setdefault(token, Claim(token, job_id=job_id, loop=self._loop))
        try:
            yield claim
        finally:
            if claim:
                with self._lock:
                    del self._held[token]

    def held(self) -> list[Claim]:
        with self._lock:
            return list(self._held.values())

    def abort_job(self, job_id: int) -> None:
        for claim in self.held():
            if claim.job_id == job_id:
                claim.abort()

    def abort_all(self) -> None:
        """Stop everything, and take nothing more."""
        with self._lock:
            self.stopping = True
        for claim in self.held():
            claim.abort()
