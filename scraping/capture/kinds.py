"""A capture: one file that is made of a page."""

from dataclasses import dataclass

from scraping.limits import MIB
from scraping.options import Output

HTML = "text/html; charset=utf-8"
MARKDOWN = "text/markdown; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
PNG = "image/png"
PDF = "application/pdf"

MOST_BYTES = 25 * MIB
"""Of one capture."""


@dataclass(frozen=True, slots=True)
class Capture:
    """`action` is the index of the action that took it, None for an output of the page.

    `cut` says that the page has more than a capture may hold.
    """

    output: Output
    content_type: str
    content: bytes
    action: int | None = None
    cut: bool = False
