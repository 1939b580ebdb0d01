"""`make bench`: the platform end to end, against a bare Playwright loop with kept tabs over the same pages.

The two take turns in one run, so that a machine that speeds up or slows down does so for both; every value is checked.
The pages are the demo shop's: they fetch their product and render it. The figures are ratios, and of this machine.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Iterator

from playwright.async_api import Page as BrowserPage
from playwright.async_api import async_playwright

from scraping.browser import find_chromium
from scrpy.demo.catalogue import PRODUCTS, product
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


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=200, help="pages per turn")
    parser.add_argument("--turns", type=int, default=5, help="turns of each")
    parser.add_argument(
        "--lanes", type=int, default=8, help="tabs of the bare loop; the platform's own choice is its own"
    )
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scrpy.settings")
    with running_platform(allow=[]) as platform:
        client = platform.open_account("bench")
        turns = [
            (
                asyncio.run(bare_turn(urls(platform, arguments.pages), lanes=arguments.lanes)),
                platform_turn(platform, client, arguments.pages),
            )
            for _ in range(arguments.turns + 1)
        ][1:]  # the first warms both up
    report(turns)


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


def report(turns: list[tuple[float, float]]) -> None:
    rows = {
        "bare loop, pages/s": [bare for bare, _ in turns],
        "platform, pages/s": [ours for _, ours in turns],
        "platform / bare loop": [ours / bare for bare, ours in turns],
    }
    sys.stdout.write(f"{'':24}{'min':>8}{'median':>8}{'max':>8}\n")
    for name, values in rows.items():
        sys.stdout.write(f"{name:24}{min(values):8.2f}{statistics.median(values):8.2f}{max(values):8.2f}\n")


if __name__ == "__main__":
    main()
