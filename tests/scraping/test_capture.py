"""What is made of a page as a whole: each output is what the page says, of the document that was read."""

import asyncio
import json
import struct
import sys
import zlib

import pytest

from scraping.browser.failures import DocumentGone
from scraping.capture import pictures
from scraping.capture.documents import as_json, as_markdown
from scraping.capture.metadata import metadata
from scraping.egress import gate
from scraping.errors import NavigationTimeout, TooLarge
from scraping.options import PICTURES, Block, FetchOptions, Output, Profile, Viewport
from tests.site import capturing  # noqa: F401  (puts its pages on the site)

SMALL = Profile(viewport=Viewport(320, 240), block=frozenset())


@pytest.fixture
def capture(visit):
    """The content of one output of a page, and its type."""

    def make(path, output, selectors=None, **options):
        outcome = visit(path, {} if selectors is None else selectors, outputs=frozenset({Output(output)}), **options)
        (made,) = outcome.captures
        assert made.output == output
        return made

    return make


def pixels(png):
    """The width and height of a PNG, and the colour of its first pixel."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    data, place = b"", 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += length + 12
    return width, height, tuple(zlib.decompress(data)[1:4])


# -- documents -----------------------------------------------------------------------------------------


def test_html_is_the_page_as_rendered(capture):
    made = capture("/article", "html")

    html = made.content.decode()
    assert made.content_type == "text/html; charset=utf-8"
    assert html.startswith('<!DOCTYPE html><html lang="en-GB"><head>')
    assert 'data-ran="yes"' in html


def test_html_is_captured_with_the_fields_it_was_read_with(visit):
    outcome = visit("/spa/3?ms=50", {"title": "h1"}, keep_html=True)

    assert outcome.data == {"title": "Product 3"}
    assert [(made.output, b"<h1>Product 3</h1>" in made.content) for made in outcome.captures] == [("html", True)]


def test_nothing_is_made_unasked(visit):
    assert visit("/article").captures == ()


def test_markdown_has_what_the_page_shows_with_absolute_addresses(capture, site):
    made = capture("/article", "markdown")

    assert made.content_type == "text/markdown; charset=utf-8"
    shown = made.content.decode()
    assert f"[Home]({site.url('/')})" in shown
    assert "# Chair" in shown
    assert f"**oak**, see [the wood]({site.url('/shop/oak?a=1&b=2')})" in shown
    assert f"![A chair]({site.url('/shop/chair.png')})" in shown
    assert "| Leg | £5 |" in shown
    assert "```\nx = 1\ny = 2\n```" in shown
    for hidden in ("A chair & a", "Nobody sees", "color: red", "dataset", "@type"):
        assert hidden not in shown


def test_text_is_what_a_reader_sees(capture):
    text = capture("/article", "text").content.decode()

    assert text.startswith("Home\nChair\n")
    assert "Made of oak, see the wood or again." in text
    assert "Part\tPrice\nLeg\t£5" in text
    assert "Nobody sees" not in text


def test_links_are_those_to_the_web_each_once_and_absolute(capture, site):
    made = capture("/article", "links")

    assert made.content_type == "application/json"
    assert json.loads(made.content) == [
        {"url": site.url("/"), "text": "Home"},
        {"url": site.url("/shop/oak?a=1&b=2"), "text": "the wood", "rel": "nofollow"},
        {"url": site.url("/shop/#top"), "text": "Top"},
    ]


def test_links_end_at_ten_thousand(capture):
    assert len(json.loads(capture("/many-links", "links").content)) == 10_000


def test_elements_tell_what_a_selector_could_and_where_they_are(capture):
    made = json.loads(capture("/boxes", "elements").content)

    button, inner = made["elements"][-2:]
    assert (made["width"], made["height"]) == (1280, 3000)
    assert button == {
        "parent": 6,
        "tag": "button",
        "id": "buy",
        "classes": ["big", "red"],
        "attributes": {"data-testid": "buy", "type": "button"},
        "box": [20, 2_500, 200, 40],
        "text": "Buy",
    }
    assert (inner["tag"], inner["parent"], inner["box"]) == ("b", 7, None)


def test_the_places_that_a_report_names_are_those_of_the_elements(visit):
    rules = {
        "name": "#buy",
        "kind": "#buy@type",
        "all": {"selector": ["main *"], "output": "count"},
        "sum": "xpath=1+1",
    }
    outcome = visit("/boxes", rules, explain=True, outputs=frozenset({Output.ELEMENTS}))

    elements = json.loads(outcome.captures[0].content)["elements"]
    places = {path: report.elements for path, report in outcome.reports.items()}
    assert elements[places["name"][0]]["id"] == "buy"
    assert places == {"name": [7], "kind": [7], "all": [7, 8], "sum": []}


def test_without_explain_no_places_are_looked_for(visit):
    assert visit("/boxes", {"name": "#buy"}).reports["name"].elements == []


def test_elements_end_at_twenty_thousand(visit):
    outcome = visit("/many-elements", {}, outputs=frozenset({Output.ELEMENTS}))

    assert len(json.loads(outcome.captures[0].content)["elements"]) == 20_000
    assert outcome.cut == {"outputs.elements"}


def test_metadata_is_what_the_head_says(capture, site):
    assert json.loads(capture("/article", "metadata").content) == {
        "title": "A chair & a table",
        "description": "Both of oak.",
        "robots": "noindex",
        "author": None,
        "published": "2024-05-01",
        "modified": None,
        "language": "en-GB",
        "canonical": site.url("/shop/chair"),
        "favicon": site.url("/favicon.ico"),
        "openGraph": {"title": "Chair", "image": ["/a.png", "/b.png"], "article:published_time": "2024-05-01"},
        "twitter": {"card": "summary"},
        "jsonld": [{"@type": "Product", "name": "Chair"}],
    }


def test_metadata_of_a_page_that_says_nothing_is_null():
    head = {"title": "", "language": "", "metas": [["description", ""]], "links": []}

    said = metadata(head, [])

    assert {name for name, value in said.items() if value is None} >= {"title", "description", "canonical", "language"}
    assert (said["openGraph"], said["jsonld"]) == ({}, [])


def test_all_outputs_can_be_had_at_once_and_beside_fields(visit):
    outcome = visit("/article", {"title": "h1"}, outputs=frozenset(Output))

    assert outcome.data == {"title": "Chair"}
    assert sorted(made.output for made in outcome.captures) == sorted(Output)


@pytest.mark.parametrize("output", ["html", "markdown", "text", "links", "metadata", "elements"])
def test_a_page_that_renders_late_is_waited_for_without_any_field(capture, output):
    content = capture("/spa/3?ms=1500", output).content

    assert b"Loading" not in content
    assert output == "metadata" or b"Next" in content


def test_an_empty_page_is_waited_for_though_its_network_is_idle(capture):
    assert capture("/rendered-by-a-timer", "text").content == b"Rendered"


def test_markdown_has_nothing_that_the_page_does_not_show(capture):
    shown = capture("/shown", "markdown").content.decode()

    assert shown.split("\n\n") == [
        "# Shown",
        "contents",
        "script inline",
        "**More**",
        "folded",
        "one",
        "two",
        "slotted\n",
    ]


def test_markdown_has_shadow_roots_and_frames_where_they_were_asked_for(capture):
    shown = capture("/shown", "markdown", shadow=True, frames=True).content.decode()

    assert shown.endswith("two\n\nshadow slotted\n\nframed\n")


def test_a_page_whose_elements_bear_the_names_of_properties_is_captured_like_any_other(visit, site):
    outcome = visit("/fields-for-properties", {"title": "h1"}, outputs=frozenset(Output))

    made = {capture.output: capture.content for capture in outcome.captures}
    assert outcome.data == {"title": "Odd names"}
    assert made[Output.TEXT].startswith(b"Odd names")
    assert made[Output.MARKDOWN].startswith(b"# Odd names")
    assert json.loads(made[Output.LINKS]) == [{"url": site.url("/inside"), "text": "svg"}]
    assert json.loads(made[Output.METADATA])["title"] == "Site"


def test_addresses_in_metadata_are_of_the_web(capture, site):
    said = json.loads(capture("/two-icons", "metadata").content)

    assert (said["favicon"], said["canonical"]) == (site.url("/i.png"), None)


def test_half_characters_and_nul_are_replaced(visit):
    outcome = visit("/odd-characters", {}, outputs=frozenset({Output.HTML, Output.TEXT, Output.METADATA}))

    html, text, said = (made.content.decode() for made in outcome.captures)
    assert "a�b�c" in html
    assert "a�b�c" in text
    assert json.loads(said)["title"] == "t��"


def test_json_takes_what_json_ld_may_hold():
    assert json.loads(as_json({"huge": 10**30, "half": "\ud800"})) == {"huge": 10**30, "half": "?"}


# -- sizes and harm ------------------------------------------------------------------------------------


def test_html_that_a_script_made_too_large_fails_if_it_was_asked_for(visit):
    with pytest.raises(TooLarge):
        visit("/grown", outputs=frozenset({Output.HTML}))


def test_html_that_a_script_made_too_large_is_just_not_kept_otherwise(visit):
    outcome = visit("/grown", keep_html=True)

    assert (outcome.data, outcome.captures) == ({"title": "Grown"}, ())


def test_markdown_bears_a_depth_that_nobody_wrote_by_hand(capture):
    assert capture("/deep-nesting", "markdown").content.startswith(b"# Deep")
    assert as_markdown("<div>" * 100_000 + "x") is not None


@pytest.mark.parametrize("path", ["/vast-table", "/many-attributes", "/deep-nest-by-script"])
def test_markdown_of_a_hostile_page_is_no_longer_than_the_page(capture, path):
    made = capture(path, "markdown")

    assert made.content.startswith(b"# ")
    assert len(made.content) < 100_000


def test_links_have_five_mebibytes_at_most_and_say_that_they_were_cut(visit):
    outcome = visit("/long-links", {}, outputs=frozenset({Output.LINKS}))

    (made,) = outcome.captures
    assert 600 < len(json.loads(made.content)) < 1_000
    assert outcome.cut == {"outputs.links"}


@pytest.mark.parametrize("output", ["markdown", "text"])
def test_what_a_script_made_too_large_fails(visit, output):
    with pytest.raises(TooLarge, match=f"too large to make its {output}"):
        visit("/grown", outputs=frozenset({Output(output)}))


def test_a_page_that_never_rests_is_captured_all_the_same(capture):
    assert capture("/endless-height", "fullPageScreenshot", timeout_ms=15_000).content


# -- pictures ------------------------------------------------------------------------------------------


def test_a_screenshot_is_of_the_window(capture):
    made = capture("/red", "screenshot", profile=SMALL)

    assert made.content_type == "image/png"
    assert pixels(made.content) == (320, 240, (255, 0, 0))


@pytest.mark.parametrize("blocked", [frozenset(), frozenset({Block.IMAGE})])
def test_a_picture_has_images_unless_they_are_blocked(capture, blocked):
    *_, colour = pixels(capture("/shows-an-image", "screenshot", profile=Profile(block=blocked)).content)

    assert (colour == (255, 0, 0)) is not bool(blocked)


def test_a_full_page_screenshot_is_of_all_of_it(capture):
    assert pixels(capture("/short", "fullPageScreenshot", profile=SMALL).content)[:2] == (320, 900)


def test_a_picture_ends_where_pictures_do_and_says_so(visit):
    outcome = visit("/tall", outputs=frozenset({Output.FULL_PAGE_SCREENSHOT}), profile=SMALL)

    (made,) = outcome.captures
    assert pixels(made.content)[:2] == (2_000 + 8, 16_384)
    assert outcome.cut == {"outputs.fullPageScreenshot"}


def test_a_picture_that_is_very_wide_is_the_less_high(capture):
    width, height, _ = pixels(capture("/wide", "fullPageScreenshot", profile=SMALL).content)

    assert (width, height) == (16_384, 2_048)


def test_a_pdf_is_one(capture):
    made = capture("/article", "pdf")

    assert made.content_type == "application/pdf"
    assert made.content.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 595" in made.content


def test_pictures_are_taken_without_scripts_too(capture):
    still = Profile(viewport=Viewport(320, 240), javascript=False, block=frozenset({Block.SCRIPT}))

    assert pixels(capture("/red", "screenshot", profile=still).content)[:2] == (320, 240)


def test_a_font_that_never_comes_is_not_waited_for_for_ever(capture):
    assert capture("/no-font", "screenshot", timeout_ms=15_000).content


def test_fields_are_read_before_a_picture_is_taken(visit):
    outcome = visit("/short", {"height": "//div/@style"}, outputs=frozenset({Output.FULL_PAGE_SCREENSHOT}))

    assert outcome.data == {"height": "height: 900px"}


@pytest.mark.parametrize("output", sorted(PICTURES))
def test_a_picture_is_not_of_another_document_than_the_one_that_was_read(loop, pool, site, output):
    async def take():
        target, another = (gate.check(site.url(path), pool.policy) for path in ("/short", "/red"))
        lane = await pool.borrow("alice", target.host_key)
        await lane.goto(target)
        command, world = lane.command, await lane.enter()

        async def led_on(*given):
            await lane.goto(another)
            return await command(*given)

        lane.command = led_on
        try:
            options = FetchOptions(outputs=frozenset({output}))
            await pictures(lane, options, world=world, deadline=asyncio.get_running_loop().time() + 20)
        finally:
            await lane.close()
            await pool.give_back(lane)

    with pytest.raises(DocumentGone):
        loop.run(take())


@pytest.mark.parametrize(
    ("path", "images", "blocked"), [("/lazy", True, frozenset()), ("/article", False, frozenset({Block.IMAGE}))]
)
def test_images_that_are_not_on_their_way_are_not_waited_for(loop, pool, site, path, images, blocked):
    async def wait():
        target = gate.check(site.url(path), pool.policy)
        lane = await pool.borrow("alice", target.host_key, profile=Profile(block=blocked))
        try:
            await lane.goto(target)
            await lane.wait_for("load")
            async with asyncio.timeout(10):
                return await lane.call(await lane.enter(), "shown", {"images": images})
        finally:
            await lane.close()
            await pool.give_back(lane)

    assert loop.run(wait()) == ""


def test_a_pdf_has_as_many_pages_as_it_takes(capture):
    assert capture("/short", "pdf").content.count(b"/Type /Page\n") == 1
    assert capture("/tall", "pdf").content.count(b"/Type /Page\n") == 26


def test_a_picture_that_takes_too_long_fails_with_a_sentence(visit, monkeypatch):
    monkeypatch.setattr(sys.modules[pictures.__module__], "TAKE_WITHIN_S", 0)

    with pytest.raises(NavigationTimeout, match="The screenshot was not done"):
        visit("/short", outputs=frozenset({Output.SCREENSHOT}))


def test_a_picture_that_is_too_large_fails_with_a_sentence(visit, monkeypatch):
    monkeypatch.setattr(sys.modules[pictures.__module__], "MOST_BYTES", 100)

    with pytest.raises(TooLarge, match="The pdf has more than"):
        visit("/short", outputs=frozenset({Output.PDF}))
