"""crawlee: its pages share a context, no fingerprints are made up, nothing is kept on disk, and its pool is full."""

import asyncio
import json
import logging
from datetime import timedelta

from crawlee import ConcurrencySettings, Request
from crawlee.browsers import BrowserPool, PlaywrightBrowserPlugin
from crawlee.crawlers import PlaywrightCrawler, PlaywrightCrawlingContext
from crawlee.storage_clients import MemoryStorageClient

from tests.bench import told
from tests.bench.told import READ, Data, Order

WARM = "warm"


def request(address: str, number: int | str) -> Request:
    return Request.from_url(address, unique_key=str(number), user_data={"number": number})


async def run(order: Order) -> None:
    found: dict[int, Data] = {}
    lanes = order["lanes"]
    browser = PlaywrightBrowserPlugin(
        browser_launch_options={"executable_path": order["chromium"], "args": told.arguments(order)},
        max_open_pages_per_browser=lanes,
        fingerprint_generator=None,
    )
    crawler = PlaywrightCrawler(
        browser_pool=BrowserPool([browser]),
        goto_options={"wait_until": "domcontentloaded"},
        storage_client=MemoryStorageClient(),
        concurrency_settings=ConcurrencySettings(
            min_concurrency=lanes, desired_concurrency=lanes, max_concurrency=lanes
        ),
        use_session_pool=False,
        max_request_retries=0,
        configure_logging=False,
        request_handler_timeout=timedelta(minutes=10),
    )

    @crawler.router.default_handler
    async def read(context: PlaywrightCrawlingContext) -> None:
        data: Data = json.loads(await context.page.evaluate(READ, order["selectors"]))
        number = context.request.user_data["number"]
        if number == WARM:
            told.say("ready")
            told.hear()
            await context.add_requests([request(address, place) for place, address in enumerate(order["addresses"])])
            return
        found[int(str(number))] = data
        if len(found) == len(order["addresses"]):
            await asyncio.to_thread(told.say_found, found)

    await crawler.run([request(order["addresses"][0], WARM)])


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    asyncio.run(run(told.order()))
