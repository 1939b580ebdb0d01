"""Crawl4AI: a tab for each lane, kept as a session, read by lxml; no cache, no delays, no markdown, light mode."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from unittest import mock

from crawl4ai import AsyncWebCrawler, BrowserConfig, CacheMode, CrawlerRunConfig
from crawl4ai.extraction_strategy import JsonLxmlExtractionStrategy
from playwright.async_api import BrowserType

from tests.bench import told
from tests.bench.told import Data, Order

LAUNCH = BrowserType.launch


def schema(selectors: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": "page", "baseSelector": "html", "fields": [field(name, rule) for name, rule in selectors.items()]}


def field(name: str, rule: Any) -> dict[str, Any]:
    if isinstance(rule, list):
        return {"name": name, "selector": rule[0], "type": "list", "fields": [{"name": "text", "type": "text"}]}
    return {"name": name, "selector": rule, "type": "text"}


def plain(data: Data) -> Data:
    return {
        name: [each["text"] for each in value] if isinstance(value, list) else value for name, value in data.items()
    }


async def run(order: Order) -> None:
    async def launch(self: BrowserType, **given: Any) -> Any:
        """It cannot be told which Chromium."""
        given.pop("channel", None)
        return await LAUNCH(self, **given, executable_path=order["chromium"])

    selectors = [rule[0] if isinstance(rule, list) else rule for rule in order["selectors"].values()]
    awaited = " && ".join(
        f"document.querySelector({json.dumps(selector)})?.textContent.trim()" for selector in selectors
    )
    config = CrawlerRunConfig(
        cache_mode=CacheMode.BYPASS,
        wait_until="domcontentloaded",
        wait_for=f"js:() => Boolean({awaited})",
        delay_before_return_html=0,
        mean_delay=0,
        max_range=0,
        extraction_strategy=JsonLxmlExtractionStrategy(schema(order["selectors"])),
        verbose=False,
    )
    browser = BrowserConfig(light_mode=True, verbose=False, extra_args=told.arguments(order))
    found: dict[int, Data] = {}
    with mock.patch.object(BrowserType, "launch", launch):
        async with AsyncWebCrawler(config=browser) as crawler:

            async def read(address: str, lane: int) -> Data:
                result = await crawler.arun(address, config=config.clone(session_id=str(lane)))
                assert result.success, result.error_message
                return plain(json.loads(result.extracted_content)[0])

            async def go_through(lane: int) -> None:
                for number, address in waiting:
                    found[number] = await read(address, lane)

            await read(order["addresses"][0], 0)
            told.say("ready")
            told.hear()
            waiting = iter(enumerate(order["addresses"]))
            await asyncio.gather(*map(go_through, range(order["lanes"])))
            told.say_found(found)


if __name__ == "__main__":
    asyncio.run(run(told.order()))
