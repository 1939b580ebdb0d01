"""A capture: one file that is made of a page."""

from dataclasses import dataclass

from scraping.options import Output

HTML = "text/html; charset=utf-8"
MARKDOWN = "text/markdown; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
PNG = "image/png"
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Capture:
    """`action` is the index of the action that took it, None for an output of the page."""

    output: Output
    content_type: str
    content: bytes
    action: int | None = None
