"""What a page's head says of it, by meaning."""

from collections.abc import Sequence
from typing import Any

TWITTER, OPEN_GRAPH = "twitter:", ("og:", "article:", "product:", "book:", "profile:")
SIMPLE = {
    "description": ("description", "og:description", "twitter:description"),
    "robots": ("robots",),
    "author": ("author", "article:author"),
    "published": ("article:published_time", "datepublished", "date"),
    "modified": ("article:modified_time", "datemodified", "last-modified"),
}
"""Of each, the meta elements that say it: the first that is there."""

WEB = ("http:", "https:")

Pairs = Sequence[tuple[str, str]]


def metadata(head: dict[str, Any], jsonld: Sequence[object]) -> dict[str, object]:
    """Each as the page says it, None where it says nothing. The addresses of link elements are absolute."""
    metas = [(name, content) for name, content in head["metas"] if content]
    links = [(kind, url) for kinds, url in head["links"] if url.startswith(WEB) for kind in kinds.split()]
    return {
        "title": head["title"] or first(metas, "og:title"),
        **{name: first(metas, *names) for name, names in SIMPLE.items()},
        "language": head["language"] or first(metas, "og:locale"),
        "canonical": first(links, "canonical"),
        "favicon": first(links, "icon", "apple-touch-icon"),
        "openGraph": group(metas, OPEN_GRAPH),
        "twitter": group(metas, (TWITTER,)),
        "jsonld": list(jsonld),
    }


def first(pairs: Pairs, *names: str) -> str | None:
    """What the first of `names` that is there says."""
    said: dict[str, str] = {}
    for name, value in pairs:
        said.setdefault(name, value)
    return next((said[name] for name in names if name in said), None)


def group(pairs: Pairs, prefixes: tuple[str, ...]) -> dict[str, str | list[str]]:
    """All whose name begins so, by their names (`og:` and `twitter:` left out); what is said twice is a list."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if name.startswith(prefixes):
            found.setdefault(name.removeprefix("og:").removeprefix(TWITTER), []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
