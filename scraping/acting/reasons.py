"""Why an action could not be done, as far as Playwright tells: its own messages quote what was typed."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from scraping.browser.failures import CRASHED, GONE
from scraping.errors import BrowserCrashed

log = logging.getLogger(__name__)

CALL_LOG = "Call log:"
FOUND = "resolved to"

HINDRANCES = (
    ("intercepts pointer events", "something else covered it"),
    ("element is not visible", "it could not be seen"),
    ("element is not stable", "it did not stop moving"),
    ("element is not enabled", "it was disabled"),
    ("element is not editable", "nothing could be written in it"),
    ("element is outside of the viewport", "it was outside the window"),
    ("did not find some options", "it had no such option"),
    ("scheduled navigations to finish", "the page that it led to did not come"),
)
"""How lines of Playwright's log end; the last that is known tells what it was still waiting for."""

REFUSALS = (
    ("is not a <select>", "it is no <select>"),
    ("is not an <input>", "nothing can be written in it"),
    ("cannot be filled", "nothing can be written in it"),
    ("parsing css selector", "the browser cannot use this selector"),
    ("is not a valid selector", "the browser cannot use this selector"),
    ("is not a valid XPath", "the browser cannot use this selector"),
    ("is not a node set", "the selector makes a value, and matches no elements"),
    ("(Runtime.evaluate): Internal error", "the script did not end in its time"),
)
"""What Playwright says of what no time can mend."""

LIMIT = re.compile(r"Timeout ([\d.]+)ms")


class Undone(Exception):
    """An action could not be done; the message says why, to go after `…: `."""


@contextmanager
def explained() -> Iterator[None]:
    """Raise Undone for Playwright's errors, or BrowserCrashed; no text of theirs goes along."""
    try:
        yield
    except PlaywrightTimeoutError as exc:
        raise Undone(_hindrance(exc.message)) from None
    except PlaywrightError as exc:
        raise Undone(_refusal(exc.message)) from None


def _hindrance(message: str) -> str:
    limit = LIMIT.search(message)
    waited = f" for {float(limit[1]):,.0f} ms" if limit else ""
    return f"{_waited_for(message.partition(CALL_LOG)[2].splitlines())}{waited}."


def _waited_for(lines: list[str]) -> str:
    for line in reversed(lines):
        for sign, hindrance in HINDRANCES:
            if line.rstrip().endswith(sign):
                return hindrance
    return "it was not ready" if any(FOUND in line for line in lines) else "nothing matched it"


def _refusal(message: str) -> str:
    message = message.partition(CALL_LOG)[0]
    for sign, refusal in REFUSALS:
        if sign in message:
            return f"{refusal}."
    if any(sign in message for sign in GONE):
        return "the page went on to another document meanwhile."
    if any(sign in message for sign in CRASHED):
        raise BrowserCrashed("The browser's tab died while it had the page.") from None
    log.error("An action failed in a way that is not known yet.")
    return "the browser could not do it."
