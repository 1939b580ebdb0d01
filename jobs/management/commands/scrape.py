"""`manage.py scrape URL --select title=h1`: one URL, no server, no database."""

import asyncio

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from scraping import rules
from scraping.browser import BrowserPool, ChromiumMissing, find_chromium
from scraping.egress import Target, UrlError, check
from scraping.errors import RulesError, ScrapeError
from scraping.render import FetchOptions, Outcome, scrape


class Command(BaseCommand):
    help = "Render one URL, read fields out of it, and print them as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url")
        parser.add_argument(
            "--select",
            action="append",
            required=True,
            metavar="FIELD=RULE",
            help="a field and how to read it, as in title=h1 or image=img@src; FIELD[]=RULE reads a list",
        )
        parser.add_argument("--timeout", type=int, default=30_000, help="milliseconds for the page (30000)")

    def handle(self, *args: object, url: str, select: list[str], timeout: int, **options: object) -> None:
        try:
            target = check(url, settings.EGRESS_POLICY)
            parsed = rules.parse(dict(map(selector, select)))
            outcome = asyncio.run(scrape_once(target, parsed, FetchOptions(timeout_ms=timeout)))
        except (UrlError, ScrapeError, ChromiumMissing) as error:
            raise CommandError(f"{url}: {error}") from error
        except RulesError as error:
            raise CommandError("\n".join(f"{each.path}: {each.message}" for each in error.errors)) from error
        self.stdout.write(orjson.dumps(outcome.data, option=orjson.OPT_INDENT_2).decode())


def selector(text: str) -> tuple[str, str | list[str]]:
    """`title=h1` as a field and its rule, `tags[]=li` as a field and a list rule. Raises: CommandError."""
    field, equals, rule = text.partition("=")
    if not equals:
        raise CommandError(f"--select {text}: expected FIELD=RULE, as in title=h1.")
    return (field.removesuffix("[]"), [rule]) if field.endswith("[]") else (field, rule)


async def scrape_once(target: Target, parsed: rules.Rules, options: FetchOptions) -> Outcome:
    """One page in a browser of its own, closed afterwards."""
    pool = BrowserPool(
        executable=find_chromium(settings.SCRPY_CHROMIUM_PATH),
        lanes=1,
        sandbox=settings.SCRPY_SANDBOX,
        policy=settings.EGRESS_POLICY,
    )
    try:
        lane = await pool.borrow("scrape", target.host_key)
        try:
            return await scrape(lane, target, parsed, options)
        finally:
            await pool.give_back(lane)
    finally:
        await pool.close()
