"""What strangers wrote, shown harmlessly; and the small things that columns are made of."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import orjson
from django.contrib.admin import display
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs.models import Job

MOST_SHOWN_CHARS = 20_000
STATUS_COLORS = {
    "running": "info",
    "sending": "info",
    "queued": "info",
    "completed": "success",
    "delivered": "success",
    "usable": "success",
    "live": "success",
    "active": "success",
    "started": "success",
    "paused": "warning",
    "skipped": "warning",
    "partial": "warning",
    "failed": "danger",
    "given_up": "danger",
    "silent": "danger",
    "revoked": "danger",
}

Column = Callable[[Any], str | None]


def outside_link(url: str | None) -> str:
    """A link to a page that a stranger named; text alone unless it is http or https."""
    if not url:
        return "-"
    if not url.lower().startswith(("http://", "https://")):
        return url
    return format_html(
        '<a class="scrpy-link" href="{}" target="_blank" rel="noopener nofollow noreferrer">{}</a>', url, shortened(url)
    )


def inside_link(address: str, text: str) -> str:
    return format_html('<a class="scrpy-link scrpy-id" href="{}">{}</a>', address, text)


def side_by_side(links: Iterable[str]) -> str:
    return format_html_join(" · ", "{}", ((link,) for link in links))


def shortened(text: str, *, most: int = 100) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def pretty_json(text: str | None) -> str:
    """JSON as people read it, or what there is if it is no JSON; only the beginning of what is long."""
    if not text:
        return "-"
    if len(text) > MOST_SHOWN_CHARS:
        left_out = len(text) - MOST_SHOWN_CHARS
        return preformatted(f"{text[:MOST_SHOWN_CHARS]}…\n\n({left_out:,} more characters)")
    try:
        return preformatted(orjson.dumps(orjson.loads(text), option=orjson.OPT_INDENT_2).decode())
    except orjson.JSONDecodeError:
        return preformatted(text)


def preformatted(text: str) -> SafeString:
    return format_html('<pre class="scrpy-pre" tabindex="0">{}</pre>', text)


def copyable(text: str) -> SafeString:
    """Text in a field of its own, with a button that copies it."""
    return SafeString(render_to_string("admin/copyable.html", {"text": text}))


def badge(status: str) -> SafeString:
    label = {"type": STATUS_COLORS.get(status, ""), "text": status.replace("_", " ")}
    return SafeString(render_to_string("unfold/helpers/label.html", label))


def progress(job: Job) -> SafeString:
    """How many of the URLs have ended, and how, as a bar."""
    failed_end_at = job.completed_urls + job.failed_urls
    return SafeString(render_to_string("admin/progress.html", {"job": job, "failed_end_at": failed_end_at}))


def moment(field: str, title: str) -> Column:
    """A column with a time, in UTC, to the second."""

    @display(description=title, ordering=field, empty_value="-")
    def shown(row: Model) -> str | None:
        time = getattr(row, field)
        return time and format_html('<time class="scrpy-number">{}</time>', f"{time:%Y-%m-%d %H:%M:%S}")

    return named(shown, f"{field}_shown")


def status_badge(field: str = "status") -> Column:
    """A column with a status in its colour."""

    @display(description=field, ordering=field)
    def shown(row: Model) -> str:
        return badge(getattr(row, field))

    return named(shown, f"{field}_shown")


def json_text(field: str, title: str = "") -> Column:
    """A field of stored JSON."""

    @display(description=title or field)
    def shown(row: Model) -> str:
        return pretty_json(getattr(row, field))

    return named(shown, f"{field}_shown")


def once(field: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    """Have a field that queries do so once for a row: django-unfold asks each read-only field several times."""

    @wraps(field)
    def shown(admin: object, row: Model) -> str:
        answers: dict[str, str] = vars(row).setdefault("_shown_once", {})
        if field.__name__ not in answers:
            answers[field.__name__] = field(admin, row)
        return answers[field.__name__]

    return shown


def named(column: Column, name: str) -> Column:
    """Django tells columns that are functions apart by their names."""
    column.__name__ = name
    return column
