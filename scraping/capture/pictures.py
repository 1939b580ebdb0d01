"""Pictures of what a tab shows: a part of it, all of it, or on paper."""

import asyncio
from base64 import b64decode
from contextlib import suppress
from typing import Any

from scraping.browser.tab import Lane
from scraping.capture import kinds
from scraping.capture.kinds import Capture
from scraping.errors import TooLarge
from scraping.options import PICTURES, FetchOptions, Output

LONGEST_SIDE = 16_384
"""Of a picture, in CSS pixels: what is beyond is cut off."""
MOST_PIXELS = 64 * 1024 * 1024
MOST_BYTES = 25 * 1024 * 1024
LOAD_WITHIN_S = 10.0
A4_INCHES = {"paperWidth": 8.27, "paperHeight": 11.69}


async def pictures(lane: Lane, options: FetchOptions, *, deadline: float) -> list[Capture]:
    """Those that were asked for, of the tab's present document, by `deadline` (the event loop's time).

    Raises: DocumentGone, ScrapeError.
    """
    wanted = [output for output in Output if output in options.outputs & PICTURES]
    if wanted:
        left_s = deadline - asyncio.get_running_loop().time()
        await _shown(lane, within_s=min(LOAD_WITHIN_S, left_s / 2))
    return [await _taken(lane, output) for output in wanted]


async def picture(lane: Lane, *, full_page: bool, action: int) -> Capture:
    """What the tab shows just now, for an action. Raises: DocumentGone, ScrapeError."""
    output = Output.FULL_PAGE_SCREENSHOT if full_page else Output.SCREENSHOT
    taken = await _taken(lane, output)
    return Capture(output, taken.content_type, taken.content, action)


async def _shown(lane: Lane, *, within_s: float) -> None:
    """Wait until images and fonts have come, for a while: fields may have been ready before them."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await lane.wait_for("load")
            await lane.call(await lane.enter(), "shown")


async def _taken(lane: Lane, output: Output) -> Capture:
    if output is Output.PDF:
        paper = {"printBackground": True, "preferCSSPageSize": True, **A4_INCHES}
        return _capture(output, kinds.PDF, await lane.command("Page.printToPDF", paper))
    whole = output is Output.FULL_PAGE_SCREENSHOT
    frame: dict[str, Any] = {"captureBeyondViewport": True, "clip": await _size(lane)} if whole else {}
    return _capture(output, kinds.PNG, await lane.command("Page.captureScreenshot", {"format": "png", **frame}))


def _capture(output: Output, content_type: str, answer: dict[str, Any]) -> Capture:
    content = b64decode(answer["data"])
    if len(content) > MOST_BYTES:
        raise TooLarge(f"The {output} has more than {MOST_BYTES // 2**20} MiB.")
    return Capture(output, content_type, content)


async def _size(lane: Lane) -> dict[str, float]:
    """The whole of the page, as much of it as fits a picture."""
    size = (await lane.command("Page.getLayoutMetrics"))["cssContentSize"]
    width = min(max(1, size["width"]), LONGEST_SIDE)
    height = min(max(1, size["height"]), LONGEST_SIDE, MOST_PIXELS // width)
    return {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
