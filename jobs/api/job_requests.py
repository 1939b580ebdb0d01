"""Checks what a client asks of a new job, field by field, and tells all that is wrong with it at once."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

import orjson
from django.conf import settings

from jobs.api.errors import MOST_PROBLEMS, ApiError, Problems, invalid_request
from jobs.api.uploads import Upload
from jobs.api.url_lists import Refusals, UrlReader, check_url, read_list
from jobs.intake import JobRequest, Wanted, queueing
from jobs.models import Job
from jobs.options import read_options, without_secrets
from jobs.reading import Notes, read_metadata, refuse_unknown, required, typed
from jobs.rereading import KEPT
from jobs.webhooks.asked import read_webhook
from scraping.egress import Target
from scraping.egress.gate import read
from scraping.errors import RulesError, UrlError
from scraping.rules import parse

FIELDS = ("name", "urls", "selectors", "webhook", "options", "metadata")
BESIDE_A_FILE = tuple(name for name in FIELDS if name != "urls")
SCRAPE_FIELDS = ("url", "selectors", "options", "metadata")
PREVIEW_FIELDS = ("url", "html", "selectors", "options")
REEXTRACT_FIELDS = ("name", "selectors", "webhook", "metadata")
LONGEST_NAME = 200
MOST_HTML_BYTES = 5 * 2**20
FOR_MANY = ("hostConcurrency", "hostDelay", "concurrency", "deduplicate", "session", "priority")
"""Options that mean nothing for a single URL."""
NOWHERE = "https://html.invalid/"
"""Where HTML is said to be from whose address was not given."""
OF_READING = ("timeout", "retries", "locale", "javascript", "explain", "shadowRoots", "frames")
"""Options that matter where nothing is visited."""
Judge = Callable[[str], Target]
FIRST = 1_000
"""The priority of what somebody waits for: above any that a job may ask for."""


Asked = Mapping[str, Any] | Upload
"""The body of `POST /v1/jobs`: JSON, or a file of URLs and JSON beside it."""


def read_job_request(asked: Asked) -> JobRequest:
    """What the body of `POST /v1/jobs` asks for. Raises: ApiError with every problem found in it."""
    problems, refused = Problems(), Refusals()
    request = read_asked(asked, problems, refused, of_body=problems)
    if refused.count:
        raise wrong_lines(problems, refused)
    problems.raise_any()
    return request


def read_dry_run(asked: Asked) -> tuple[JobRequest, Refusals]:
    """The same request, of those URLs that would be taken, and the others. Raises: ApiError with the other problems."""
    problems, refused = Problems(), Refusals()
    request = read_asked(asked, problems, refused, of_body=refused)
    problems.raise_any()
    return request, refused


def read_asked(asked: Asked, problems: Problems, refused: Refusals, *, of_body: Notes) -> JobRequest:
    """What is wrong with single URLs of a file is `refused`; with those of a body, it is noted with `of_body`."""
    if isinstance(asked, Upload):
        refuse_unknown(asked.job, BESIDE_A_FILE, "", problems)
        return read_request(asked.job, read_file(asked, problems, refused), problems)
    refuse_unknown(asked, FIELDS, "", problems)
    return read_request(asked, read_urls(asked, problems, of_body), problems)


def wrong_lines(problems: Problems, refused: Refusals) -> ApiError:
    """Of a file all lines are read, however many are wrong."""
    found, shown = len(problems.found) + refused.count, [*problems.found, *refused.first][:MOST_PROBLEMS]
    if found == len(shown):
        return invalid_request(shown)
    message = f"{found:,} things are wrong with this request; the first {len(shown)} of them are in details."
    return ApiError("invalid_request", message, problems=shown)


def read_scrape_request(body: dict[str, Any]) -> JobRequest:
    """What the body of `POST /v1/scrape` asks for. Raises: ApiError with every problem found in it."""
    problems = Problems()
    refuse_unknown(body, SCRAPE_FIELDS, "", problems)
    request = read_single_request(body, problems, judge=check_url)
    problems.raise_any()
    return replace(request, kind=Job.Kind.SCRAPE)


def read_preview_request(body: dict[str, Any]) -> tuple[JobRequest, str | None]:
    """What the body of `POST /v1/preview` asks for, and the HTML, if it brings some.

    Raises: ApiError with every problem found in it.
    """
    problems = Problems()
    refuse_unknown(body, PREVIEW_FIELDS, "", problems)
    html = read_html(body, problems)
    if "html" in body:
        request = read_single_request({"url": NOWHERE, **body}, problems, judge=read)
        request = replace(request, free=True, host=KEPT)
    else:
        request = read_single_request(body, problems, judge=check_url)
    problems.raise_any()
    options = as_text(without_secrets({**body.get("options", {}), "explain": True}))
    return replace(request, kind=Job.Kind.PREVIEW, options=options), html


def read_reextract_request(body: dict[str, Any], source: Job) -> JobRequest:
    """What the body of `POST /v1/jobs/:id/reextract` asks for. Raises: ApiError with every problem found in it."""
    problems = Problems()
    refuse_unknown(body, REEXTRACT_FIELDS, "", problems)
    options = {name: value for name, value in orjson.loads(source.options).items() if name in OF_READING}
    request = read_request({**body, "options": options}, [], problems)
    problems.raise_any()
    return replace(request, kind=Job.Kind.REEXTRACT, free=True)


def read_single_request(body: Mapping[str, Any], problems: Problems, *, judge: Judge) -> JobRequest:
    """One URL, which somebody waits for."""
    url = required(body, "url", str, problems)
    target = None if url is None else judged(url, judge, problems)
    options = body.get("options")
    for name in FOR_MANY:
        if isinstance(options, dict) and name in options:
            problems.add(f"options.{name}", "unsupported_option", "This means nothing for a single URL; leave it out.")
    return replace(read_request(body, [Wanted(target)] if target else [], problems), priority=FIRST)


def judged(url: str, judge: Judge, problems: Problems) -> Target | None:
    try:
        return judge(url)
    except UrlError as error:
        problems.add("url", error.code, str(error))
        return None


def read_request(body: Mapping[str, Any], wanted: list[Wanted], problems: Problems) -> JobRequest:
    """What all kinds of jobs have in common. Where a problem was noted it means nothing."""
    options = read_options(body.get("options", {}), problems)
    selectors = read_selectors(body, problems, required=not options.fetch.outputs)
    metadata = read_metadata(body.get("metadata", {}), "metadata", problems)
    webhook = read_webhook(body.get("webhook"), problems)
    return JobRequest(
        name=read_name(body.get("name"), problems),
        wanted=wanted,
        selectors=as_text(selectors),
        options=as_text(without_secrets(body.get("options", {}))) if not problems.found else "{}",
        metadata=as_text(metadata),
        webhook=webhook.shown,
        sealed_webhook=webhook.sealed_headers,
        secrets=options.secrets,
        **queueing(options),
    )


def as_text(value: object) -> str:
    return orjson.dumps(value).decode()


def read_name(value: object, problems: Problems) -> str | None:
    name = None if value is None else typed(value, str, "name", problems)
    if name and len(name) > LONGEST_NAME:
        problems.add("name", "too_long", f"A name has {LONGEST_NAME} characters at most.")
    return name


def read_file(upload: Upload, problems: Problems, refused: Refusals) -> list[Wanted]:
    reader = UrlReader(selectors=upload.job.get("selectors"), options=upload.job.get("options"))
    most, items = settings.SCRPY_MAX_URLS_PER_UPLOAD, upload.items(refused)
    wanted = read_list(islice(items, most), reader, refused)
    if next(items, None):
        problems.add("urls", "too_many", f"A file has {most:,} URLs at most: make several jobs.")
    elif not wanted and not refused.count:
        problems.add("urls", "required", "There is no URL in this file.")
    return wanted


def read_urls(body: Mapping[str, Any], problems: Problems, refused: Notes) -> list[Wanted]:
    urls = required(body, "urls", list, problems)
    if urls is None:
        return []
    if not 1 <= len(urls) <= settings.SCRPY_MAX_URLS_PER_JOB:
        message = f"A job has 1 to {settings.SCRPY_MAX_URLS_PER_JOB:,} URLs; these are {len(urls):,}."
        problems.add("urls", "too_many" if urls else "required", message)
        return []
    reader = UrlReader(selectors=body.get("selectors"), options=body.get("options"))
    items = ((f"urls[{index}]", url) for index, url in enumerate(urls))
    return read_list(items, reader, refused)


def read_html(body: Mapping[str, Any], problems: Problems) -> str | None:
    html = typed(body["html"], str, "html", problems) if "html" in body else None
    if html is not None and len(html.encode()) > MOST_HTML_BYTES:
        problems.add("html", "too_long", f"HTML has {MOST_HTML_BYTES:,} bytes at most.")
    return html


def read_selectors(body: Mapping[str, Any], problems: Problems, *, required: bool) -> dict[str, Any] | None:
    """Without a field to read, a page needs an output to be made of it."""
    if "selectors" not in body:
        if required:
            problems.add("selectors", "required", "Say which fields to read, or ask for options.outputs.")
        return {}
    selectors = typed(body["selectors"], dict, "selectors", problems)
    try:
        if selectors is not None:
            parse(selectors, required=required)
    except RulesError as errors:
        for error in errors.errors:
            problems.add(error.path, error.code, error.message)
    return selectors
