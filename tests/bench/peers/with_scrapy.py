"""scrapy-playwright: as many tabs as lanes, each kept and given the next page, with the browser's own headers."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from scrapy_playwright.page import PageMethod

from tests.bench import told
from tests.bench.told import READ, Data, Order

HANDLER = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
WARM = -1


class Pages(scrapy.Spider):
    """One request for each lane is under way, and asks for the next."""

    name = "pages"
    told_to: Order

    async def start(self) -> AsyncIterator[Any]:
        self.found: dict[int, Data] = {}
        self.waiting = iter(enumerate(self.told_to["addresses"]))
        yield self.request(WARM, self.told_to["addresses"][0])

    def request(self, number: int, address: str, tab: Any = None) -> scrapy.Request:
        kept = {"playwright_page": tab} if tab else {}
        read = PageMethod("evaluate", READ, self.told_to["selectors"])
        meta = {
            "playwright": True,
            "playwright_include_page": True,
            "playwright_page_goto_kwargs": {"wait_until": "domcontentloaded"},
            "playwright_page_methods": [read],
            "number": number,
            **kept,
        }
        return scrapy.Request(address, meta=meta, dont_filter=True)

    def parse(self, response: Any) -> Iterator[scrapy.Request]:
        number, tab = response.meta["number"], response.meta["playwright_page"]
        if number == WARM:
            told.say("ready")
            told.hear()
            tabs = [tab, *[None] * (self.told_to["lanes"] - 1)]
        else:
            self.found[number] = json.loads(response.meta["playwright_page_methods"][0].result)
            tabs = [tab]
            if len(self.found) == len(self.told_to["addresses"]):
                told.say_found(self.found)
        for each, (place, address) in zip(tabs, self.waiting, strict=False):
            yield self.request(place, address, each)


def main(order: Order) -> None:
    Pages.told_to = order
    process = AsyncCrawlerProcess(
        {
            "DOWNLOAD_HANDLERS": {"http": HANDLER, "https": HANDLER},
            "PLAYWRIGHT_LAUNCH_OPTIONS": {"executable_path": order["chromium"], "args": told.arguments(order)},
            "PLAYWRIGHT_PROCESS_REQUEST_HEADERS": None,
            "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": order["lanes"],
            "CONCURRENT_REQUESTS": order["lanes"],
            "CONCURRENT_REQUESTS_PER_DOMAIN": order["lanes"],
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": False,
            "RETRY_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "ERROR",
        }
    )
    process.crawl(Pages)
    process.start()


if __name__ == "__main__":
    main(told.order())
