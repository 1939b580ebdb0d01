"""Chromium: `locate` finds it, `launch` runs one, `tab` drives a lane of it, `pool` lends lanes.

`failures` turns what Playwright raises into our errors; `processes` kills what no longer answers.
A lane is a context and its one tab, lent to one page at a time and never shared between owners.
"""

from scraping.browser.locate import find_chromium
from scraping.browser.pool import BrowserPool
from scraping.browser.tab import Lane
from scraping.errors import ChromiumMissing

__all__ = ["BrowserPool", "ChromiumMissing", "Lane", "find_chromium"]
