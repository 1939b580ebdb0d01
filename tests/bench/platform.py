"""The platform end to end, against a bare Playwright loop with kept tabs over the same pages.

The two take turns in one run, so that a machine that speeds up or slows down does so for both; every value is checked.
The pages are the demo shop's: they fetch their product and render it. The figures are ratios, and of this machine.
"""

import asyncio
import time
from collections.abc import Iterator

from playwright.async_api import Page as BrowserPage
from playwright.async_api import async_playwright

from scraping.browser import find_chromium
from scrpy.demo.catalogue import PRODUCTS, product
from tests.bench.figures import Size, report
from tests.platform.client import Client
from tests.platform.running import Platform, running_platform

SELECTORS = {"title": "h1", "price": ".price"}
READ = """() => new Promise((done) => {
  const text = (selector) => document.querySelector(selector)?.textContent;
  const read = () => ({ title: text("h1"), price: text(".price") });
  const look = () => { const data = read(); if (data.title && data.price) { watch.disconnect(); done(data); } };
  const watch = new MutationObserver(look);
  watch.observe(document, { subtree: true, childList: true, characterData: true });
  look();
})"""


def run(size: Size) -> None:
    with running_platform(allow=[]) as platform:
        client = platform.open_account("bench")
        turns = [
            (
                asyncio.run(bare_turn(urls(platform, size.pages), lanes=size.lanes)),
                platform_turn(platform, client, size.pages),
            )
            for _ in range(size.turns + 1)
        ][1:]  # the first warms both up
    report(
        f"platform, {size.turns} turns of {size.pages} pages",
        {
            "bare loop, pages/s": [bare for bare, _ in turns],
            "platform, pages/s": [ours for _, ours in turns],
            "platform / bare loop": [ours / bare for bare, ours in turns],
        },
    )


def numbers(pages: int) -> Iterator[int]:
    return (index % PRODUCTS + 1 for index in range(pages))


def urls(platform: Platform, pages: int) -> list[str]:
    return [platform.shop_url(f"/products/{number}") for number in numbers(pages)]


def expected(pages: int) -> list[dict[str, str]]:
    return [{"title": product(number).title, "price": product(number).price} for number in numbers(pages)]


def platform_turn(platform: Platform, client: Client, pages: int) -> float:
    """Pages per second from POST to the end that a waiting client sees."""
    began = time.monotonic()
    job = client.post(urls(platform, pages), SELECTORS, options={"hostConcurrency": 100})
    while client.job(job["id"], "?results=false&wait=60")["completedAt"] is None:
        pass
    took_s = time.monotonic() - began
    results = client.all_results(client.job(job["id"]))
    assert [result["data"] for result in results] == expected(pages)
    return pages / took_s


async def bare_turn(addresses: list[str], *, lanes: int) -> float:
    """Pages per second of a loop that only loads and reads; its browser is started before the clock is."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(None), args=["--blink-settings=imagesEnabled=false", "--no-sandbox"]
        )
        tabs = [await (await browser.new_context()).new_page() for _ in range(lanes)]
        found: dict[int, dict[str, str]] = {}
        waiting = iter(enumerate(addresses))
        began = time.monotonic()
        await asyncio.gather(*(visit(tab, waiting, found) for tab in tabs))
        took_s = time.monotonic() - began
        await browser.close()
    assert [found[index] for index in range(len(addresses))] == expected(len(addresses))
    return len(addresses) / took_s


async def visit(tab: BrowserPage, waiting: Iterator[tuple[int, str]], found: dict[int, dict[str, str]]) -> None:
    for index, address in waiting:
        await tab.goto(address, wait_until="domcontentloaded")
        found[index] = await tab.evaluate(READ)
