"""The self-test of egress: the real browser, every vector, canaries inside; whoever is touched is a hole.

`vectors` are what is tried, `site` serves them, `canaries` and `netlog` are the two witnesses, `check` runs it all.
"""

from scraping.selftest.canaries import CannotCheck
from scraping.selftest.check import Report, Row, check

__all__ = ["CannotCheck", "Report", "Row", "check"]
