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
from scraping.options import FetchOptions, Output

WHOLES: Mapping[Output, str] = {
    Output.HTML: "html",
    Output.MARKDOWN: "html",
    Output.TEXT: "text",
    Output.LINKS: "links",
    Output.METADATA: "head",
}
"""What the reader has to tell for each output that is no picture."""


def wholes_for(options: FetchOptions) -> list[str]:
    """What the reader is asked for."""
    wanted = {WHOLES[output] for output in options.outputs & WHOLES.keys()}
    return sorted(wanted | ({"html"} if options.keep_html else set()))


def documents(
    wholes: Mapping[str, Any], *, content_type: str, base_url: str, jsonld: Sequence[object], options: FetchOptions
) -> list[Capture]:
    """Raises: TooLarge if the HTML is over its budget, where more than keeping it was asked for."""
    if "html" in wholes and wholes["html"] is None and options.outputs & {Output.HTML, Output.MARKDOWN}:
        raise TooLarge("The page's HTML, as rendered, is over its budget.")
    made = []
    if wholes.get("html") is not None and (options.keep_html or Output.HTML in options.outputs):
        made.append(Capture(Output.HTML, html_type(content_type), wholes["html"].encode()))
    if Output.MARKDOWN in options.outputs:
        made.append(Capture(Output.MARKDOWN, kinds.MARKDOWN, as_markdown(wholes["html"], base_url).encode()))
    if Output.TEXT in options.outputs:
        made.append(Capture(Output.TEXT, kinds.TEXT, wholes["text"].encode()))
    if Output.LINKS in options.outputs:
        made.append(Capture(Output.LINKS, kinds.JSON, as_json(links(wholes["links"]))))
    if Output.METADATA in options.outputs:
        made.append(Capture(Output.METADATA, kinds.JSON, as_json(metadata(wholes["head"], jsonld))))
    return made


def html_type(content_type: str) -> str:
    """As what the serialised document is to be read again: whatever is no XML, Chromium has made HTML."""
    return f"{content_type}; charset=utf-8" if content_type.endswith(("/xml", "+xml")) else kinds.HTML


def as_markdown(html: str, base_url: str) -> str:
    """All that the page shows, its navigation too; addresses are absolute."""
    options = ConversionOptions(
        base_url=base_url,
        extract_metadata=False,
        inline_data_media="alt_text_only",
        preprocessing=PreprocessingOptions(enabled=False),
        exclude_selectors=["head"],
    )
    return str(convert(html, options).content)


def links(found: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    return [{name: text for name, text in link.items() if text or name != "rel"} for link in found]


def as_json(value: object) -> bytes:
    """JSON-LD may hold what not every JSON reader takes: huge integers, half characters."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False).encode(errors="replace")
