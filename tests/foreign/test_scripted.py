"""Pages that other people's scripts make, of an API that this test makes up: what is read is what was written there."""

import json
import shutil

import pytest

from scraping.options import Awaited, State
from scraping.rules import Selector
from tests.foreign import packages

pytestmark = pytest.mark.slow

OPERATIONS = 60
TAGS = 6
METHODS = ("get", "post", "put", "patch", "delete")
TYPES = ("string", "integer", "boolean", "number")


def operation(number):
    """Operation `number`, as each page is to give it."""
    asked = [{"name": "id", "type": "string", "required": True, "about": None}]
    asked += [
        {
            "name": f"q{number}_{n}",
            "type": TYPES[(number + n) % 4],
            "required": n % 2 == 0,
            "about": f"Parameter {n} of {number}",
        }
        for n in range(number % 4)
    ]
    return {
        "method": METHODS[number % 5],
        "path": f"/shelf-{number % 7}/item{number}/{{id}}",
        "summary": f"Summary {number}: <b> & “quotes” é",
        "about": f"Does {number} things",
        "deprecated": number % 11 == 0,
        "parameters": asked,
        "responses": {200: f"Fine {number}", 400 + number % 30: f"Not fine {number}"},
    }


def by_tag():
    """The numbers of the operations, in the order in which they are shown."""
    return [number for tag in range(TAGS) for number in range(OPERATIONS) if number % TAGS == tag]


def document():
    """The whole as OpenAPI."""
    paths = {}
    for number in range(OPERATIONS):
        told = operation(number)
        paths[told["path"]] = {told["method"]: described(number, told)}
    return {
        "openapi": "3.0.3",
        "info": {"title": "A Library & more", "version": "1.2.3", "description": "Of **books**."},
        "tags": [{"name": f"Tag {number}", "description": f"About {number}"} for number in range(TAGS)],
        "servers": [{"url": "/v1"}],
        "paths": paths,
    }


def described(number, told):
    return {
        "operationId": f"op{number}",
        "tags": [f"Tag {number % TAGS}"],
        "summary": told["summary"],
        "description": f"Does *{number}* things",
        "deprecated": told["deprecated"],
        "parameters": [
            {
                "name": each["name"],
                "in": "path" if each["name"] == "id" else "query",
                "required": each["required"],
                "schema": {"type": each["type"]},
                **({"description": each["about"]} if each["about"] else {}),
            }
            for each in told["parameters"]
        ],
        "responses": {str(code): {"description": text} for code, text in told["responses"].items()},
    }


SWAGGER = """<!doctype html><meta charset=utf-8><title>Swagger UI</title><link rel=stylesheet href=swagger-ui.css>
<div id=ui></div><script src=swagger-ui-bundle.js></script>
<script>SwaggerUIBundle({url: "api.json", dom_id: "#ui", docExpansion: "full"})</script>"""
SWAGGER_RULES = {
    "title": {"selector": "h1.title", "output": "ownText"},
    "version": "pre.version",
    "tags": ["h3.opblock-tag@data-tag"],
    "operations": {"selector": ".opblock", "type": "list", "output": {
        "method": {"selector": ".opblock-summary-method", "transform": "lower"},
        "path": "[data-path]@data-path",
        "summary": ".opblock-summary-description",
        "about": ".opblock-description p",
        "deprecated": {"selector": ".opblock-summary-path__deprecated", "output": "exists"},
        "parameters": {"selector": "tr[data-param-name]", "type": "list", "output": {
            "name": ":scope@data-param-name",
            "type": {"selector": ".parameter__type", "pattern": r"^\w+"},
            "required": {"selector": ".parameter__name.required", "output": "exists"},
            "about": ".renderedMarkdown p",
        }},
        "responses": {"selector": "tr.response", "type": "list", "output": {
            "code": {"selector": ":scope@data-code", "cast": "integer"},
            "text": ".renderedMarkdown",
        }},
    }},
}  # fmt: skip

RAPIDOC = """<!doctype html><meta charset=utf-8><title>RapiDoc</title><script type=module src=rapidoc-min.js></script>
<rapi-doc spec-url=api.json render-style=read show-header=false allow-try=false load-fonts=false></rapi-doc>"""
RAPIDOC_RULES = {
    "title": {"selector": "#api-title", "output": "ownText"},
    "version": "#api-title span",
    "tags": [".title.tag"],
    "operations": {"selector": ".expanded-endpoint-body", "type": "list", "output": {
        "method": "[part=label-operation-method]",
        "path": "[part=label-operation-path]",
        "summary": "h2",
        "about": ".m-markdown p",
        "deprecated": {"selector": ":scope > .red-text", "output": "exists"},
        "parameters": {"selector": "table > tr[title]", "type": "list", "output": {
            "name": {"selector": ".param-name", "pattern": r"\w+$"},
            "type": ".param-type",
            "required": {"selector": ".param-name span", "output": "exists"},
            "about": {"selector": "./following-sibling::tr[1]//p"},
        }},
        "codes": {"selector": "button[part~=btn-response-status]", "type": "list", "cast": "integer"},
        "texts": [".resp-descr"],
    }},
}  # fmt: skip

REDOC = """<!doctype html><meta charset=utf-8><title>Redoc</title><redoc spec-url=api.json></redoc>
<script src=redoc.standalone.js></script>"""
REDOC_RULES = {
    "title": {"selector": "h1", "pattern": r"^(.*?) \("},
    "version": {"selector": "h1", "pattern": r"\(([\d.]+)\)"},
    "tags": ["h2:has(> a[href^='#tag/']:not([href*='/operation/']))"],
    "operations": {"selector": "div[id*='/operation/']", "type": "list", "output": {
        "method": ".http-verb",
        "path": ".//span[contains(@class, 'http-verb')]/following-sibling::span[1]",
        "summary": {"selector": ".//h2/text()", "type": "list", "transform": "first"},
        "about": "h2 + div p",
        "deprecated": {"selector": "h2 > span[type=warning]", "output": "exists"},
        "parameters": {"selector": "tr:has(> td[kind=field])", "type": "list", "output": {
            "name": "td@title",
            "type": {"selector": "td + td span + span", "clean": True},
            "required": {"selector": "td[kind=field] div", "output": "exists"},
            "about": "td + td p",
        }},
        "codes": {"selector": "button strong", "type": "list", "cast": "integer"},
        "texts": ["button strong + div"],
    }},
}  # fmt: skip

# By package: its version, for its markup changes with it; where its files are; those that the page needs; the page, its
# rules, and what comes last.
PAGES = {
    "swagger-ui-dist": (
        "5.35.0",
        "",
        ("swagger-ui-bundle.js", "swagger-ui.css"),
        SWAGGER,
        SWAGGER_RULES,
        "#operations-Tag_5-op59 tr.response",
    ),
    "rapidoc": ("9.3.8", "dist", ("rapidoc-min.js",), RAPIDOC, RAPIDOC_RULES, ".resp-descr p"),
    "redoc": ("2.5.4", "bundles", ("redoc.standalone.js",), REDOC, REDOC_RULES, "[id$=op59] button strong"),
}


def in_one_form(read):
    """As `operation` writes it, whichever page it was read of."""
    if "codes" in read:
        responses = dict(zip(read.pop("codes"), read.pop("texts"), strict=True))
    else:
        responses = {each["code"]: each["text"] for each in read["responses"]}
    return {**read, "responses": responses}


@pytest.mark.parametrize("package", PAGES)
def test_what_scripts_show_of_an_api_is_what_it_says(package, serve, read_all, tmp_path):
    version, folder, files, page, selectors, last = PAGES[package]
    for name in files:
        shutil.copy(packages.npm(package, version) / "package" / folder / name, tmp_path)
    (tmp_path / "api.json").write_text(json.dumps(document()), encoding="utf-8")
    (tmp_path / "index.html").write_text(page, encoding="utf-8")

    shown = Awaited(Selector("css", last), state=State.ATTACHED)
    live, again = read_all(serve(tmp_path), ["index.html"], selectors, shadow=True, awaited=shown)["index.html"]

    assert again == live
    operations = [in_one_form(each) for each in live.pop("operations")]
    assert live == {"title": "A Library & more", "version": "1.2.3", "tags": [f"Tag {n}" for n in range(TAGS)]}
    assert operations == [operation(number) for number in by_tag()]
