"""Checks what a client asks of a new job, field by field, and tells all that is wrong with it at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import orjson
from django.conf import settings

from jobs.api.bodies import joined
from jobs.api.errors import Problems
from jobs.api.names import did_you_mean
from jobs.intake import JobRequest
from scraping.egress import Target, check
from scraping.egress.gate import CONTROL
from scraping.egress.upstream import Upstream, check_proxy
from scraping.errors import RulesError, UrlError
from scraping.rules import parse

T = TypeVar("T")

FIELDS = ("name", "urls", "selectors", "webhook", "options", "metadata")
# fmt: off
LATER_OPTIONS = frozenset((
    "waitFor", "acceptStatus", "headers", "cookies", "userAgent", "viewport", "device", "locale", "timezone",
    "geolocation", "colorScheme", "javascript", "block", "actions", "outputs", "session", "hostDelay",
    "respectRobots", "maxAge", "concurrency", "priority", "deadline", "deduplicate",
))
# fmt: on
"""Options of the contract that this build does not have yet."""
PROXY_FIELDS = ("server", "username", "password")
MOST_CREDENTIAL_BYTES = 255
"""What SOCKS5 can carry."""
LONGEST_NAME = 200
MOST_METADATA, LONGEST_METADATA_NAME, LONGEST_METADATA = 20, 100, 4_096
JSON_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    type(None): "null",
}


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
        options=as_text(without_credentials(body.get("options", {}))),
        metadata=as_text(metadata),
        webhook=None if webhook is None else as_text(webhook),
        timeout_ms=options["timeout"],
        wait_until=options["waitUntil"],
        max_attempts=1 + options["retries"],
        host_concurrency=options["hostConcurrency"],
        proxy=options["proxy"],
    )


def without_credentials(options: dict[str, Any]) -> dict[str, Any]:
    """What of valid options may be stored in the open and shown."""
    return {**options, "proxy": {"server": options["proxy"]["server"]}} if "proxy" in options else options


def as_text(value: object) -> str:
    return orjson.dumps(value).decode()


def refuse_unknown(given: Mapping[str, Any], known: Collection[str], path: str, problems: Problems) -> None:
    for name in given:
        if name not in known:
            problems.add(joined(path, name), "unknown_field", f"There is no such field.{did_you_mean(name, known)}")


def typed(value: object, kind: type[T], field: str, problems: Problems) -> T | None:
    """`value` if it is exactly a `kind` (true is no whole number), else None, and a problem."""
    if type(value) is kind:
        return value
    problems.add(field, "invalid_type", f"Expected {JSON_NAMES[kind]}, not {JSON_NAMES[type(value)]}.")
    return None


def required(body: Mapping[str, Any], name: str, kind: type[T], problems: Problems, *, within: str = "") -> T | None:
    field = joined(within, name)
    if name in body:
        return typed(body[name], kind, field, problems)
    problems.add(field, "required", "This field is required.")
    return None


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


OptionReader = Callable[[object, str, Problems], Any]


def whole(least: int, most: int) -> OptionReader:
    """A whole number from `least` to `most`."""

    def read(value: object, field: str, problems: Problems) -> int | None:
        number = typed(value, int, field, problems)
        if number is not None and not least <= number <= most:
            problems.add(field, "out_of_range", f"Expected a whole number from {least:,} to {most:,}.")
        return number

    return read


def one_of(*choices: str) -> OptionReader:
    def read(value: object, field: str, problems: Problems) -> str | None:
        text = typed(value, str, field, problems)
        if text is not None and text not in choices:
            problems.add(field, "invalid_choice", f"Expected one of: {', '.join(choices)}.")
        return text

    return read


def read_proxy(value: object, field: str, problems: Problems) -> Upstream | None:
    given = typed(value, dict, field, problems)
    if given is None:
        return None
    refuse_unknown(given, PROXY_FIELDS, field, problems)
    server = read_server(given, field, problems)
    username, password = (read_credential(given, name, field, problems) for name in ("username", "password"))
    if "password" in given and "username" not in given:
        problems.add(f"{field}.username", "required", "A password needs a user name.")
    if server and server.scheme != "socks5" and ":" in (username or ""):
        problems.add(f"{field}.username", "invalid_character", "A colon cannot be in a user name for HTTP.")
    return server and replace(server, username=username, password=password)


def read_server(given: Mapping[str, Any], field: str, problems: Problems) -> Upstream | None:
    server = required(given, "server", str, problems, within=field)
    try:
        return None if server is None else check_proxy(server, settings.EGRESS_POLICY)
    except UrlError as error:
        problems.add(f"{field}.server", error.code, str(error))
        return None


def read_credential(given: Mapping[str, Any], name: str, field: str, problems: Problems) -> str | None:
    """A user name or password, None if it is not given. No problem quotes it."""
    path = f"{field}.{name}"
    text = typed(given[name], str, path, problems) if name in given else None
    if text is None:
        return None
    if found := CONTROL.search(text):
        problems.add(path, "invalid_character", f"U+{ord(found[0]):04X} cannot be part of it.")
    elif not 1 <= len(text.encode()) <= MOST_CREDENTIAL_BYTES:
        code = "too_long" if text else "required"
        problems.add(path, code, f"Expected 1 to {MOST_CREDENTIAL_BYTES} bytes in UTF-8.")
    return text


OPTIONS: dict[str, tuple[OptionReader, Any]] = {
    "timeout": (whole(1_000, 120_000), 30_000),
    "retries": (whole(0, 10), 2),
    "waitUntil": (one_of("commit", "domcontentloaded", "load", "networkidle"), "auto"),
    "hostConcurrency": (whole(1, 100), 8),
    "proxy": (read_proxy, None),
}
"""What reads an option, and what holds when it is not given."""


def read_options(value: object, problems: Problems) -> dict[str, Any]:
    """The options by name, each as given or its default."""
    given = typed(value, dict, "options", problems) or {}
    refuse_unknown(given, {*OPTIONS, *LATER_OPTIONS}, "options", problems)
    for name in LATER_OPTIONS & given.keys():
        problems.add(f"options.{name}", "unsupported_option", "This build does not have that option yet.")
    values = {name: default for name, (_, default) in OPTIONS.items()}
    for name in OPTIONS.keys() & given.keys():
        values[name] = OPTIONS[name][0](given[name], f"options.{name}", problems)
    return values
