"""The corpus of rules, read in real Chromium, and judged by readings that are not ours."""

from urllib.parse import quote

import pytest
from lxml import html as lxml_html

from scraping import rules
from scraping.browser import find_chromium
from scraping.browser.launch import launch
from scraping.egress import gate
from scraping.limits import DEFAULT_LIMITS
from scraping.options import FetchOptions, WaitUntil
from scraping.render import scrape
from tests.scraping.corpus import CATALOGUE, CSS, OBJECTS, SHEETS, TEXTS, XPATH
from tests.site.pages import document

BASE = "<base href='https://shop.example/page/'>"

INDEPENDENTLY = """
(selectors) => selectors.map((selector) => {
  const copies = Array.from(document.querySelectorAll(selector), (element) => element.cloneNode(true));
  return copies.map((copy) => {
    copy.querySelectorAll("script, style").forEach((inner) => inner.remove());
    return copy.textContent.split(/\\s+/).filter(Boolean).join(" ");
  });
})
"""


@pytest.fixture
def read(loop, pool, site):
    """Scrape markup by rules, in one call."""

    async def reading(markup, selectors, options):
        target = gate.check(site.url(f"/echo?html={quote(BASE + markup)}"), pool.policy)
        lane = await pool.borrow("alice", target.host_key)
        try:
            return await scrape(lane, target, rules.parse(selectors), options)
        finally:
            await pool.give_back(lane)

    return lambda markup, selectors, **options: loop.run(
        reading(markup, selectors, FetchOptions(wait_until=WaitUntil.LOAD, **options))
    )


@pytest.fixture(scope="module")
def in_tab(loop):
    """Asks a plain tab with some markup in it."""
    browser = loop.run(launch(find_chromium(), sandbox="auto", limits=DEFAULT_LIMITS))
    tab = loop.run(browser.handle.new_page())

    async def asking(markup, script, argument):
        await tab.set_content(document(BASE + markup))
        return await tab.evaluate(script, argument)

    yield lambda markup, script, argument: loop.run(asking(markup, script, argument))
    loop.run(browser.close())


def plain_css(sheet):
    """The cases that are a CSS selector and nothing else, as lists."""
    for rule, value in sheet.cases:
        selector = rule[0] if isinstance(rule, list) else rule
        if (
            isinstance(selector, str)
            and "@" not in selector
            and "::" not in selector
            and selector[0] not in "/x"
            and selector[:2] != "./"
        ):
            yield selector, value if isinstance(rule, list) else [value]


def test_the_corpus_is_large():
    assert sum(len(sheet.cases) for sheet in SHEETS) >= 200


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_each_rule_gives_its_value(read, sheet):
    selectors = {str(number): rule for number, (rule, _) in enumerate(sheet.cases)}

    data = read(sheet.html, selectors, **sheet.options).data

    wrong = [(rule, value, data[str(n)]) for n, (rule, value) in enumerate(sheet.cases) if data[str(n)] != value]
    assert wrong == []


@pytest.mark.parametrize("sheet", [CSS, TEXTS], ids=lambda sheet: sheet.name)
def test_a_css_selector_gives_what_query_selector_finds(in_tab, sheet):
    cases = list(plain_css(sheet))

    found = in_tab(sheet.html, INDEPENDENTLY, [selector for selector, _ in cases])

    for (selector, value), texts in zip(cases, found, strict=True):
        expected = texts if len(value) > 1 else texts[:1] or [None] * len(value)
        assert (selector, expected) == (selector, value)


def test_xpath_gives_what_libxml2_finds():
    tree = lxml_html.document_fromstring(document(BASE + CATALOGUE)).getroottree()
    cases = [(rule, value) for rule, value in XPATH.cases if isinstance(rule, str | list)]

    for rule, value in cases:
        expression = (rule[0] if isinstance(rule, list) else rule).removeprefix("xpath=").strip()
        if "H1" not in expression and expression[0] != ".":  # libxml2 minds the case in HTML, and starts at the root
            assert (rule, as_value(tree.xpath(expression), many=isinstance(rule, list))) == (rule, value)


def as_value(found, *, many):
    values = [text_of(each) for each in found] if isinstance(found, list) else [text_of(found)]
    return [each for each in values if each is not None] if many else next(iter(values), None)


def text_of(found):
    if isinstance(found, float):
        return found if abs(found) < float("inf") else None
    if isinstance(found, bool):
        return found
    if isinstance(found, str):
        return " ".join(found.split())
    return " ".join(found.text_content().split())


def test_each_rule_of_the_corpus_is_taken_alone_and_together():
    for sheet in SHEETS:
        for rule, _ in sheet.cases:
            assert len(rules.parse({"field": rule})) == 1


def test_each_field_has_a_report(read):
    selectors = {str(number): rule for number, (rule, _) in enumerate(OBJECTS.cases)}

    outcome = read(OBJECTS.html, selectors)

    assert {path.partition(".")[0] for path in outcome.reports} == set(selectors)
    assert all(report.status for report in outcome.reports.values())
