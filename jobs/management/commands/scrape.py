"""`manage.py scrape URL --select title=h1`: one URL, no server, no database."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from mimetypes import guess_extension
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.models import Page
from jobs.models.page import PageStatus
from jobs.options import Options, read_options
from jobs.representation import result_as_dict
from jobs.worker.attempts import columns_of
from scraping import rules
from scraping.browser import BrowserPool, ChromiumMissing, find_chromium
from scraping.capture import Capture
from scraping.egress import Target, UrlError, check
from scraping.egress.dial import Dialler
from scraping.errors import RobotsDisallowed, RulesError, ScrapeError
from scraping.render import Outcome, scrape
from scraping.robots import allows, fetch_robots


class Command(BaseCommand):
    help = "Render one URL, and print what POST /v1/scrape would give as its result."

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
        parser.add_argument("--save", type=Path, metavar="DIR", help="where files go that options.outputs asks for")

    def handle(self, *args: object, url: str, select: list[str], **given: Any) -> None:
        selectors = read_json("--rules", given["rules"]) | dict(map(selector, select))
        options = read_checked(read_json("--options", given["options"]))
        try:
            parsed = rules.parse(selectors, required=not options.fetch.outputs)
            outcome = asyncio.run(scrape_once(check(url, settings.EGRESS_POLICY), parsed, options))
        except (UrlError, ScrapeError, ChromiumMissing) as error:
            raise CommandError(f"{url}: {error}") from error
        except RulesError as error:
            raise CommandError("\n".join(f"{each.path}: {each.message}" for each in error.errors)) from error
        shown = result_of(url, outcome, explain=options.fetch.explain)
        if outcome.captures:
            shown["outputs"] = outputs_of(outcome.captures, given["save"])
        self.stdout.write(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())


def result_of(url: str, outcome: Outcome, *, explain: bool) -> dict[str, Any]:
    """As the API shows it."""
    page = Page(index=0, url=url, status=PageStatus.COMPLETED, attempts=1, **columns_of(outcome, explain=explain))
    shown: dict[str, Any] = orjson.loads(orjson.dumps(result_as_dict(page)))
    return shown


def outputs_of(captures: Iterable[Capture], folder: Path | None) -> dict[str, Any]:
    """By output (those of actions by their index, too): texts themselves, and where what is saved was saved."""
    shown = {}
    for capture in captures:
        name = capture.output.value if capture.action is None else f"{capture.action}-{capture.output}"
        entry = {"contentType": capture.content_type, "bytes": len(capture.content)}
        if folder:
            entry["file"] = str(saved(folder / f"{name}{extension_of(capture.content_type)}", capture.content))
        elif capture.content_type.startswith("text/") or capture.content_type == "application/json":
            entry["content"] = capture.content.decode()
        shown[name] = entry
    return shown


def extension_of(content_type: str) -> str:
    return guess_extension(content_type.partition(";")[0]) or ".bin"


def saved(path: Path, content: bytes) -> Path:
    """Raises: CommandError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise CommandError(f"--save {path}: {error.strerror}") from error
    return path


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


def check_robots(target: Target) -> None:
    """Raises: RobotsDisallowed, or why its robots.txt could not be read."""
    if not allows(fetch_robots(target, Dialler(settings.EGRESS_POLICY, threads=1)), target.canonical):
        raise RobotsDisallowed


async def scrape_once(target: Target, parsed: rules.Rules, options: Options) -> Outcome:
    """One page in a browser of its own, closed afterwards. Raises: ScrapeError."""
    if options.respect_robots:
        await asyncio.to_thread(check_robots, target)
    pool = BrowserPool(
        executable=find_chromium(settings.SCRPY_CHROMIUM_PATH),
        lanes=1,
        sandbox=settings.SCRPY_SANDBOX,
        policy=settings.EGRESS_POLICY,
    )
    try:
        lane = await pool.borrow("scrape", target.host_key, upstream=options.secrets.proxy, profile=options.profile)
        try:
            return await scrape(
                lane, target, parsed, replace(options.fetch, sent=options.secrets.sent, keep_html=False)
            )
        finally:
            await pool.give_back(lane)
    finally:
        await pool.close()
