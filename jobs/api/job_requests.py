"""Checks what a client asks of a new job, field by field, and tells all that is wrong with it at once."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings

from jobs.api.errors import Problems
from jobs.intake import JobRequest
from jobs.options import read_options, without_secrets
from jobs.reading import joined, refuse_unknown, required, typed
from scraping.egress import Target, check
from scraping.errors import RulesError, UrlError
from scraping.rules import parse

FIELDS = ("name", "urls", "selectors", "webhook", "options", "metadata")
LONGEST_NAME = 200
MOST_METADATA, LONGEST_METADATA_NAME, LONGEST_METADATA = 20, 100, 4_096


def read_job_request(body: dict[str, Any]) -> JobRequest:
    """What the body of `POST /v1/jobs` asks for. Raises: ApiError with every problem found in it."""
    problems = Problems()
    refuse_unknown(body, FIELDS, "", problems)
    name = read_name(body.get("name"), problems)
    targets = read_urls(body, problems)
    selectors = read_selectors(body, problems)
    options = read_options(body.get("options", {}), problems)
    metadata = read_metadata(body.get("metadata", {}), problems)
    webhook = read_webhook(body.get("webhook"), problems)
    problems.raise_any()
    return JobRequest(
        name=name,
        targets=targets,
        selectors=as_text(selectors),
        options=as_text(without_secrets(body.get("options", {}))),
        metadata=as_text(metadata),
        webhook=None if webhook is None else as_text(webhook),
        max_attempts=options.max_attempts,
        host_concurrency=options.host_concurrency,
        concurrency=options.concurrency,
        deduplicate=options.deduplicate,
        secrets=options.secrets,
    )


def as_text(value: object) -> str:
    return orjson.dumps(value).decode()


def read_name(value: object, problems: Problems) -> str | None:
    name = None if value is None else typed(value, str, "name", problems)
    if name and len(name) > LONGEST_NAME:
        problems.add("name", "too_long", f"A name has {LONGEST_NAME} characters at most.")
    return name


def read_urls(body: Mapping[str, Any], problems: Problems) -> list[Target]:
    urls = required(body, "urls", list, problems)
    if urls is None:
        return []
    if not 1 <= len(urls) <= settings.SCRPY_MAX_URLS_PER_JOB:
        message = f"A job has 1 to {settings.SCRPY_MAX_URLS_PER_JOB:,} URLs; these are {len(urls):,}."
        problems.add("urls", "too_many" if urls else "required", message)
        return []
    return [target for index, url in enumerate(urls) if (target := read_url(url, f"urls[{index}]", problems))]


def read_url(value: object, field: str, problems: Problems) -> Target | None:
    url = typed(value, str, field, problems)
    try:
        return None if url is None else check(url, settings.EGRESS_POLICY)
    except UrlError as error:
        problems.add(field, error.code, str(error))
        return None


def read_selectors(body: Mapping[str, Any], problems: Problems) -> dict[str, Any] | None:
    selectors = required(body, "selectors", dict, problems)
    try:
        if selectors is not None:
            parse(selectors)
    except RulesError as errors:
        for error in errors.errors:
            problems.add(error.path, error.code, error.message)
    return selectors


def read_webhook(value: object, problems: Problems) -> str | None:
    if isinstance(value, dict):
        message = "Webhooks written as objects are not supported yet; give the URL alone, as a string."
        problems.add("webhook", "unsupported_option", message)
        return None
    target = None if value is None else read_url(value, "webhook", problems)
    if target and target.scheme != "https" and not settings.SCRPY_WEBHOOK_ALLOW_HTTP:
        problems.add("webhook", "invalid_url", "Webhooks are delivered to https URLs only.")
    return target.sent if target else None


def read_metadata(value: object, problems: Problems) -> dict[str, Any] | None:
    metadata = typed(value, dict, "metadata", problems)
    if metadata and len(metadata) > MOST_METADATA:
        problems.add("metadata", "too_many", f"Metadata has {MOST_METADATA} entries at most.")
        return None
    for name, text in (metadata or {}).items():
        field = joined("metadata", name)
        if len(name) > LONGEST_METADATA_NAME:
            problems.add(field, "too_long", f"A name in metadata has {LONGEST_METADATA_NAME} characters at most.")
        if len(typed(text, str, field, problems) or "") > LONGEST_METADATA:
            problems.add(field, "too_long", f"A value in metadata has {LONGEST_METADATA:,} characters at most.")
    return metadata
