"""The shop's server. Its pages are empty until their script has fetched what they show."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from scrpy.demo.catalogue import detail, listing, product
from scrpy.demo.images import image

ASSETS = {path.name: path.read_text() for path in (Path(__file__).parent / "assets").iterdir()}

Message = MutableMapping[str, Any]


class Answer(NamedTuple):
    body: str
    content_type: str
    status: HTTPStatus = HTTPStatus.OK


NOT_FOUND = Answer(ASSETS["missing.html"], "text/html", HTTPStatus.NOT_FOUND)


def empty_page(exists: Callable[[int], object]) -> Callable[[int], Answer]:
    """A view whose script will fetch the content, of what `exists(number)` does not raise KeyError for."""

    def view(number: int) -> Answer:
        exists(number)
        return Answer(ASSETS["page.html"], "text/html")

    return view


ROUTES: Mapping[str, Callable[[int], Answer]] = {
    r"/": empty_page(listing),
    r"/products": empty_page(listing),
    r"/products/([0-9]{1,9})": empty_page(product),
    r"/api/products": lambda page: Answer(json.dumps(listing(page)), "application/json"),
    r"/api/products/([0-9]{1,9})": lambda number: Answer(json.dumps(detail(number)), "application/json"),
    r"/images/([0-9]{1,9})\.svg": lambda number: Answer(image(number), "image/svg+xml"),
    r"/shop\.css": lambda _: Answer(ASSETS["shop.css"], "text/css"),
    r"/shop\.js": lambda _: Answer(ASSETS["shop.js"], "text/javascript"),
}
"""Path to view, which is called with the number in the path, else with `?page=`, else with 1; KeyError is 404."""


def answer(path: str, query: str) -> Answer:
    page = parse_qs(query).get("page", ["1"])[0]
    for pattern, view in ROUTES.items():
        if found := re.fullmatch(pattern, path):
            number = found[1] if found.groups() else page
            try:
                return view(int(number))
            except (KeyError, ValueError):
                break
    return NOT_FOUND


async def app(
    scope: Mapping[str, Any],
    _receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """ASGI. It changes nothing, so every method is a GET."""
    reply = answer(scope["path"], scope["query_string"].decode("latin-1"))
    body = reply.body.encode()
    headers = [
        (b"content-type", f"{reply.content_type}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
