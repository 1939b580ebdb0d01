"""Kept pages, read again without a network: they give what they gave live, and touch nothing."""

import asyncio
import socket
from contextlib import suppress
from urllib.parse import quote

import pytest
from playwright.async_api import Error as PlaywrightError

from scraping import rules
from scraping.browser import BrowserPool, find_chromium, shelf
from scraping.egress import Policy, gate
from scraping.egress.policy import LISTENERS
from scraping.egress.proxy import LaneProxy
from scraping.errors import BlockedAddress, ConnectionFailed, TooLarge, UrlError
from scraping.limits import MIB
from scraping.offline import Kept, offline, reread
from scraping.options import DEFAULT_PROFILE, FetchOptions, Output, Profile, WaitUntil
from scraping.render import scrape
from scraping.selftest import netlog
from scraping.selftest.canaries import everywhere, inside_addresses, place
from scraping.selftest.vectors import Aim, vectors
from tests.scraping.corpus import SHEETS

BASE = "<base href='https://shop.example/page/'>"


@pytest.fixture
def read_kept(loop, pool):
    """Read a kept page, in a lane of its own owner."""

    async def reading(kept, selectors, profile, options):
        lane = await pool.borrow("alice", profile=offline(profile))
        try:
            return await reread(lane, kept, rules.parse(selectors, required=False), FetchOptions(**options))
        finally:
            await pool.give_back(lane)

    return lambda kept, selectors, profile=DEFAULT_PROFILE, **options: loop.run(
        reading(kept, selectors, profile, options)
    )


@pytest.fixture
def keep(visit):
    """Scrape a path of the site; the outcome, and the page as it was kept."""

    def keeping(path, selectors, **options):
        outcome = visit(path, selectors, keep_html=True, **options)
        [made] = [made for made in outcome.captures if made.output is Output.HTML]
        return outcome, Kept(outcome.final_url, made.content, made.content_type, outcome.status_code)

    return keeping


@pytest.fixture
def twice(keep, read_kept):
    """What some markup gives live, and what it gives when it is read again."""

    def both(markup, selectors, profile=DEFAULT_PROFILE, **options):
        path = f"/echo?html={quote(BASE + markup)}"
        live, kept = keep(path, selectors, profile=profile, wait_until="load", **options)
        return live, read_kept(kept, selectors, profile, **options)

    return both


# -- parity --------------------------------------------------------------------------------------------


def test_a_page_that_is_read_again_has_no_trace(keep, read_kept):
    live, kept = keep("/talking", {"title": "h1"})

    again = read_kept(kept, {"title": "h1"})

    assert (live.trace is None, again.trace) == (False, None)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_each_rule_of_the_corpus_gives_its_value_again(twice, sheet):
    selectors = {str(number): rule for number, (rule, _) in enumerate(sheet.cases)}

    live, again = twice(sheet.html, selectors, **sheet.options)

    wrong = [
        (rule, value, again.data[str(n)]) for n, (rule, value) in enumerate(sheet.cases) if again.data[str(n)] != value
    ]
    assert wrong == []
    assert (again.data, again.reports) == (live.data, live.reports)


MENDED = {
    "neighbouring texts": (
        "<p id=t></p><script>t.append('a', 'b ', 'c')</script>",
        [("//p/text()[2]", "b"), (["//p/text()"], ["a", "b", "c"]), ({"selector": "p", "output": "html"}, "ab c")],
    ),
    "the first line of a pre": (
        "<pre>\n\n x</pre><textarea>\n\ny</textarea>",
        [
            ({"selector": "pre", "clean": False}, "\n x"),
            ({"selector": "textarea", "clean": False}, "\ny"),
        ],
    ),
    "noscript": (
        "<noscript><p class=x>no & none</p></noscript>",
        [("noscript", "<p class=x>no & none</p>"), (".x", None)],
    ),
    "a comment that would end too soon": (
        "<p>a</p><script>document.body.append(new Comment('--><p>b</p>'), new Comment('>c'))</script>",
        [(["p"], ["a"])],
    ),
    "a script that would end too soon": (
        "<script type=application/ld+json id=s></script><p>a</p>"
        "<script>s.text = JSON.stringify({name: '</' + 'script><p>b</p>'})</script>",
        [(["p"], ["a"]), ({"source": "jsonld", "path": "name"}, "</script><p>b</p>")],
    ),
    "line ends of other systems": (
        "<p id=t></p><script>t.append('a\\r\\nb\\rc'); t.title = 'd\\r\\ne'</script>",
        [({"selector": "p", "clean": False}, "a\r\nb\rc"), ("p@title", "d\r\ne")],
    ),
    "texts in templates": (
        "<template><p></p></template><script>{ const p = document.querySelector('template').content.firstChild;"
        "p.append('a', 'b') }</script>",
        [({"selector": "template", "output": "html"}, "<p>ab</p>"), ("p", None)],
    ),
    "forms whose fields are called like properties": (
        "<form id=f><input name=attributes value=1><input name=childNodes><input name=parentNode><input name=nodeType>"
        "<input name=localName><input name=namespaceURI><input name=getAttributeNames><b>in</b></form><i>after</i>",
        [("form b", "in"), (["input@name"], ["attributes", "childNodes", "parentNode", "nodeType", "localName",
                                             "namespaceURI", "getAttributeNames"]), ("form ~ i", "after")],
    ),
    "what stands outside the body": (
        "<p>a</p><script>document.documentElement.after(new Comment('end')); document.head.prepend('x')</script>",
        [("xpath=count(/comment())", 1), ("xpath=string(/comment())", "end")],
    ),
    "names of another namespace": (
        "<svg viewBox='0 0 9 9'><linearGradient id=g /><a xlink:href=#b>t</a></svg><math><mi>x</mi></math>",
        [("svg@viewBox", "0 0 9 9"), ("svg a@xlink:href", "#b"), ("#g", ""), ("mi", "x"),
         ("//*[local-name()='linearGradient']/@id", "g")],
    ),
    "characters that no file can hold": (
        "<p id=t></p><script>t.textContent = 'a\\u0000b\\ud800c\\u00a0d\\ufeff'; t.title = '<\"&amp;\\'>'</script>",
        [({"selector": "p", "clean": False}, "a\ufffdb\ufffdc\u00a0d\ufeff"), ("p@title", "<\"&amp;'>")],
    ),
    "blocks in a paragraph": (
        "<p id=p>a</p><p>z</p><script>p.innerHTML += '<b>b</b>'; for (const name of ['div', 'p', 'ul', 'p'])"
        "{ const made = document.createElement(name); made.title = name; p.append(made, name) }"
        "p.children[1].append(document.createElement('p'))</script>",
        [({"selector": "#p", "output": "html"}, "a<b>b</b><div title=\"div\"><p></p></div>div<p title=\"p\"></p>p"
          "<ul title=\"ul\"></ul>ul<p title=\"p\"></p>p"), (["body > p"], ["abdivpulp", "z"]), ("xpath=count(//p)", 5)],
    ),
    "rows without a tbody": (
        "<table id=t><caption>c</caption></table><script>for (const n of [1, 2]) {"
        "const row = document.createElement('tr');"
        "row.innerHTML = `<td>${n}</td>`; t.append(' ', new Comment('x'), row) }"
        "t.append(document.createElement('tbody'), document.createElement('tr'))</script>",
        [(["table > tr"], ["1", "2", ""]), ("xpath=count(//table/node())", 9), ("xpath=count(//tbody/node())", 0),
         ({"selector": "table", "output": "table_array"}, [["1"], ["2"], []])],
    ),
    "links in links, and the like": (
        "<a id=a>1</a><li id=l>2</li><button id=b>3</button><h1 id=h>4</h1><script>for (const e of [a, l, b, h]) {"
        "const [one, two] = [e.cloneNode(), e.cloneNode()]; one.append('x', two, 'z'); two.append('y');"
        "e.append(one, 'end') }</script>",
        [(["body > [id]"], ["1xyzend", "2xyzend", "3xyzend", "4xyzend"]), ("a a a", "y"), ("li li li", "y"),
         ("button > button > button", "y"), ("h1 > h1 > h1", "y")],
    ),
    "very long texts": (
        "<p id=t></p><script>t.textContent = 'ab '.repeat(20000)</script>",
        [("xpath=count(//p[@id='t']/text())", 1), ("xpath=string-length(//p)", 60_000)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("markup", "cases"), MENDED.values(), ids=MENDED)
def test_what_markup_hardly_tells_is_kept_all_the_same(twice, markup, cases):
    selectors = {str(number): rule for number, (rule, _) in enumerate(cases)}

    live, again = twice(markup, selectors)

    expected = {str(number): value for number, (_, value) in enumerate(cases)}
    assert (live.data, again.data) == (expected, expected)


LOST = {
    "a block deep in a paragraph, put there by a script: the parser ends the paragraph": (
        "<p id=p></p><script>p.append(document.createElement('i')); p.firstChild.append(document.createElement('div'))"
        "</script>",
        ("xpath=count(//p//div)", 1, 0),
    ),
    "what a table cannot hold, put there by a script: the parser puts it before the table": (
        "<table id=t></table><script>t.append('a', document.createElement('b'))</script>",
        ({"selector": "table b", "output": "count"}, 1, 0),
    ),
    "what a form's fields have come to": (
        "<input type=checkbox id=c><script>c.checked = true</script>",
        ({"selector": ":checked", "output": "exists"}, True, False),
    ),
    "elements that the page's scripts define": (
        "<x-y></x-y><script>customElements.define('x-y', class extends HTMLElement {})</script>",
        ({"selector": "x-y:defined", "output": "exists"}, True, False),
    ),
    "an empty text": (
        "<p id=p>a</p><script>p.append('')</script>",
        ("xpath=count(//p/text())", 2, 1),
    ),
    "a tree deeper than parsers make one": (
        "<div id=d></div><script>let at = d; for (let n = 0; n < 1000; n++) at = at.appendChild(document.createElement"
        "('i'))</script>",
        ("xpath=count(//i[not(*)]/ancestor::i)", 999, 509),
    ),
}  # fmt: skip
"""What no HTML file can tell, and why."""


@pytest.mark.parametrize(("markup", "case"), LOST.values(), ids=LOST)
def test_what_markup_cannot_tell_is_lost(twice, markup, case):
    rule, before, after = case

    live, again = twice(markup, {"value": rule})

    assert (live.data["value"], again.data["value"]) == (before, after)


@pytest.mark.parametrize(
    "name",
    ["querySelector", "querySelectorAll", "nodeType", "ownerDocument", "textContent", "childNodes", "getAttribute",
     "closest", "innerHTML", "outerHTML", "shadowRoot", "contentDocument", "nodeValue", "checkVisibility"],
)  # fmt: skip
def test_a_form_is_read_whatever_its_fields_are_called(twice, name):
    form = f"<form id=f>own<b>in</b><table><tr><td>c</table><input name={name}></form>"
    read = {"text": "form", "own": {"selector": "form", "output": "ownText"}, "id": "form@id",
            "html": {"selector": "form", "output": "outerHtml"}, "table": {"selector": "form", "output": "table_array"},
            "inner": {"selector": "form", "output": {"css": "b", "xpath": "./b", "name": "input@name"}}}  # fmt: skip

    live, again = twice(form, read, shadow=True, frames=True)

    assert live.data == again.data
    assert live.data.pop("html").startswith('<form id="f">own<b>in</b>')
    assert live.data == {
        "text": "owninc",
        "own": "own",
        "id": "f",
        "table": [["c"]],
        "inner": {"css": "in", "xpath": "in", "name": name},
    }


def test_no_page_hears_of_being_kept(twice):
    markup = """<x-y a=1></x-y><iframe srcdoc="<p>in</p>"></iframe><i>0</i><script>let heard = 0;
        const hear = () => { document.querySelector("i").textContent = ++heard; };
        customElements.define("x-y", class extends HTMLElement {
            static observedAttributes = ["a"]; constructor() { super(); if (heard > 0) hear() }
            attributeChangedCallback() { if (heard > 0) hear() } });
        Element.prototype.getAttribute = Node.prototype.appendChild = Array.prototype.map = hear;
        onload = () => { heard = 1; new MutationObserver(hear).observe(document, {subtree: true, attributes: true}) }
        </script>"""

    live, again = twice(markup, {"heard": "i", "in": ["p"]}, frames=True, shadow=True)

    assert live.data == again.data == {"heard": "0", "in": ["in"]}


# -- what they may be ----------------------------------------------------------------------------------

URL = "https://shop.example/page?a=1#b"


def test_a_kept_page_stands_at_its_url(read_kept):
    outcome = read_kept(
        Kept(URL, "<a href=/x>x</a>", status=404), {"link": {"selector": "a@href", "transform": "absoluteUrl"}}
    )

    assert outcome.data == {"link": "https://shop.example/x"}
    assert (outcome.final_url, outcome.status_code) == (URL, 404)


def test_what_is_asked_of_the_way_a_page_is_fetched_does_not_matter(read_kept):
    options = {"wait_until": WaitUntil.NETWORKIDLE, "pause_ms": 60_000, "outputs": frozenset(Output)}
    refresh = "<meta http-equiv=refresh content='0; url=/other'><h1>Kept</h1><p class=none>"

    outcome = read_kept(Kept(URL, refresh), {"title": "h1", "none": "h6"}, timeout_ms=20_000, **options)

    assert (outcome.data, outcome.captures) == ({"title": "Kept", "none": None}, ())


@pytest.mark.parametrize(("profile", "value"), [(DEFAULT_PROFILE, None), (Profile(javascript=False), "no scripts")])
def test_noscript_means_what_it_meant_live(keep, read_kept, profile, value):
    path = f"/echo?html={quote('<noscript><p>no scripts</p></noscript>')}"

    live, kept = keep(path, {"text": "p"}, profile=profile)

    assert live.data == read_kept(kept, {"text": "p"}, profile).data == {"text": value}


@pytest.mark.parametrize(
    ("path", "selectors"),
    [
        ("/plain", {"text": "pre", "all": ["body *"]}),
        ("/data", {"text": "pre", "type": "html"}),
        ("/xml", {"item": "item", "path": "/root/item", "none": "p"}),
        ("/static/4", {"title": "h1", "tags": [".tag"], "image": "img@src"}),
        ("/spa/4?ms=20", {"title": "h1", "tags": [".tag"], "image": "img@src"}),
    ],
)
def test_a_document_of_any_kind_is_kept(keep, read_kept, path, selectors):
    live, kept = keep(path, selectors)

    assert any(live.data.values())
    assert read_kept(kept, selectors).data == live.data


@pytest.mark.parametrize("content", [b"<p>a\xff\xc3b\xed\xa0\x80</p>", "<p>a\ufffd\ufffdb\ud800</p>"])
def test_what_is_no_utf_8_is_read_as_such(read_kept, content):
    text = read_kept(Kept(URL, content), {"text": "p"}).data["text"]

    assert text.startswith("a\ufffd\ufffdb")


def test_the_pages_own_word_for_its_encoding_is_not_taken(read_kept):
    assert read_kept(Kept(URL, "<meta charset=shift_jis><p>é漢"), {"text": "p"}).data == {"text": "é漢"}


def test_html_is_kept_up_to_its_budget(read_kept, shared_pool):
    most = shared_pool.limits.max_html_bytes
    page = "<h1>Large</h1>".ljust(most, "x")

    assert read_kept(Kept(URL, page), {"title": "h1"}).data == {"title": "Large"}
    with pytest.raises(TooLarge, match="larger than 5 MiB"):
        read_kept(Kept(URL, page + "x"), {"title": "h1"})


def test_html_over_its_budget_is_not_kept(visit):
    markup = "<p id=p></p><script>p.textContent = 'x'.repeat(%d)</script>"

    made = [visit(f"/echo?html={quote(markup % n)}", {}, keep_html=True).captures for n in (5 * MIB - 500, 5 * MIB)]

    assert [len(captures) for captures in made] == [1, 0]


@pytest.mark.parametrize(
    "content",
    [
        "<div>" * 300_000,
        "<b><i>" * 20_000 + "<p>x" * 2_000,
        "<table>" * 2_000,
        "<iframe srcdoc='<iframe srcdoc=x>'></iframe>" * 30,
        "<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">",
        "<!--" * 100_000,
        "\0" * 100_000,
        "",
    ],
    ids=["deep", "formatting", "tables", "frames", "attributes", "comments", "nulls", "nothing"],
)
def test_hostile_markup_is_read_or_refused_in_time(read_kept, content):
    outcome = read_kept(Kept(URL, content + "<h6>end</h6>"), {"all": {"selector": "*", "output": "count"}})

    assert outcome.data["all"] >= 3


@pytest.mark.parametrize("url", ["about:blank", "file:///etc/passwd", "data:text/html,x", "nothing", "javascript:1"])
def test_a_page_can_stand_only_where_the_web_is(read_kept, url):
    with pytest.raises(UrlError):
        read_kept(Kept(url, "<h1>x</h1>"), {"title": "h1"})


def test_a_lane_without_a_network_is_not_one_with(loop, pool, visit):
    async def borrowed():
        live = await pool.borrow("alice")
        await pool.give_back(live)
        kept = await pool.borrow("alice", profile=offline(DEFAULT_PROFILE))
        await pool.give_back(kept)
        return live, kept

    live, kept = loop.run(borrowed())

    assert live is not kept
    assert (live.profile.offline, kept.profile.offline) == (False, True)


# -- what they reach: nothing --------------------------------------------------------------------------

HANDLERS = """<body onload="fetch('$http/1')"><img src=x onerror="fetch('$http/2')"><svg onload="fetch('$http/3')" />
<details open ontoggle="fetch('$http/4')"><summary>s</summary></details><input autofocus onfocus="fetch('$http/5')">
<style>@keyframes k { to { color: red } } b { animation: k 1ms }</style><b onanimationstart="fetch('$http/6')">b</b>
<iframe src="javascript:fetch('$http/7')"></iframe><object data="javascript:fetch('$http/8')"></object>
<a id=a href="javascript:fetch('$http/9')">a</a><form id=f action="$http/10"><button id=b>b</button></form>
<meta http-equiv=refresh content="0; url=javascript:fetch('$http/11')"><noscript><img src=$http/12></noscript>
<frameset><frame src=$http/13></frameset><portal src=$http/14></portal><fencedframe src=$http/15></fencedframe>"""

SHEET_OF_XML = '<?xml-stylesheet type="text/xsl" href="$http/x.xsl"?><?xml-stylesheet href="$http/x.css"?>'
XML = SHEET_OF_XML + '<!DOCTYPE r SYSTEM "$http/r.dtd" [<!ENTITY e SYSTEM "$http/e.xml">]><r>&e;</r>'
XHTML = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:x="http://www.w3.org/2001/XInclude"><head>
<link rel="stylesheet" href="$http/s.css"/><script src="$http/s.js"/></head><body><x:include href="$http/i.xml"/>
<iframe src="$http/f"/><p>x</p></body></html>"""


def hostile_pages(aims):
    """Kept pages, each with a type, that try every way that the egress check knows, and some of their own."""
    known = [vector for vector in vectors(socket.gethostname()) if vector.by == "a page" and not vector.headers]
    marked = "".join(aim.fill(vector.markup) for vector in known if not vector.leaves for aim in aims)
    yield "text/html", f"<title>t</title>{marked}"
    yield "text/html", "".join(aim.fill(HANDLERS) for aim in aims)
    scripted = [vector.page(aims, report="") for vector in known if vector.script or vector.leaves]
    yield from (("text/html", "".join(scripted[at : at + 8])) for at in range(0, len(scripted), 8))
    for kind, text in (("application/xml", XML), ("application/xhtml+xml", XHTML)):
        yield from ((kind, aim.fill(text)) for aim in aims)


@pytest.fixture
def touches_of(loop, tmp_path):
    """What is touched, or looked up, while hostile pages are read: (by canary, by Chromium's log, by our resolver)."""
    asked = []

    def lookup(host):
        asked.append(host)
        return ["127.0.0.1"]

    async def reading(canary, profile, failures):
        aims = [Aim(host, canary.port, "https://shop.example") for host in (*hosts(), "inside.example")]
        allow = frozenset(f"{aim.host}:{aim.port}" for aim in aims)
        script = netlog.launcher(tmp_path, find_chromium(), trusted="none")
        pool = BrowserPool(executable=script, lanes=2, policy=Policy(allow=allow), lookup=lookup)
        canary.listen()
        try:
            pages = list(hostile_pages(aims))
            await asyncio.gather(*(read(pool, profile, half, failures) for half in (pages[::2], pages[1::2])))
        finally:
            await pool.close()
            canary.close()

    async def read(pool, profile, pages, failures):
        """Each is left alone for a moment: browsers begin some things only when a page has come to rest."""
        options = FetchOptions(wait_until=WaitUntil.LOAD, pause_ms=300, timeout_ms=20_000)
        lane = await pool.borrow("alice", profile=profile)
        for number, (kind, text) in enumerate(pages):
            lane.lay(text.encode(), kind)
            target = gate.read(f"https://shop{number}.example/page")
            with suppress(*failures):
                outcome = await scrape(
                    lane, target, rules.parse({"all": {"selector": "*", "output": "count"}}), options
                )
            assert failures or outcome.final_url == target.canonical
            assert failures or outcome.data["all"] > 0 or kind == "application/xml"  # whose style sheet does not come
        await pool.give_back(lane)

    def touches(profile=DEFAULT_PROFILE, failures=()):
        canary = place(everywhere())
        loop.run(reading(canary, offline(profile), failures))
        seen = {sight.what for sight in netlog.read(tmp_path) if not sight.what.startswith(LISTENERS)}
        return sum(canary.touches.values()), seen, asked

    return touches


def hosts():
    return ["127.0.0.1", *(address for address in inside_addresses() if "." in address and address != "127.0.0.1")][:2]


@pytest.mark.parametrize("javascript", [True, False])
def test_no_kept_page_touches_anything(touches_of, javascript):
    assert touches_of(Profile(javascript=javascript)) == (0, set(), [])


@pytest.mark.slow
def test_with_every_layer_taken_away_kept_pages_touch_others(touches_of, monkeypatch):
    """So that it is known that the canary, the log and the resolver would tell."""
    answer = shelf.Shelf._answer

    async def let_through(self, paused):
        if self._laid is not None:
            await answer(self, paused)
        else:
            with suppress(PlaywrightError):
                await self._cdp.send("Fetch.continueRequest", {"requestId": paused["requestId"]})

    monkeypatch.setattr(shelf, "POLICY", "img-src *")
    monkeypatch.setattr(shelf.Shelf, "_answer", let_through)
    open_always = property(lambda _: False, lambda *_: None)
    monkeypatch.setattr(LaneProxy, "_sealed", open_always, raising=False)

    touches, _, asked = touches_of(failures=(ConnectionFailed, BlockedAddress))

    assert touches > 0
    assert "inside.example" in asked
