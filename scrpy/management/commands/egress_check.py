"""`manage.py egress_check`: whether any page could reach inside from this machine, tried with the real browser."""

import asyncio
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from scraping.browser import ChromiumMissing, find_chromium
from scraping.errors import ScrapeError
from scraping.selftest import CannotCheck, Kind, Report, Row, check_egress

LINE = "{:<44} {:>5} {:>5} {:>5}  {:<10} {}"
ADVICE = "A page can reach inside from this machine: do not scrape with it until this is mended."


class Command(BaseCommand):
    help = "Try every way in which a page could reach inside, in the real browser; fail if one does."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            executable = find_chromium(settings.SCRPY_CHROMIUM_PATH)
            report = asyncio.run(check_egress(executable, sandbox=settings.SCRPY_SANDBOX))
        except (CannotCheck, ChromiumMissing, ScrapeError, OSError) as error:
            raise SystemExit(f"The check could not run, so nothing is known: {error}") from error
        self.show(report)
        if report.touches:
            raise SystemExit(ADVICE)
        if not report.passed:
            raise SystemExit("Some vectors were not tried, so nothing is known of them; run the check again.")

    def show(self, report: Report) -> None:
        self.stdout.write(LINE.format("vector", "TCP", "UDP", "DNS", "", "tried"))
        for row in report.rows:
            self.line(row.vector.name, row.touches, verdict(row), row.tried)
        for stray in report.strays:
            self.line("none: Chromium by itself", Counter([stray.kind]), "TOUCHED", stray.what)
        total = report.touches
        self.stdout.write(
            f"{report.ran} of {len(report.rows)} vectors tried; touched: "
            f"TCP {total['tcp']}, UDP {total['udp']}, DNS {total['dns']}."
        )

    def line(self, name: str, touches: Counter[Kind], verdict: str, tried: str) -> None:
        self.stdout.write(LINE.format(name, touches["tcp"], touches["udp"], touches["dns"], verdict, tried))


def verdict(row: Row) -> str:
    if row.touches:
        return "TOUCHED"
    if row.unsupported:
        return f"not supported by this Chromium ({row.unsupported})"
    return "DID NOT RUN" if row.idle else "ok"
