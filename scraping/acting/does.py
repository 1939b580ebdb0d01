"""How each kind of action is done; each tells what it found, by name, as results show it."""

import asyncio
from functools import singledispatch

from playwright.async_api import Locator

from scraping.acting import script
from scraping.acting.actions import (
    Action,
    Click,
    Evaluate,
    Hover,
    Look,
    Pause,
    Press,
    ScrollBy,
    ScrollTo,
    ScrollToEnd,
    Select,
    Type,
    WaitFor,
)
from scraping.acting.reasons import Undone
from scraping.acting.turn import Turn
from scraping.capture import Capture, picture

Found = dict[str, object] | Capture | None


@singledispatch
async def do(action: Action, turn: Turn) -> Found:
    """Do `action`. Raises: Undone, ScrapeError; Playwright's errors, which `reasons` explains."""
    raise NotImplementedError(action.type)


@do.register
async def _(action: Pause, turn: Turn) -> Found:
    if action.milliseconds > turn.left_ms:
        raise Undone(f"{action.milliseconds:,} ms are more than what was left for it, {turn.left_ms:,.0f} ms.")
    await asyncio.sleep(action.milliseconds / 1000)
    return None


@do.register
async def _(action: WaitFor, turn: Turn) -> Found:
    awaited = {"selector": [action.selector.kind, action.selector.text], "state": action.state}
    answer = await turn.ask("meet", {"awaited": {**awaited, "remaining": turn.patience_ms}})
    if "notCome" in answer:
        raise Undone(f"it was not {action.state} within {turn.patience_s * 1000:,.0f} ms.")
    return None


@do.register
async def _(action: Click, turn: Turn) -> Found:
    """Tried without clicking first: what an element may take is less than what it leads to may."""
    element = turn.element(action.selector)
    await element.click(trial=True, timeout=turn.patience_ms)
    await element.click(timeout=turn.left_ms)
    await turn.arrive()
    return None


@do.register
async def _(action: Type, turn: Turn) -> Found:
    """After what is there already: where the caret of a field is that has just got the focus is anyone's guess."""
    element = turn.element(action.selector)
    if action.clear:
        await element.fill("", timeout=turn.patience_ms)
    else:
        await _await_editable(element, turn)
        await element.press("Control+End", timeout=turn.patience_ms)
    await element.press_sequentially(action.text, delay=action.delay_ms, timeout=turn.left_ms)
    await turn.arrive()
    return None


async def _await_editable(element: Locator, turn: Turn) -> None:
    """Playwright itself types into whatever there is, and into nothing at all."""
    await element.wait_for(timeout=turn.patience_ms)
    handle = await element.element_handle(timeout=turn.patience_ms)
    await handle.wait_for_element_state("editable", timeout=turn.patience_ms)


@do.register
async def _(action: Press, turn: Turn) -> Found:
    element = turn.element(action.selector) if action.selector else turn.lane.element("css=:focus")
    if action.selector:
        await element.focus(timeout=turn.patience_ms)
    if action.selector or await element.count():
        await element.press(action.key, timeout=turn.left_ms)
    else:
        await turn.lane.keyboard.press(action.key)
    await turn.arrive()
    return None


@do.register
async def _(action: Select, turn: Turn) -> Found:
    await turn.element(action.selector).select_option(list(action.values), timeout=turn.patience_ms)
    await turn.arrive()
    return None


@do.register
async def _(action: ScrollTo, turn: Turn) -> Found:
    await turn.element(action.selector).scroll_into_view_if_needed(timeout=turn.patience_ms)
    return None


@do.register
async def _(action: ScrollBy, turn: Turn) -> Found:
    await turn.ask("scrollBy", {"x": action.x, "y": action.y})
    return None


@do.register
async def _(action: ScrollToEnd, turn: Turn) -> Found:
    items = action.selector and [action.selector.kind, action.selector.text]
    found: dict[str, object] = await turn.ask(
        "scrollToEnd",
        {
            "items": items,
            "most": action.max_scrolls,
            "limit": action.limit,
            "settle": action.settle_ms,
            "remaining": turn.left_ms,
        },
    )
    return found


@do.register
async def _(action: Hover, turn: Turn) -> Found:
    await turn.element(action.selector).hover(timeout=turn.patience_ms)
    return None


@do.register
async def _(action: Look, turn: Turn) -> Found:
    return await picture(turn.lane, full_page=action.full_page, action=turn.index)


@do.register
async def _(action: Evaluate, turn: Turn) -> Found:
    value = await script.run(action, turn)
    await turn.arrive()
    return {"value": value}
