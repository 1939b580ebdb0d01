"""What the check at POST says of a selector is what Chromium will say."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scraping import rules
from scraping.browser import find_chromium
from scraping.browser.launch import launch
from scraping.limits import DEFAULT_LIMITS
from scraping.rules import Rules, css, xpath
from scraping.rules.rule import Selector
from tests.scraping.corpus import SHEETS

CSS = (
    """
h1|h1 > a|a[href]|a[href=x|a[href='x'|a[href="x" i]|a[href=x s]|a[ href = 'x' ]|.a.b|#1|#a|#-1|#-a|a:hover
p:nth-child(2n+1)|p:nth-child(2 of .a)|p:nth-last-child(-n+3)|tr:nth-child( 2n + 1 )|tr:nth-child(- n)
a:nth-child()|a:nth-child(n of)|:is(a,b)|:where(a)|:not(a,b)|:has(> img)|p:has(img)|a:has(+ b)|a:has(> b, ~ c)
:has(:has(a))|:not()|:has()|a:is()|a:where()|p::before|p::first-line|p:first-letter|a:before|a::after
a::after:hover|p::before a|p::unknown|a::placeholder|a::marker|::-webkit-scrollbar|::slotted(a)|::part(a)
::highlight(x)|:host|:host(a)|:host-context(a)|&|& a|:-webkit-any(a)|:-moz-any(a)|:contains(x)|p:has-text('x')
text=foo|p >> a|a:visible|a:eq(1)|a:first|a:last|a:first-child|a:lang(en)|a:dir(ltr)|:root|:scope|:scope > h1|*
*.a|a,b|a,|a,,b|,a|> a|a >|a + b|a ~ b|a /deep/ b|a >>> b|a>b+c~d|div:nth-of-type(1)|div:nth-last-of-type(2)
:only-of-type|:empty|:checked|:disabled|:link|:any-link|:target|:focus-within|:autofill|:defined|:matches(a)|a{}
a;b|a/*c*/b|/*x*/a|a\\:b|\\31 a|é|[data-x='é']|日本|p.😀|[a=1]|[a='1']|[1=a]|a[b]c|a:hover:not(.x)|:popover-open
:modal|:fullscreen|:user-invalid|@media|a!|a$|a%|(a)|a()|.|#|:|a:|a::|:unknown|a[|a]|a)|a'b|a"|"a"|!a
input:placeholder-shown|a[href^=x]|a[href^='']|a[href*='a b']|a[href~=x]|a[href!=x]|a [href]|A:NOT(B)
:nth-col(1)|:state(x)|:current|:past|:future|:playing|:open|a:is(b|a:not(b|[a=b|[a='b|:has(a|a:nth-child(1|//a
internal:role=a|a:text('x')|:nth-match(a,1)|a:near(b)|:blank|:indeterminate|:in-range|:read-write|:required
:valid|:only-child|:is(:unknown)|:not(:unknown)|:where(:unknown, a)|:is(a,,b)|:not(a:unknown)|h1:unknown
:local-link|:focus-visible|:active|:visited|:default|:optional|:out-of-range|:read-only|:invalid|:user-valid
:enabled|:first-of-type|:last-of-type|a:last-child|:buffering|:muted|:paused|:seeking|:stalled|:volume-locked
:-webkit-autofill|a:nth-child(2n+1 of a, b)|:is(h1|a\\|:where()|:not(:is())|:NOT(a)|A::BEFORE
""".replace("\n", "|")
    .strip("|")
    .split("|")
)

NAMESPACES = ["*|a", "|a", "*|*", "a|b", "svg|a", "[svg|href]", "[*|href]", "[a|=b]", "[|a]", "a || b", "html|*"]

XPATH = (
    """
//h1 # /html/body # ./h1 # (//a)[1] # //a/@href # //a/text() # string(//h1) # count(//a) # //h1 = 'x' # //a[
//svg:a # // # //a[contains(.,'x')] # document('x') # //a[re:test(.,'x')] # //a[matches(.,'x')] # id('x')
key('a','b') # ./ # ( # / # //a[lower-case(.)='x'] # //*[local-name()='svg'] # //@href # //a[position()<3]
//a[last()] # //a/b[1]/c # //a|//b # //a and //b # 1 # //a[lang('en')] # //a[@data-x="it's"]
//processing-instruction('x') # //comment() # //node() # current() # generate-id(//a) # format-number(1,'0')
function-available('x') # //a[name()='a'] # translate(//h1,'a','b') # round(1.5) # normalize-space(//h1)
//h1/ancestor::body # //a[not(@x)] # sum(//a) # //a[ends-with(.,'x')] # exslt:node-set(//a) # //a/. # //a/..
//é # //a/@xml:lang # //a[1e3] # //a[.5] # -1 # //a div 2 # true() # concat('a') # concat('a','b')
string-length() # substring('a') # substring('a', 1, 2, 3) # contains('a') # foo() # //h1// # //a::b
//a[@href='x] # //h1[text()='x' and (@a or @b)] # //a[count(./b) > 1] # following-sibling::a
//a[. = 'concat('] # //div/text()[2] # //a[contains(concat(' ', normalize-space(@class), ' '), ' x ')] # last(1)
not() # //a[string()] # text() # node( )
""".replace("\n", "#")
    .strip("#")
    .split("#")
)


STRICTER = {"a\u00a0b", "\u00a0a", "a\u3000b", ".a\u200bb", "a:is(b::before)", "$x", "//a[$b]"}
"""Known differences: what Chromium takes and the check refuses. None of it finds anything in a usual page."""

LOOSER = set(
    """:nth-child(2 n+1)|:nth-of-type(1 of a)|::part()|::part(a) b|::highlight()|::slotted()|:lang("de")|:lang(de, fr)
:lang()|:lang(*-CH)|:dir()|:dir("ltr")|:state()|:state(a b)|:host()|:host(a b)|:-webkit-any()|:heading(1)""".replace(
        "\n", "|"
    ).split("|")
)
"""Known differences: what the check takes and Chromium refuses; such a URL fails with invalid_selector."""


def listed(kind: str) -> list[str]:
    """The selectors of a list next to this file, good and bad, one on each line."""
    text = Path(__file__).with_name(f"selectors.{kind}.txt").read_text(encoding="utf-8")
    return text.removesuffix("\n").split("\n")


def of_corpus(rule: object) -> Iterator[Selector]:
    for each in rules.parse({"f": rule}):
        yield from each.selectors
        if isinstance(each.output, Rules):
            for inner in each.output:
                yield from inner.selectors


@pytest.fixture(scope="module")
def in_chromium(loop):
    """Asks Chromium which of some expressions it takes."""
    browser = loop.run(launch(find_chromium(), sandbox="auto", limits=DEFAULT_LIMITS))
    tab = loop.run(browser.handle.new_page())
    script = "([call, list]) => list.map(text => { try { eval(call); return true; } catch { return false; } })"
    yield lambda call, texts: loop.run(tab.evaluate(script, [call, texts]))
    loop.run(browser.close())


def accepts(check, text: str) -> bool:
    try:
        check(text)
    except ValueError:
        return False
    return True


def test_css_is_taken_and_refused_as_chromium_does(in_chromium):
    selectors = [text for text in CSS if text.strip()] + NAMESPACES

    chromium = in_chromium("document.querySelector(text)", selectors)

    assert [text for text, taken in zip(selectors, chromium, strict=True) if accepts(css.check, text) != taken] == []


def test_xpath_is_taken_and_refused_as_chromium_does(in_chromium):
    expressions = [text.strip() for text in XPATH if text.strip()]

    chromium = in_chromium("document.evaluate(text, document, null, 0)", expressions)

    assert [
        text for text, taken in zip(expressions, chromium, strict=True) if accepts(xpath.check, text) != taken
    ] == []


def test_chromium_takes_every_selector_of_the_corpus(in_chromium):
    selectors = [each for sheet in SHEETS for rule, _ in sheet.cases for each in of_corpus(rule)]
    in_css = [each.text for each in selectors if each.kind == "css"]
    in_xpath = [each.text for each in selectors if each.kind == "xpath"]

    assert all(in_chromium("document.querySelector(text)", in_css))
    assert all(in_chromium("document.evaluate(text, document, null, 0)", in_xpath))


@pytest.mark.parametrize(
    ("check", "texts", "call"),
    [
        (css.check, listed("css"), "document.querySelector(text)"),
        (xpath.check, listed("xpath"), "document.evaluate(text, document, null, 0)"),
    ],
    ids=["css", "xpath"],
)
def test_check_and_chromium_differ_only_as_is_known(in_chromium, check, texts, call):
    chromium = in_chromium(call, texts)

    judged = [(text, accepts(check, text), taken) for text, taken in zip(texts, chromium, strict=True)]
    assert {text for text, ours, theirs in judged if ours and not theirs} == LOOSER & set(texts)
    assert {text for text, ours, theirs in judged if theirs and not ours} == STRICTER & set(texts)
