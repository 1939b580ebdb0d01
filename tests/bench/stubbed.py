"""A page worker without a browser: each page takes a given time, and nothing else.

`python -m tests.bench.stubbed 200` is `manage.py worker` with pages of 200 ms.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from unittest import mock

import django


class Pool:
    """Stands where the pool of browsers does; what it lends is used by nobody."""

    browsers = 0

    def __init__(self, **_: object) -> None:
        pass

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def borrow(self, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(usable=True)

    async def give_back(self, _: object) -> None:
        pass


@contextmanager
def stubbed(*, page_ms: int) -> Iterator[None]:
    """Workers that are started now render so. Django has to be set up."""
    from scraping.render import Outcome

    async def attempt(_lane: object, page: object, _sent: object) -> Outcome:
        if page_ms:
            await asyncio.sleep(page_ms / 1000)
        return Outcome({"title": "A thing"}, 200, page.canonical_url, page_ms)  # type: ignore[attr-defined]

    with mock.patch("jobs.worker.process.BrowserPool", Pool), mock.patch("jobs.worker.runs.attempt", attempt):
        yield


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrpy.settings")
    django.setup()
    from django.core.management import call_command

    with stubbed(page_ms=int(sys.argv[1])):
        call_command("worker")
