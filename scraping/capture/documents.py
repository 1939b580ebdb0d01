"""What the reader said of a document as a whole becomes captures. Not for the event loop: markdown takes a while."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from html_to_markdown import ConversionOptions, PreprocessingOptions, convert

from scraping.capture import kinds
from scraping.capture.kinds import Capture
from scraping.capture.metadata import metadata
from scraping.errors import TooLarge
from scraping.limits import MIB
from scraping.options import FetchOptions, Output

MARKDOWN = ConversionOptions(
    extract_metadata=False, compact_tables=True, preprocessing=PreprocessingOptions(enabled=False)
)
WHOLES: Mapping[Output, str] = {
    Output.HTML: "html",
    Output.MARKDOWN: "shown",
    Output.TEXT: "text",
    Output.LINKS: "links",
    Output.METADATA: "head",
    Output.ELEMENTS: "map",
}
"""What the reader has to tell for each output that is no picture."""


def wholes_for(options: FetchOptions) -> list[str]:
    """What the reader is asked for."""
    wanted = {WHOLES[output] for output in options.outputs & WHOLES.keys()}
    return sorted(wanted | ({"html"} if options.keep_html else set()))


def documents(
    wholes: Mapping[str, Any], *, content_type: str, jsonld: Sequence[object], options: FetchOptions
) -> list[Capture]:
    """Raises: TooLarge if something is over its budget, where more than keeping it was asked for."""
    wanted = [output for output in WHOLES if output in options.outputs]
    if too_large := [output for output in wanted if wholes[WHOLES[output]] is None]:
        raise TooLarge(f"The page, as rendered, is too large to make its {too_large[0]}.")
    if options.keep_html and Output.HTML not in wanted and wholes["html"] is not None:
        wanted.insert(0, Output.HTML)
    return [_made(output, wholes[WHOLES[output]], content_type, jsonld) for output in wanted]


def _made(output: Output, said: Any, content_type: str, jsonld: Sequence[object]) -> Capture:
    match output:
        case Output.HTML:
            capture = Capture(output, html_type(content_type), said.encode())
        case Output.MARKDOWN:
            capture = Capture(output, kinds.MARKDOWN, as_markdown(said).encode())
        case Output.LINKS:
            capture = Capture(output, kinds.JSON, as_json(links(said["found"])), cut=said["cut"])
        case Output.ELEMENTS:
            capture = Capture(output, kinds.JSON, as_json(elements(said)), cut=said["cut"])
        case Output.METADATA:
            capture = Capture(output, kinds.JSON, as_json(metadata(said, jsonld)))
        case _:
            capture = Capture(output, kinds.TEXT, said.encode())
    if len(capture.content) > kinds.MOST_BYTES:
        raise TooLarge(f"The {output} has more than {kinds.MOST_BYTES // MIB} MiB.")
    return capture


def html_type(content_type: str) -> str:
    """As what the serialised document is to be read again: whatever is no XML, Chromium has made HTML."""
    return f"{content_type}; charset=utf-8" if content_type.endswith(("/xml", "+xml")) else kinds.HTML


def as_markdown(shown: str) -> str:
    """Of the plain markup that the reader makes of what the page shows: no other is sure to be done in time."""
    return str(convert(shown, MARKDOWN).content)


def links(found: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: text for name, text in link.items() if text or name != "rel"} for link in found]


def elements(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "cut"}


def as_json(value: object) -> bytes:
    """JSON-LD may hold what not every JSON reader takes: huge integers, half characters."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False).encode(errors="replace")
