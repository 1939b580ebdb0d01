"""Hundreds of pages of documentation, each value as lxml reads it by expressions of its own."""

import re
from collections import Counter
from urllib.parse import urljoin

import pytest
from lxml import etree
from lxml import html as lxml_html

from scraping.options import DEFAULT_PROFILE, Profile, WaitUntil
from tests.foreign import packages

pytestmark = pytest.mark.slow

FEWEST_PAGES = 200
LONGEST_LIST = 1_000


def folded(text):
    return " ".join(text.split())


def text_of(element):
    return folded("".join(element.xpath(".//text()[not(ancestor::script or ancestor::style)]")))


def texts(root, path):
    return [text_of(element) for element in root.xpath(path)][:LONGEST_LIST]


def first(values, default=None):
    return next(iter(values), default)


def own_text(element):
    return folded("".join(element.xpath("./text()")))


def grid(table):
    """A table of one section, without spans, as lists of texts."""
    return [texts(row, "./td|./th") for row in table.xpath("./tbody/tr|./thead/tr|./tfoot/tr|./tr")]


def found(pattern, text):
    match = re.search(pattern, text)
    return match and match[1]


def absolute(url, links):
    """As browsers write them: a host alone has the path /, and what cannot be a host is none."""
    whole = [urljoin(url, link.strip()) for link in links if "<" not in link][:LONGEST_LIST]
    return [re.sub(r"^(https?://[^/?#]+)$", r"\1/", link) for link in whole]


# -- manual pages of git, made by AsciiDoc, whose scripts (which move footnotes) are left out ------------

GIT = {
    "title": {"selector": "title", "required": True},
    "heading": ["#header h1, #header .title"],
    "purpose": {"selector": ["//h2[normalize-space()='NAME']/following::p[1]", "#header p"], "pattern": r"- (.*)"},
    "sections": {"selector": "div.sect1", "type": "list", "output": {
        "id": "h2@id",
        "title": "./h2",
        "terms": {"selector": "dt", "type": "list", "limit": 20},
        "subsections": ["div.sect2 > h3"],
        "listings": {"selector": "pre", "output": "count"},
        "first": {"selector": ["pre code", "p"], "clean": False},
        "own": {"selector": ".paragraph > p", "output": "ownText"},
    }},
    "links": {"selector": "a[href]@href", "type": "list", "transform": "absoluteUrl"},
    "manuals": {"selector": "//a[contains(@href, 'git-')]/@href", "type": "list", "pattern": r"(git-[a-z-]+)\.html",
                "transform": ["upper", "unique"]},
    "generator": {"source": "meta", "selector": "generator"},
    "version": {"source": "meta", "selector": "generator", "pattern": r"(\d+\.\d+)", "cast": "number"},
    "type": {"source": "meta", "selector": "Content-Type", "transform": ["split(;)", "first"]},
    "updated": {"selector": "#footer-text", "pattern": r"\d{4}-\d\d-\d\d", "cast": "date"},
    "year": {"selector": "//div[@id='footer-text']", "pattern": r"(\d{4})-", "cast": "integer"},
    "paragraphs": "xpath=count(//p)",
    "synopsis": {"selector": "#_synopsis", "output": "exists"},
    "outline": {"selector": "h2", "type": "list", "transform": ["lower", "join(/)"]},
    "tables": {"selector": "table", "type": "list", "output": "table_array"},
    "price": {"selector": ".price", "cast": "price", "default": "none"},
    "class": "body@class",
}  # fmt: skip


def git_by_lxml(root, url):
    generator = first(root.xpath("//meta[@name='generator']/@content"))
    named = first(texts(root, "(//h2[normalize-space()='NAME']/following::p)[1]"))
    footer = first(texts(root, "//*[@id='footer-text']"), "")
    manuals = [found(r"(git-[a-z-]+)\.html", link) for link in root.xpath("//a[contains(@href, 'git-')]/@href")]
    updated = found(r"(\d{4}-\d\d-\d\d)", footer)
    version = generator and found(r"(\d+\.\d+)", generator)
    return {
        "title": first(texts(root, "//title")),
        "heading": texts(root, "//*[@id='header']//h1"),
        "purpose": found(r"- (.*)", named if named is not None else first(texts(root, "//*[@id='header']//p"), "")),
        "sections": [git_section(section) for section in root.xpath("//div[@class='sect1']")],
        "links": absolute(url, root.xpath("//a/@href")),
        "manuals": list(dict.fromkeys(name.upper() for name in manuals if name)),
        "generator": generator,
        "version": version and float(version),
        "type": first(root.xpath("//meta[@http-equiv='Content-Type']/@content"), "").split(";")[0],
        "updated": updated,
        "year": updated and int(updated[:4]),
        "paragraphs": len(root.xpath("//p")),
        "synopsis": bool(root.xpath("//*[@id='_synopsis']")),
        "outline": "/".join(texts(root, "//h2")).lower() or None,
        "tables": [grid(table) for table in root.xpath("//table")],
        "price": "none",
        "class": first(root.xpath("//body/@class")),
    }


def git_section(section):
    code, paragraphs = section.xpath(".//pre//code"), section.xpath(".//p")
    opening = first([*code[:1], *paragraphs[:1]])
    return {
        "id": first(section.xpath(".//h2/@id")),
        "title": first(texts(section, "./h2")),
        "terms": texts(section, ".//dt")[:20],
        "subsections": texts(section, ".//div[@class='sect2']/h3"),
        "listings": len(section.xpath(".//pre")),
        "first": None if opening is None else "".join(opening.itertext()),
        "own": first([own_text(each) for each in section.xpath(".//div[@class='paragraph']/p")]),
    }


# -- the library of Python, made by Sphinx, with scripts that change it ---------------------------------

PYTHON = {
    "title": {"selector": "title", "required": True, "pattern": "^(.*?) — Python"},
    "version": {"selector": "title", "pattern": r"Python (\d+\.\d+)", "cast": "number"},
    "heading": {"selector": "h1", "transform": ["replace(¶,)", "strip"]},
    "module": {"selector": ["section[id^=module-]", "main[id^=module-]"], "output": "@id",
               "transform": "replace(module-,)", "default": "no module"},
    "source": {"selector": "//p[strong='Source code:']/a/@href", "cast": "url"},
    "objects": {"selector": "dl.py", "type": "list", "output": {
        "id": {"selector": "dt[id]", "output": "@id"},
        "kind": {"selector": ":scope@class", "transform": ["split( )", "last"]},
        "name": ".descname",
        "parameters": {"selector": "./dt[1]//em[@class='sig-param']", "type": "list"},
        "since": {"selector": ".added", "pattern": r"(\d+)\.\d+", "cast": "integer"},
        "members": {"selector": "dl", "output": "count"},
    }},
    "tables": {"selector": "table.docutils", "type": "list", "output": {
        "id": ":scope@id",
        "headings": ["thead th"],
        "rows": {"selector": "tbody tr", "output": "count"},
    }},
    "notes": {"selector": ".admonition", "type": "list", "output": {
        "kind": {"selector": ".admonition-title", "transform": "lower"},
        "urgent": {"selector": ":scope@class", "pattern": "warning|note", "default": "neither"},
        "text": "p:not(.admonition-title)",
    }},
    "next": {"selector": "link[rel=next]@href", "cast": "url"},
    "previous": {"selector": ["link[rel=prev]", "link[rel=start]"], "output": "@title"},
    "external": {"selector": "a.external[href]", "type": "list", "output": "@href", "limit": 10, "transform": "unique"},
    "related": {"selector": "(//div[@class='related'])[1]//li[@class='right']/a", "type": "list"},
    "changes": {"selector": ".versionmodified", "type": "list", "pattern": r"version (\d+\.\d+)",
                "transform": "unique"},
    "language": "html@lang",
    "generator": {"source": "meta", "selector": "generator", "pattern": r"^\w+"},
    "examples": "xpath=count(//div[@class='highlight'])",
    "long": "xpath=count(//section) > 5",
}  # fmt: skip


def python_by_lxml(root, url):
    title = first(texts(root, "//title"))
    module = first(root.xpath("//section[starts-with(@id, 'module-')]/@id"))
    changes = [found(r"version (\d+\.\d+)", each) for each in texts(root, f"//*[{having('versionmodified')}]")]
    return {
        "title": found("^(.*?) — Python", title),
        "version": float(found(r"Python (\d+\.\d+)", title)),
        "heading": first(texts(root, "//h1")).replace("¶", "").strip(),
        "module": module.replace("module-", "") if module else "no module",
        "source": first(absolute(url, root.xpath("//p[strong='Source code:']/a/@href"))),
        "objects": [python_object(each) for each in root.xpath(f"//dl[{having('py')}]")],
        "tables": [python_table(each) for each in root.xpath(f"//table[{having('docutils')}]")],
        "notes": [python_note(each) for each in root.xpath(f"//*[{having('admonition')}]")],
        "next": first(absolute(url, root.xpath("//link[@rel='next']/@href"))),
        "previous": first(root.xpath("//link[@rel='prev']/@title")),
        "external": list(dict.fromkeys(root.xpath(f"//a[{having('external')}]/@href")[:10])),
        "related": texts(root, "(//div[@class='related'])[1]//li[@class='right']/a"),
        "changes": list(dict.fromkeys(each for each in changes if each)),
        "language": first(root.xpath("//html/@lang")),
        "generator": found(r"^(\w+)", first(root.xpath("//meta[@name='generator']/@content"), "")),
        "examples": len(root.xpath("//div[@class='highlight']")),
        "long": len(root.xpath("//section")) > 5,
    }


def having(name):
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


def python_object(each):
    since = [found(r"(\d+)\.\d+", text) for text in texts(each, f".//*[{having('added')}]")]
    return {
        "id": first(each.xpath(".//dt[@id]/@id")),
        "kind": each.get("class").split()[-1],
        "name": first(texts(each, f".//*[{having('descname')}]")),
        "parameters": texts(each, "./dt[1]//em[@class='sig-param']"),
        "since": int(since[0]) if since and since[0] else None,
        "members": len(each.xpath(".//dl")),
    }


def python_table(table):
    return {
        "id": table.get("id"),
        "headings": texts(table, ".//thead//th"),
        "rows": len(table.xpath(".//tbody//tr")),
    }


def python_note(note):
    return {
        "kind": first(texts(note, f".//*[{having('admonition-title')}]"), "").lower() or None,
        "urgent": found("(warning|note)", note.get("class")) or "neither",
        "text": first(texts(note, f".//p[not({having('admonition-title')})]")),
    }


# -- both ----------------------------------------------------------------------------------------------

SETS = {
    "git-doc": ("usr/share/doc/git-doc", "**/*.html", GIT, git_by_lxml, 10_000, Profile(javascript=False)),
    "python3.11-doc": (
        "usr/share/doc/python3.11/html",
        "library/*.html",
        PYTHON,
        python_by_lxml,
        50_000,
        DEFAULT_PROFILE,
    ),
}


@pytest.mark.parametrize("package", SETS)
def test_each_value_is_what_lxml_reads_and_is_read_again(package, serve, read_all):
    folder, pages, selectors, by_lxml, fewest_values, profile = SETS[package]
    root = packages.debian(package) / folder
    paths = sorted(str(path.relative_to(root)) for path in root.glob(pages) if path.is_file() and not path.is_symlink())
    address = serve(root)

    read = read_all(address, paths, selectors, profile, wait_until=WaitUntil.LOAD)

    wrong = {}
    for path in paths:
        url = f"{address}/{path}"
        expected = by_lxml(lxml_html.parse(str(root / path), etree.HTMLParser(encoding="utf-8")).getroot(), url)
        live, again = read[path]
        wrong |= {(path, name): (live[name], expected[name]) for name in expected if live[name] != expected[name]}
        assert again == live, path
    assert len(paths) >= FEWEST_PAGES
    assert sum(size(live) for live, _ in read.values()) >= fewest_values
    assert Counter(name for _, name in wrong) == {}, next(iter(wrong.items()))


def size(value):
    if isinstance(value, dict | list):
        return sum(map(size, value.values() if isinstance(value, dict) else value))
    return 1
