"""A page worker without a browser: each page takes a given time, and nothing else."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest import mock

from django.core.management import call_command

from jobs.models import Page
from scraping.render import Outcome


class Pool:
    """Stands where the pool of browsers does; what it lends is used by nobody."""

    browsers = 0

    def __init__(self, **_: object) -> None:
        pass

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    def lend_at_once(self, lanes: int) -> None:
        pass

    async def borrow(self, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(usable=True)

    async def give_back(self, _: object) -> None:
        pass


@contextmanager
def stubbed(*, page_ms: int) -> Iterator[None]:
    """Workers that are started now render so."""

    async def attempt(_lane: object, page: Page, _sent: object) -> Outcome:
        if page_ms:
            await asyncio.sleep(page_ms / 1000)
        return Outcome({"title": "A thing"}, 200, page.canonical_url, page_ms)

    with mock.patch("jobs.worker.process.BrowserPool", Pool), mock.patch("jobs.worker.runs.attempt", attempt):
        yield


def work(*, page_ms: int) -> None:
    """`manage.py worker`, with such pages."""
    with stubbed(page_ms=page_ms):
        call_command("worker")
