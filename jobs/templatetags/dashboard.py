"""The small things that the pages for people are made of."""

from datetime import UTC, datetime
from typing import Any

from django.template import Context, Library
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.dashboard.navigation import Entry, entries
from jobs.schedules.words import in_words

register = Library()

UNITS = (("day", 86_400), ("hour", 3_600), ("min", 60))
NOTHING = "\N{EN DASH}"
NOW_S = 10
"""What is as young as this is "now"."""
MILLISECONDS_UNTIL = 1_000
LONGEST_LINK = 90


@register.filter
def count(number: int) -> str:
    return f"{number:,}"


@register.filter
def signed(number: int) -> str:
    return f"{number:+,}"


@register.filter
def limit(most: int | str | None) -> str:
    """A number, or a rate; what is not limited is said to be so."""
    if most is None:
        return "no limit"
    if isinstance(most, int):
        return count(most)
    amount, _, time = most.partition("/")
    return f"{int(amount):,} a {time}"


@register.filter
def duration(milliseconds: int | None) -> str:
    """`340 ms`, `12.5 s`, `3 min 20 s`, `2 h 5 min`."""
    if milliseconds is None:
        return NOTHING
    if milliseconds < MILLISECONDS_UNTIL:
        return f"{milliseconds} ms"
    seconds = milliseconds / 1_000
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:  # noqa: PLR2004
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


@register.filter
def lasted(job: Any) -> str:
    """How long a job has worked, so far or in all."""
    if job.started_at is None:
        return NOTHING
    return duration(int(((job.completed_at or timezone.now()) - job.started_at).total_seconds() * 1_000))


@register.filter
def when(time: datetime | None) -> str:
    """A time as seen from now, with the exact one on hover; the script keeps it fresh."""
    if time is None:
        return NOTHING
    utc = time.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}" data-when>{}</time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        from_now(time),
    )


@register.filter
def exactly(time: datetime) -> str:
    """A time in full, which the script says in the viewer's own zone."""
    utc = time.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-exactly>{}</time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%d %H:%M UTC"),
    )


def from_now(time: datetime) -> str:
    """`now`, `5 min ago`, `in 2 hours`, as the script says it, too."""
    seconds = int((timezone.now() - time).total_seconds())
    distance = abs(seconds)
    if distance < NOW_S:
        return "now"
    for name, length in UNITS:
        if distance >= length:
            amount = distance // length
            text = f"{amount} {name}{'s' if amount > 1 and name != 'min' else ''}"
            break
    else:
        text = f"{distance} s"
    return f"{text} ago" if seconds > 0 else f"in {text}"


register.filter("in_words", in_words)


@register.simple_tag
def add_up(*numbers: int | str) -> int:
    return sum(map(int, numbers))


@register.simple_tag
def badge(status: str) -> SafeString:
    return format_html('<span class="badge badge-{}">{}</span>', status, status.replace("_", " "))


@register.simple_tag
def icon(name: str) -> SafeString:
    """One of `icons.svg`, which says nothing to who cannot see it."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("dashboard/icons.svg"),
        name,
    )


@register.simple_tag
def outside(url: str | None) -> str:
    """A link to a page that a stranger named; text alone unless it is http or https."""
    if not url:
        return NOTHING
    shown = url if len(url) <= LONGEST_LINK else url[: LONGEST_LINK - 1] + "…"
    if not url.lower().startswith(("http://", "https://")):
        return shown
    return format_html(
        '<a class="outside" href="{}" title="{}" target="_blank" rel="noopener nofollow noreferrer">{}</a>',
        url,
        url,
        shown,
    )


@register.simple_tag(takes_context=True)
def navigation(context: Context) -> list[Entry]:
    request = context["request"]
    match = request.resolver_match
    return entries(match.url_name or "" if match else "", owner=request.may["owner"])
