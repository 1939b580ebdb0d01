"""What a page may use: at each limit it completes, one past it it fails and says which limit that was."""

import os
import signal

import pytest

from scraping import rules
from scraping.egress import gate
from scraping.errors import BrowserCrashed, TooLarge
from scraping.limits import Limits
from scraping.options import FetchOptions
from scraping.render import scrape
from tests.scraping.conftest import visiting
from tests.site.hostile import HEADING

MIB = 1024 * 1024
SHOWN = {"title": HEADING}


@pytest.fixture
def visit(loop, make_pool, site):
    """Scrape a path under some limits, in a browser of their own."""
    return lambda path, **limits: loop.run(visiting(make_pool(limits=Limits(**limits)), site, path))


@pytest.fixture
def use_of(loop, site, pool):
    """What the account of a page says when there is no limit to speak of."""

    async def scraped(path):
        lane = await pool.borrow("alice")
        try:
            await scrape(lane, gate.check(site.url(path), pool.policy), rules.parse({"title": "h1"}), FetchOptions())
            return lane.traffic
        finally:
            await pool.give_back(lane)

    return lambda path: loop.run(scraped(path))


@pytest.mark.parametrize("spare", [0, 1])
def test_a_page_may_receive_as_much_as_its_limit(visit, use_of, spare):
    limit = use_of("/large?bytes=9000").received_bytes + spare

    assert visit("/large?bytes=9000", max_received_bytes=limit).data == SHOWN


def test_a_page_that_receives_more_than_its_limit_is_too_large(visit, use_of):
    limit = use_of("/large?bytes=9000").received_bytes - 1

    with pytest.raises(TooLarge, match=f"loaded more than {limit / MIB:g} MiB"):
        visit("/large?bytes=9000", max_received_bytes=limit)


@pytest.mark.parametrize("spare", [0, 1])
def test_a_page_may_send_as_much_as_its_limit(visit, use_of, spare):
    limit = use_of("/sends?bytes=9000").sent_bytes + spare

    assert visit("/sends?bytes=9000", max_sent_bytes=limit).data == SHOWN


def test_a_page_that_sends_more_than_its_limit_is_too_large(visit, use_of):
    limit = use_of("/sends?bytes=9000").sent_bytes - 1

    with pytest.raises(TooLarge, match=f"sent more than {limit / MIB:g} MiB"):
        visit("/sends?bytes=9000", max_sent_bytes=limit)


@pytest.mark.parametrize("cached", ["", "&cached=1"])
@pytest.mark.parametrize("besides", [8, 9])
def test_a_page_may_make_as_many_requests_as_its_limit(visit, besides, cached):
    assert visit(f"/asks?n={besides}{cached}", max_requests=10).data == SHOWN


@pytest.mark.parametrize("cached", ["", "&cached=1"])
def test_a_page_that_makes_more_requests_than_its_limit_is_too_large(visit, cached):
    with pytest.raises(TooLarge, match="more than 10 requests"):
        visit(f"/asks?n=10{cached}", max_requests=10)


@pytest.mark.parametrize("scripts", [8, 9])
def test_the_requests_of_frames_of_its_site_count_too(loop, make_pool, site, scripts):
    pool = make_pool(limits=Limits(max_requests=10))
    work = visiting(pool, site, f"/framed?n={scripts}", wait_until="load")

    if scripts == 8:
        assert loop.run(work).data == SHOWN
    else:
        with pytest.raises(TooLarge, match="more than 10 requests"):
            loop.run(work)


@pytest.mark.parametrize("size", [9_999, 10_000])
def test_html_may_be_as_large_as_its_limit(visit, size):
    assert visit(f"/large?bytes={size}", max_html_bytes=10_000).data == SHOWN


@pytest.mark.parametrize("way", ["/", "/redirect?to=/", "/inline-redirect?to=/"])
def test_html_larger_than_its_limit_is_too_large(visit, way):
    with pytest.raises(TooLarge, match=f"HTML is larger than {10_000 / MIB:g} MiB"):
        visit(f"{way}large?bytes=10001", max_html_bytes=10_000)


def test_a_page_cannot_hide_how_large_it_is(visit):
    with pytest.raises(TooLarge):
        visit("/liar", max_html_bytes=100)


@pytest.mark.parametrize("wait_until", ["commit", "domcontentloaded", "load"])
def test_however_a_page_is_waited_for_its_html_is_measured(loop, make_pool, site, wait_until):
    pool = make_pool(limits=Limits(max_html_bytes=100))

    with pytest.raises(TooLarge):
        loop.run(visiting(pool, site, "/static/1", wait_until=wait_until))


def test_a_page_over_a_limit_costs_its_lane_and_nobody_elses(loop, make_pool, site):
    pool = make_pool(limits=Limits(max_requests=10))
    loop.run(pool.start())
    pid = pool.browser_pid

    with pytest.raises(TooLarge) as caught:
        loop.run(visiting(pool, site, "/asks?n=100"))

    assert not caught.value.retryable
    assert pool._idle == []
    assert loop.run(visiting(pool, site, "/asks?n=9")).data == SHOWN
    assert pool.browser_pid == pid


def test_the_product_allows_what_is_documented():
    limits = Limits()

    assert (limits.max_received_bytes, limits.max_sent_bytes) == (25 * MIB, 2 * MIB)
    assert (limits.max_requests, limits.max_documents) == (500, 20)
    assert (limits.max_html_bytes, limits.max_renderer_bytes) == (5 * MIB, 1024 * MIB)
    assert (limits.max_value_bytes, limits.max_data_bytes) == (64 * 1024, MIB)


# -------------------------------------------------------------------- memory


def test_a_page_that_uses_too_much_memory_fails_alone(loop, make_pool, site):
    pool = make_pool(lanes=3, limits=Limits(max_renderer_bytes=256 * MIB))
    site.hold("/static/1")
    neighbours = [loop.start(visiting(pool, site, "/static/1", owner=owner)) for owner in ("mallory", "alice")]
    site.wait_for_hit("/static/1", 2)
    pid = pool.browser_pid

    with pytest.raises(TooLarge, match=r"used more than 0\.25 GiB of memory") as caught:
        loop.run(visiting(pool, site, "/fill-buffers", owner="mallory"))
    site.release()

    assert not caught.value.retryable
    assert [neighbour.result(30).data for neighbour in neighbours] == [{"title": "Product 1"}] * 2
    assert pool.browser_pid == pid


def test_a_page_may_use_memory_up_to_its_limit(visit):
    assert visit("/holds?mib=100", max_renderer_bytes=512 * MIB).data == SHOWN


def test_what_earlier_pages_have_left_in_memory_ends_no_page(loop, make_pool, site):
    pool = make_pool(limits=Limits(max_renderer_bytes=320 * MIB))

    for _ in range(25):
        assert loop.run(visiting(pool, site, "/rows?n=5000", keep_html=True)).data == SHOWN

    [lane] = pool._idle
    assert lane.pages == 25


def test_a_tab_that_dies_by_itself_has_crashed(loop, make_pool, site):
    pool = make_pool(limits=Limits(max_renderer_bytes=256 * MIB))
    with pytest.raises(TooLarge):
        loop.run(visiting(pool, site, "/fill-buffers"))
    work = loop.start(visiting(pool, site, "/hanging-fetch", {"none": "#none"}))
    site.wait_for_hit("/silent", 2)

    for renderer in pool.browser.watch._renderers():
        os.kill(renderer.process.pid, signal.SIGKILL)

    with pytest.raises(BrowserCrashed):
        work.result(30)
