"""`manage.py scrape URL --select title=h1`: one URL, no server, no database."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.options import Options, read_options
from scraping import rules
from scraping.browser import BrowserPool, ChromiumMissing, find_chromium
from scraping.egress import Target, UrlError, check
from scraping.errors import RulesError, ScrapeError
from scraping.render import Outcome, scrape


class Command(BaseCommand):
    help = "Render one URL, read fields out of it, and print them as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url")
        parser.add_argument(
            "--select",
            action="append",
            default=[],
            metavar="FIELD=RULE",
            help="a field and how to read it, as in title=h1 or image=img@src; FIELD[]=RULE reads a list",
        )
        parser.add_argument("--rules", default="{}", metavar="JSON", help="selectors as the API takes them, or @FILE")
        parser.add_argument("--options", default="{}", metavar="JSON", help="options as the API takes them, or @FILE")

    def handle(self, *args: object, url: str, select: list[str], **given: Any) -> None:
        selectors = read_json("--rules", given["rules"]) | dict(map(selector, select))
        options = read_checked(read_json("--options", given["options"]))
        try:
            target = check(url, settings.EGRESS_POLICY)
            outcome = asyncio.run(scrape_once(target, rules.parse(selectors), options))
        except (UrlError, ScrapeError, ChromiumMissing) as error:
            raise CommandError(f"{url}: {error}") from error
        except RulesError as error:
            raise CommandError("\n".join(f"{each.path}: {each.message}" for each in error.errors)) from error
        shown = {"data": outcome.data, "fields": outcome.explained} if options.fetch.explain else outcome.data
        self.stdout.write(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())


def selector(text: str) -> tuple[str, str | list[str]]:
    """`title=h1` as a field and its rule, `tags[]=li` as a field and a list rule. Raises: CommandError."""
    field, equals, rule = text.partition("=")
    if not equals:
        raise CommandError(f"--select {text}: expected FIELD=RULE, as in title=h1.")
    return (field.removesuffix("[]"), [rule]) if field.endswith("[]") else (field, rule)


def read_json(argument: str, text: str) -> dict[str, Any]:
    """The JSON object that is `text`, or in the file that it names after an @. Raises: CommandError."""
    try:
        value = orjson.loads(Path(text[1:]).read_bytes() if text.startswith("@") else text)
    except (OSError, orjson.JSONDecodeError) as error:
        raise CommandError(f"{argument}: {error}") from error
    if not isinstance(value, dict):
        raise CommandError(f"{argument}: expected a JSON object.")
    return value


class Complaints:
    """What is wrong with the options, a line each."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, field: str, code: str, message: str) -> None:
        self.lines.append(f"{field}: {message}")


def read_checked(given: dict[str, Any]) -> Options:
    """Raises: CommandError with all that is wrong."""
    complaints = Complaints()
    options = read_options(given, complaints)
    if complaints.lines:
        raise CommandError("\n".join(complaints.lines))
    return options


async def scrape_once(target: Target, parsed: rules.Rules, options: Options) -> Outcome:
    """One page in a browser of its own, closed afterwards."""
    pool = BrowserPool(
        executable=find_chromium(settings.SCRPY_CHROMIUM_PATH),
        lanes=1,
        sandbox=settings.SCRPY_SANDBOX,
        policy=settings.EGRESS_POLICY,
    )
    try:
        lane = await pool.borrow("scrape", target.host_key, upstream=options.secrets.proxy, profile=options.profile)
        try:
            return await scrape(lane, target, parsed, replace(options.fetch, sent=options.secrets.sent))
        finally:
            await pool.give_back(lane)
    finally:
        await pool.close()
