"""The options of a job: one schema, read in one way wherever they are given."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import orjson
from django.conf import settings

from jobs.models import Job, Schedule, Variant
from jobs.options.acting import read_actions, refuse_long_actions
from jobs.options.identity import (
    PROFILE,
    read_device,
    read_geolocation,
    read_locale,
    read_timezone,
    read_user_agent,
    read_viewport,
)
from jobs.options.outputs import read_outputs
from jobs.options.proxy import read_proxy
from jobs.options.sending import (
    HIDDEN,
    block_for,
    read_block,
    read_cookies,
    read_headers,
    read_session,
    refuse_shared_concurrency,
)
from jobs.options.waiting import (
    MOST_TIMEOUT_MS,
    TIMEOUT_MS,
    read_statuses,
    read_wait_for,
    read_wait_until,
    refuse_long_waits,
)
from jobs.reading import Notes, Reader, one_of, refuse_unknown, switch, typed, whole
from jobs.secrets import Secrets
from scraping.options import Awaited, FetchOptions, Profile, Sent, WaitUntil

DAY_MS = 24 * 60 * 60 * 1_000
DEADLINE_MS = 7 * DAY_MS
"""Every job ends, whatever becomes of its sites."""

MOST_MAX_AGE_MS = 30 * 24 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a job's pages are fetched and read, and how the queue goes about them."""

    fetch: FetchOptions
    profile: Profile
    max_attempts: int
    host_concurrency: int
    host_delay_ms: int
    respect_robots: bool
    priority: int
    deadline_ms: int
    concurrency: int | None
    deduplicate: bool
    proxied: bool
    """Whether the job comes through a proxy of the caller's, whose name alone may be known here."""
    max_age_ms: int
    """How old an own result may be that is given instead of a visit."""
    secrets: Secrets


def read_options(value: object, notes: Notes) -> Options:
    """The options in `value`, each as given or its default. Where something was noted they mean nothing."""
    given = typed(value, dict, "options", notes) or {}
    refuse_unknown(given, READERS, "options", notes)
    named = {name: READERS[name](given[name], f"options.{name}", notes) for name in READERS.keys() & given.keys()}
    read = {**DEFAULTS, **named}
    refuse_long_waits(read, notes)
    refuse_shared_concurrency(named, notes)
    refuse_long_actions(read, notes)
    return Options(
        fetch=FetchOptions(
            timeout_ms=read["timeout"],
            wait_until=read.get("waitUntil", WaitUntil.AUTO),
            awaited=wait if isinstance(wait := read.get("waitFor"), Awaited) else None,
            pause_ms=wait if isinstance(wait, int) else 0,
            accept_status=read.get("acceptStatus", frozenset()),
            locale=read.get("locale"),
            explain=read["explain"],
            shadow=read["shadowRoots"],
            frames=read["frames"],
            actions=read.get("actions", ()),
            outputs=read.get("outputs", frozenset()),
            keep_html=bool(read["keepHtml"] and settings.SCRPY_KEEP_HTML),
        ),
        profile=Profile(
            **{PROFILE[name]: value for name, value in named.items() if name in PROFILE},
            block=read.get("block", block_for(read.get("outputs", frozenset()), read.get("actions", ()))),
            keeps_session=named.get("session", False),
        ),
        max_attempts=1 + (read["retries"] or 0),
        host_concurrency=read["hostConcurrency"],
        host_delay_ms=read["hostDelay"],
        respect_robots=read["respectRobots"],
        priority=read["priority"],
        deadline_ms=read["deadline"],
        concurrency=1 if named.get("session") else read.get("concurrency"),
        deduplicate=read["deduplicate"],
        proxied="proxy" in given,
        max_age_ms=read["maxAge"],
        secrets=Secrets(
            proxy=read.get("proxy"), sent=Sent(headers=read.get("headers", ()), cookies=read.get("cookies", ()))
        ),
    )


def options_of(made: Job | Schedule | Variant) -> Options:
    """The options of what has been made, but for its secrets."""
    return _stored(made.options)


@lru_cache(maxsize=64)
def _stored(text: str) -> Options:
    shown = orjson.loads(text)
    options = read_options({name: value for name, value in shown.items() if name not in HIDDEN}, _Checked())
    return replace(options, proxied="proxy" in shown)


class _Checked:
    """Takes no notes: what is stored was read without any, unless an operator has switched it off since."""

    def add(self, field: str, code: str, message: str) -> None:
        if code == "unsupported_option":
            return
        raise AssertionError(f"{field}, which was checked before it was stored, is {code}: {message}")


def without_secrets(options: dict[str, Any]) -> dict[str, Any]:
    """What of valid options may be stored in the open and shown."""
    return {name: HIDDEN[name](value) if name in HIDDEN else value for name, value in options.items()}


READERS: Mapping[str, Reader] = {
    "timeout": whole(1_000, MOST_TIMEOUT_MS),
    "retries": whole(0, 10),
    "waitUntil": read_wait_until,
    "hostConcurrency": whole(1, 100),
    "hostDelay": whole(0, 60_000),
    "respectRobots": switch,
    "priority": whole(-100, 100),
    "deadline": whole(1_000, 30 * DAY_MS),
    "concurrency": whole(1, 1_000),
    "deduplicate": switch,
    "proxy": read_proxy,
    "headers": read_headers,
    "cookies": read_cookies,
    "block": read_block,
    "session": read_session,
    "waitFor": read_wait_for,
    "acceptStatus": read_statuses,
    "userAgent": read_user_agent,
    "viewport": read_viewport,
    "device": read_device,
    "locale": read_locale,
    "timezone": read_timezone,
    "geolocation": read_geolocation,
    "colorScheme": one_of("light", "dark"),
    "javascript": switch,
    "outputs": read_outputs,
    "keepHtml": switch,
    "maxAge": whole(0, MOST_MAX_AGE_MS),
    "actions": read_actions,
    "explain": switch,
    "shadowRoots": switch,
    "frames": switch,
}
"""What reads an option."""

DEFAULTS: Mapping[str, Any] = {
    "timeout": TIMEOUT_MS,
    "retries": 2,
    "hostConcurrency": 8,
    "hostDelay": 0,
    "respectRobots": False,
    "priority": 0,
    "deadline": DEADLINE_MS,
    "deduplicate": False,
    "keepHtml": True,
    "maxAge": 0,
    "explain": False,
    "shadowRoots": False,
    "frames": False,
}
"""What an option is that is not given; of the others its absence means something of its own."""
