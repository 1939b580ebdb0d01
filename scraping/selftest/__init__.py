"""The self-test of egress: the real browser, every vector, canaries inside; whoever is touched is a hole.

`vectors` are what is tried, `site` serves them, `canaries` and `netlog` are the two witnesses, `check` runs it all.
"""

from scraping.selftest.canaries import CannotCheck, Kind
from scraping.selftest.check import Report, Row, check_egress

__all__ = ["CannotCheck", "Kind", "Report", "Row", "check_egress"]
