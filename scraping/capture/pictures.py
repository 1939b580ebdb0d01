"""Pictures of what a tab shows: a part of it, all of it, or on paper."""

import asyncio
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from scraping.browser.tab import Lane
from scraping.capture import kinds
from scraping.capture.kinds import MOST_BYTES, Capture
from scraping.errors import InternalError, NavigationTimeout, TooLarge
from scraping.limits import MIB
from scraping.options import PICTURES, Block, FetchOptions, Output

LONGEST_SIDE = 16_384
"""Of a picture, in CSS pixels, which are its own, too: what is beyond is cut off."""
MOST_PIXELS = 32 * 1024 * 1024
"""Noise of so many comes as 170 MiB of text, which is what the browser's driver can be asked to bear."""
LOAD_WITHIN_S = 10.0
SHOW_WITHIN_S = 2.0
TAKE_WITHIN_S = 20.0
ON_PAPER = {"printBackground": True, "paperWidth": 8.268, "paperHeight": 11.693}
"""A4, in inches."""


async def pictures(lane: Lane, options: FetchOptions, *, world: int, deadline: float) -> list[Capture]:
    """Those that were asked for, of the document whose isolated world is given, by `deadline` (the loop's time).

    Raises: DocumentGone, ScrapeError.
    """
    wanted = [output for output in Output if output in options.outputs & PICTURES]
    if not wanted:
        return []
    await _shown(lane, world, deadline=deadline)
    try:
        taken = [await _taken(lane, output) for output in wanted]
    except InternalError:
        await _stays(lane, world)  # what is just being left cannot be taken
        raise
    await _stays(lane, world)
    return taken


async def picture(lane: Lane, *, full_page: bool, action: int) -> Capture:
    """What the tab shows just now, for an action. Raises: DocumentGone, ScrapeError."""
    taken = await _taken(lane, Output.FULL_PAGE_SCREENSHOT if full_page else Output.SCREENSHOT)
    return replace(taken, action=action)


async def _stays(lane: Lane, world: int) -> None:
    """Raises: DocumentGone."""
    await lane.call(world, "stay")


async def _shown(lane: Lane, world: int, *, deadline: float) -> None:
    """Wait until images and fonts have come, for a while: fields may have been ready before them."""
    now = asyncio.get_running_loop().time()
    half = (now + deadline) / 2
    with suppress(TimeoutError):
        async with asyncio.timeout_at(min(now + LOAD_WITHIN_S, half)):
            await lane.wait_for("load")
            async with asyncio.timeout(SHOW_WITHIN_S):
                await lane.call(world, "shown", {"images": Block.IMAGE not in lane.profile.block})


async def _taken(lane: Lane, output: Output) -> Capture:
    try:
        async with asyncio.timeout(TAKE_WITHIN_S):
            return await _TAKE[output](lane)
    except TimeoutError as exc:
        raise NavigationTimeout(f"The {output} was not done within {TAKE_WITHIN_S:g} s: the page is too busy.") from exc


async def _window(lane: Lane) -> Capture:
    return await _shot(lane, Output.SCREENSHOT, {})


async def _full_page(lane: Lane) -> Capture:
    """All of the page, as much of it as fits a picture."""
    size = (await lane.command("Page.getLayoutMetrics"))["cssContentSize"]
    width = min(max(1, size["width"]), LONGEST_SIDE)
    height = min(max(1, size["height"]), LONGEST_SIDE, MOST_PIXELS // width)
    frame = {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}}
    return await _shot(lane, Output.FULL_PAGE_SCREENSHOT, frame, cut=width < size["width"] or height < size["height"])


async def _on_paper(lane: Lane) -> Capture:
    return _capture(Output.PDF, kinds.PDF, await lane.command("Page.printToPDF", ON_PAPER))


async def _shot(lane: Lane, output: Output, frame: Mapping[str, object], *, cut: bool = False) -> Capture:
    return _capture(
        output, kinds.PNG, await lane.command("Page.captureScreenshot", {"format": "png", **frame}), cut=cut
    )


def _capture(output: Output, content_type: str, answer: Mapping[str, str], *, cut: bool = False) -> Capture:
    content = b64decode(answer["data"])
    if len(content) > MOST_BYTES:
        raise TooLarge(f"The {output} has more than {MOST_BYTES // MIB} MiB.")
    return Capture(output, content_type, content, cut=cut)


_TAKE = {Output.SCREENSHOT: _window, Output.FULL_PAGE_SCREENSHOT: _full_page, Output.PDF: _on_paper}
