"""Tabs, browsers and drivers that die or hang: the page fails with a code, in time, and the pool goes on."""

import asyncio
import os
import signal
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from scraping import rules
from scraping.browser import processes
from scraping.egress import gate
from scraping.errors import BrowserCrashed, NavigationTimeout, ScrapeError
from scraping.limits import Limits
from scraping.options import FetchOptions
from scraping.render import scrape
from tests.scraping.conftest import visiting
from tests.until import until


def renderers(pool):
    """The renderer processes of the pool's browser."""
    group = os.getpgid(pool.browser_pid)
    return [process for process in processes.running() if _is_renderer(process.pid, group)]


def _is_renderer(pid, group):
    try:
        # Chromium forks its renderers and rewrites their command line, with spaces.
        return os.getpgid(pid) == group and b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (ProcessLookupError, FileNotFoundError):
        return False


def works(loop, pool, site):
    return loop.run(visiting(pool, site, "/static/1")).data == {"title": "Product 1"}


@pytest.fixture
def make_pool(make_pool):
    """Pools that do not wait long for what will not come."""
    return lambda **overrides: make_pool(**{"limits": Limits(cleanup_timeout_ms=800), **overrides})


@pytest.fixture
def rendering(loop, make_pool, site):
    """A pool with a page under way that the site keeps waiting."""

    def rendering(path="/silent", **options):
        pool = make_pool()
        work = loop.start(visiting(pool, site, path, {"none": "#none"}, **options))
        site.wait_for_hit(path)
        return pool, work

    return rendering


@pytest.mark.parametrize("path", ["/silent", "/busy-later", "/hanging-fetch"])
def test_a_killed_browser_fails_its_page_and_is_launched_again(loop, rendering, site, path):
    pool, work = rendering(path)
    directories = pool.browser.directories
    os.kill(pool.browser_pid, signal.SIGKILL)

    with pytest.raises(BrowserCrashed) as caught:
        work.result(20)

    assert caught.value.retryable
    assert works(loop, pool, site)
    until(lambda: not any(path.exists() for path in directories), what="the dead browser's directories are gone")


@pytest.mark.parametrize("path", ["/silent", "/busy-later", "/hanging-fetch"])
def test_a_killed_driver_fails_its_page_and_is_started_again(loop, rendering, site, path):
    pool, work = rendering(path)
    browser, directories = pool.browser.process, pool.browser.directories
    os.kill(pool.driver_pid, signal.SIGKILL)

    with pytest.raises(BrowserCrashed):
        work.result(20)

    assert works(loop, pool, site)
    until(lambda: not browser.alive, what="the driver's browser has ended")
    until(lambda: not any(path.exists() for path in directories), what="its directories are gone")


def test_a_killed_renderer_fails_its_page_alone(loop, rendering, site):
    pool, work = rendering("/hanging-fetch")
    site.wait_for_hit("/silent")
    pid = pool.browser_pid
    found = renderers(pool)
    for renderer in found:
        renderer.kill()

    with pytest.raises(BrowserCrashed):
        work.result(20)

    assert works(loop, pool, site)
    assert found
    assert pool.browser_pid == pid


@pytest.mark.parametrize("path", ["/silent", "/hanging-fetch"])
def test_a_stopped_browser_is_killed_by_its_id_and_replaced(loop, rendering, site, path):
    pool, work = rendering(path, timeout_ms=800)
    browser = processes.Process.find(pool.browser_pid)
    os.kill(browser.pid, signal.SIGSTOP)

    with pytest.raises((NavigationTimeout, BrowserCrashed)):
        work.result(20)

    until(lambda: not browser.alive, what="the stopped browser is gone")
    assert works(loop, pool, site)


def test_a_stopped_driver_is_killed_and_replaced(loop, rendering, site):
    pool, work = rendering(timeout_ms=800)
    driver = processes.Process.find(pool.driver_pid)
    os.kill(driver.pid, signal.SIGSTOP)

    with pytest.raises((NavigationTimeout, BrowserCrashed)):
        work.result(20)

    assert works(loop, pool, site)
    until(lambda: not driver.alive, what="the stopped driver is gone")


def test_while_the_driver_stands_still_a_page_keeps_the_time_it_has_to_render(loop, make_pool, site):
    site.hold("/api/5")
    pool = make_pool(limits=Limits(settle_ms=1_500))
    work = loop.start(visiting(pool, site, "/spa/5?beat=2500", {"title": "h1"}))
    site.wait_for_hit("/api/5")
    os.kill(pool.driver_pid, signal.SIGSTOP)
    site.wait_for_hit("/beat")
    os.kill(pool.driver_pid, signal.SIGCONT)

    site.release("/api/5")

    assert work.result(20).data == {"title": "Product 5"}


def test_a_browser_stopped_while_idle_does_not_stop_the_pool(loop, make_pool, site):
    pool = make_pool()
    assert works(loop, pool, site)
    os.kill(pool.browser_pid, signal.SIGSTOP)

    with pytest.raises(ScrapeError):
        loop.run(visiting(pool, site, "/static/1", timeout_ms=1_000))

    assert works(loop, pool, site)


def test_a_browser_killed_while_idle_is_not_noticed_by_the_next_page(loop, make_pool, site):
    pool = make_pool()
    assert works(loop, pool, site)
    browser = pool.browser
    os.kill(pool.browser_pid, signal.SIGKILL)
    until(lambda: not browser.alive, what="the browser is dead")

    assert works(loop, pool, site)


def test_a_closed_pool_has_killed_a_stopped_browser(loop, make_pool, site):
    pool = make_pool()
    assert works(loop, pool, site)
    browser, driver = pool.browser.process, pool.browser.driver
    os.kill(browser.pid, signal.SIGSTOP)
    os.kill(driver.pid, signal.SIGSTOP)

    loop.run(pool.close())

    assert not browser.alive
    assert not driver.alive


def test_the_neighbours_of_a_busy_page_never_notice(loop, make_pool, site):
    pool = make_pool(lanes=3)
    loop.run(pool.start())
    pid = pool.browser_pid
    busy = [loop.start(visiting(pool, site, "/busy", owner=owner, timeout_ms=1_000)) for owner in ("mallory", "eve")]
    site.wait_for_hit("/busy", 2)

    for _ in range(5):
        assert works(loop, pool, site)
    for work in busy:
        with pytest.raises(NavigationTimeout):
            work.result(20)

    assert pool.browser_pid == pid
    until(lambda: len(renderers(pool)) <= 2, what="the busy renderers are gone")


def test_the_neighbours_of_a_page_that_floods_the_history_never_notice(loop, make_pool, site):
    pool = make_pool(lanes=3)
    loop.run(pool.start())
    pid = pool.browser_pid
    floods = [loop.start(visiting(pool, site, "/history-flood", owner=owner)) for owner in ("mallory", "eve")]
    site.wait_for_hit("/history-flood", 2)

    for _ in range(5):
        assert works(loop, pool, site)
    for flood in floods:
        assert flood.result(40).data

    assert pool.browser_pid == pid


def test_a_page_whose_browser_was_killed_because_of_another_is_a_bystander(loop, make_pool, site):
    pool = make_pool(lanes=2)
    patient = loop.start(visiting(pool, site, "/silent", owner="alice", timeout_ms=60_000))
    hasty = loop.start(visiting(pool, site, "/silent", owner="mallory", timeout_ms=800))
    site.wait_for_hit("/silent", 2)

    os.kill(pool.browser_pid, signal.SIGSTOP)

    with pytest.raises(NavigationTimeout):
        hasty.result(20)
    with pytest.raises(BrowserCrashed) as caught:
        patient.result(20)
    assert caught.value.bystander


def test_a_page_whose_browser_died_by_itself_is_no_bystander(loop, rendering, site):
    pool, work = rendering()

    os.kill(pool.browser_pid, signal.SIGKILL)

    with pytest.raises(BrowserCrashed) as caught:
        work.result(20)
    assert not caught.value.bystander


@pytest.mark.parametrize("path", ["/beating", "/silent", "/busy-later", "/endless"])
def test_a_cancelled_page_stops_at_once_and_the_site_sees_no_more_of_it(loop, rendering, site, path):
    pool, work = rendering(path, timeout_ms=60_000)
    if path == "/beating":
        site.wait_for_hit("/beat/worker", 3)
    pid = pool.browser_pid

    work.cancel()

    with pytest.raises(CancelledError):
        work.result(20)
    until(lambda: pool.lent == 0, what="the lane is back")
    seen = len(site.hits)
    assert loop.run(visiting(pool, site, "/slow?ms=300")).data == {"title": "Slow"}
    assert len(site.hits) == seen + 1
    assert pool.browser_pid == pid


def test_a_page_that_is_cancelled_in_a_stopped_browser_is_let_go(loop, rendering, site):
    pool, work = rendering(timeout_ms=60_000)
    os.kill(pool.browser_pid, signal.SIGSTOP)

    work.cancel()

    until(lambda: pool.lent == 0, what="the lane is back")
    assert works(loop, pool, site)


def test_many_pages_cancelled_at_every_stage_leave_the_pool_whole(loop, make_pool, site):
    pool = make_pool(lanes=4)
    for wait_ms in range(0, 120, 6):
        work = [loop.start(visiting(pool, site, f"/spa/{n}", owner=str(n % 3))) for n in range(4)]
        loop.run(asyncio.sleep(wait_ms / 1000))
        for one in work:
            one.cancel()
    until(lambda: pool.lent == 0, what="all lanes are back")

    outcomes = [loop.start(visiting(pool, site, f"/spa/{n}", owner=str(n))) for n in range(8)]
    assert [one.result(30).data for one in outcomes] == [{"title": f"Product {n}"} for n in range(8)]


def test_a_broken_lane_refuses_its_next_page_with_a_code(loop, make_pool, site):
    pool = make_pool()

    async def twice():
        lane = await pool.borrow("alice")
        target = gate.check(site.url("/static/1"), pool.policy)
        os.kill(pool.browser_pid, signal.SIGKILL)
        try:
            for _ in range(2):
                with pytest.raises(BrowserCrashed):
                    await scrape(lane, target, rules.parse({"title": "h1"}), FetchOptions())
                assert not lane.usable
        finally:
            await pool.give_back(lane)

    loop.run(twice())
    assert works(loop, pool, site)
