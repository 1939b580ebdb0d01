"""Bare loops over pages, in a process of their own: no queue, no database, no egress.

`python -m tests.bench.loops kept` is told what to do as `told` says.
"""

import asyncio
import itertools
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, async_playwright
from websockets.asyncio.client import ClientConnection, connect

from tests.bench import told
from tests.bench.told import READ, Data, Order, arguments, say, say_found

Visit = Callable[[str], Awaitable[Data]]
"""Reads the page at an address."""

LISTENS = b"DevTools listening on "


@asynccontextmanager
async def playwright_browser(order: Order) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=order["chromium"], args=arguments(order))
        yield browser
        await browser.close()


@asynccontextmanager
async def kept(order: Order) -> AsyncIterator[list[Visit]]:
    """Playwright, each lane a tab that is kept."""
    async with playwright_browser(order) as browser:
        tabs = [await (await browser.new_context()).new_page() for _ in range(order["lanes"])]

        def visit_in(tab: Any) -> Visit:
            async def visit(address: str) -> Data:
                await tab.goto(address, wait_until="domcontentloaded")
                return dict(json.loads(await tab.evaluate(READ, order["selectors"])))

            return visit

        yield [visit_in(tab) for tab in tabs]


@asynccontextmanager
async def fresh(order: Order) -> AsyncIterator[list[Visit]]:
    """Playwright, a new context for each page, as its users are told to."""
    async with playwright_browser(order) as browser:

        async def visit(address: str) -> Data:
            context = await browser.new_context()
            tab = await context.new_page()
            await tab.goto(address, wait_until="domcontentloaded")
            data = json.loads(await tab.evaluate(READ, order["selectors"]))
            await context.close()
            return dict(data)

        yield [visit] * order["lanes"]


class Cdp:
    """A connection to a browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Data]] = {}
        self._events: dict[tuple[str, str], asyncio.Future[None]] = {}

    async def receive_for_ever(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            if "id" in message:
                self._answers.pop(message["id"]).set_result(message)
            elif waiting := self._events.pop((message.get("sessionId", ""), message["method"]), None):
                waiting.set_result(None)

    async def call(self, method: str, session: str = "", **parameters: object) -> Data:
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        more = {"sessionId": session} if session else {}
        await self._connection.send(json.dumps({"id": number, "method": method, "params": parameters, **more}))
        answered = await answer
        assert "result" in answered, answered
        return dict(answered["result"])

    def event(self, method: str, session: str) -> asyncio.Future[None]:
        """Done when it comes."""
        coming = self._events[session, method] = asyncio.get_running_loop().create_future()
        return coming


@asynccontextmanager
async def cdp(order: Order) -> AsyncIterator[list[Visit]]:
    """Chromium's own protocol and nothing between, each lane a tab that is kept: the limit."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        more = ["--remote-debugging-port=0", f"--user-data-dir={directory}", "--disable-gpu"]
        chromium = await asyncio.create_subprocess_exec(
            order["chromium"], *arguments(order), *more, stderr=asyncio.subprocess.PIPE
        )
        assert chromium.stderr
        while not (line := await chromium.stderr.readline()).startswith(LISTENS):
            pass
        async with connect(line.removeprefix(LISTENS).decode().strip(), max_size=None) as connection:
            browser = Cdp(connection)
            receiving = asyncio.create_task(browser.receive_for_ever())
            yield [await tab_of(browser, order["selectors"]) for _ in range(order["lanes"])]
            await browser.call("Browser.close")
            receiving.cancel()
        await chromium.communicate()


async def tab_of(browser: Cdp, selectors: Mapping[str, object]) -> Visit:
    context = await browser.call("Target.createBrowserContext")
    target = await browser.call("Target.createTarget", url="about:blank", browserContextId=context["browserContextId"])
    attached = await browser.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    session = attached["sessionId"]
    await browser.call("Page.enable", session)
    expression = f"({READ})({json.dumps(selectors)})"

    async def visit(address: str) -> Data:
        parsed = browser.event("Page.domContentEventFired", session)
        navigated = await browser.call("Page.navigate", session, url=address)
        assert "errorText" not in navigated, navigated
        await parsed
        read = await browser.call(
            "Runtime.evaluate", session, expression=expression, awaitPromise=True, returnByValue=True
        )
        return dict(json.loads(read["result"]["value"]))

    return visit


LOOPS = {"kept": kept, "fresh": fresh, "cdp": cdp}


async def run(order: Order) -> None:
    async with LOOPS[sys.argv[1]](order) as lanes:
        say("ready")
        told.hear()
        found: dict[int, Data] = {}
        waiting = iter(enumerate(order["addresses"]))

        async def go_through(visit: Visit) -> None:
            for index, address in waiting:
                found[index] = await visit(address)

        await asyncio.gather(*map(go_through, lanes))
        say_found(found)


if __name__ == "__main__":
    asyncio.run(run(told.order()))
