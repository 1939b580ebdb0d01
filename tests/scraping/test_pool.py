"""Lending lanes: to whom, how many, and for how long."""

import asyncio
import os
from pathlib import Path

import pytest

from scraping import rules
from scraping.browser import processes
from scraping.egress import gate
from scraping.errors import BrowserCrashed, ScrapeError
from scraping.limits import Limits
from scraping.options import FetchOptions
from scraping.render import scrape
from tests.scraping.conftest import visiting
from tests.until import until


def lend(loop, pool, owner="alice", host=None):
    return loop.run(pool.borrow(owner, host))


def give_back(loop, pool, *lanes):
    for lane in lanes:
        loop.run(pool.give_back(lane))


def test_the_browser_is_launched_at_the_first_loan(loop, make_pool):
    pool = make_pool()
    assert pool.browser_pid is None

    lane = lend(loop, pool)

    assert processes.Process.find(pool.browser_pid).alive
    assert pool.lent == 1
    give_back(loop, pool, lane)
    assert pool.lent == 0


def test_start_launches_it_before_and_only_once(loop, make_pool):
    pool = make_pool()
    loop.run(pool.start())
    pid = pool.browser_pid

    loop.run(pool.start())

    assert pool.browser_pid == pid


def test_an_owner_gets_the_same_lane_again(loop, make_pool):
    pool = make_pool()
    lane = lend(loop, pool)
    give_back(loop, pool, lane)

    assert lend(loop, pool) is lane
    give_back(loop, pool, lane)


def test_no_two_owners_share_a_lane(loop, make_pool):
    pool = make_pool()
    lane = lend(loop, pool, "alice")
    give_back(loop, pool, lane)

    other = lend(loop, pool, "bob")

    assert other is not lane
    give_back(loop, pool, other)
    assert lend(loop, pool, "alice") is lane
    give_back(loop, pool, lane)


def test_an_owner_gets_the_lane_that_knows_the_host(loop, make_pool, site):
    pool = make_pool()
    here, there = lend(loop, pool), lend(loop, pool)
    here.host, there.host = "here:80", "there:80"
    give_back(loop, pool, here, there)

    assert lend(loop, pool, host="here:80") is here
    assert lend(loop, pool, host="nowhere:80") is there
    give_back(loop, pool, here, there)


def test_the_lane_that_was_idle_longest_makes_room(loop, make_pool):
    pool = make_pool(lanes=2)
    first, second = lend(loop, pool, "alice"), lend(loop, pool, "bob")
    give_back(loop, pool, second, first)

    third = lend(loop, pool, "carol")

    assert lend(loop, pool, "alice") is first
    assert not second.usable
    give_back(loop, pool, first, third)


def test_a_borrower_waits_while_all_lanes_are_out(loop, make_pool):
    pool = make_pool(lanes=1)
    lane = lend(loop, pool)
    waiting = loop.start(pool.borrow("bob"))
    loop.run(asyncio.sleep(0))
    assert not waiting.done()

    give_back(loop, pool, lane)

    other = waiting.result(20)
    assert pool.lent == 1
    give_back(loop, pool, other)


def test_a_borrower_that_gives_up_leaves_its_place_to_others(loop, make_pool):
    pool = make_pool(lanes=1)
    lane = lend(loop, pool)
    loop.start(pool.borrow("bob")).cancel()

    give_back(loop, pool, lane)

    other = lend(loop, pool, "carol")
    give_back(loop, pool, other)


def test_a_borrower_that_gives_up_while_its_lane_opens_loses_no_slot(loop, make_pool):
    pool = make_pool(lanes=1)
    for _ in range(5):
        borrowing = loop.start(pool.borrow("alice"))
        loop.run(asyncio.sleep(0))
        borrowing.cancel()

    lane = lend(loop, pool, "bob")
    give_back(loop, pool, lane)
    assert pool.lent == 0
    assert len(lane.browser.handle.contexts) == 1


def test_a_lane_given_back_twice_frees_one_slot(loop, make_pool):
    pool = make_pool(lanes=1)
    lane = lend(loop, pool)
    give_back(loop, pool, lane, lane)

    again = lend(loop, pool)

    assert not loop.run(_can_borrow(pool))
    give_back(loop, pool, again)


async def _can_borrow(pool):
    try:
        lane = await asyncio.wait_for(pool.borrow("bob"), 0.2)
    except TimeoutError:
        return False
    await pool.give_back(lane)
    return True


def test_a_lane_is_retired_after_its_pages(loop, make_pool, site):
    pool = make_pool(limits=Limits(lane_max_pages=2))
    lanes = []
    for _ in range(4):
        lane = lend(loop, pool)
        lanes.append(lane)
        give_back(loop, pool, lane)
        loop.run(visiting(pool, site, "/static/1"))

    assert len(set(lanes)) == 2


def test_a_worn_browser_is_replaced_while_its_lanes_are_still_out(loop, make_pool, site):
    pool = make_pool(limits=Limits(browser_max_pages=1))
    old = lend(loop, pool, "alice")
    old_process = old.browser.process
    loop.run(visiting(pool, site, "/static/1", owner="bob"))

    new = lend(loop, pool, "bob")

    assert new.browser is not old.browser
    assert old.usable
    give_back(loop, pool, old, new)
    until(lambda: not old_process.alive, what="the worn browser has ended")


@pytest.mark.parametrize("limit", ["browser_max_bytes", "driver_max_bytes"])
def test_a_browser_that_has_grown_too_large_is_replaced_with_its_driver(loop, make_pool, site, limit):
    pool = make_pool(limits=Limits(**{limit: 1_000_000}))
    old = lend(loop, pool, "alice")

    new = lend(loop, pool, "bob")

    assert new.browser is not old.browser
    assert old.usable
    give_back(loop, pool, old, new)
    until(lambda: not (old.browser.process.alive or old.browser.driver.alive), what="the bloated browser has ended")


def test_a_lane_is_retired_when_it_is_old(loop, make_pool):
    pool = make_pool(limits=Limits(lane_max_age_s=0))
    lane = lend(loop, pool)
    give_back(loop, pool, lane)

    assert lend(loop, pool) is not lane


def test_what_chromium_makes_in_its_temporary_directory_goes_with_it(loop, make_pool):
    pool = make_pool()
    browser = lend(loop, pool).browser
    environment = Path(f"/proc/{browser.process.pid}/environ").read_bytes().decode().split("\0")
    (temporary,) = [line.removeprefix("TMPDIR=") for line in environment if line.startswith("TMPDIR=")]
    (Path(temporary) / "left").touch()

    browser.kill()
    until(lambda: not Path(temporary).exists(), what="its temporary directory is gone")


def test_a_closed_pool_lends_nothing_and_leaves_nothing(loop, make_pool, site):
    pool = make_pool()
    lane, kept = lend(loop, pool, "alice"), lend(loop, pool, "bob")
    give_back(loop, pool, kept)
    browser = lane.browser
    assert all(directory.exists() for directory in browser.directories)
    assert len(browser.directories) == 2

    loop.run(pool.close())

    assert not browser.process.alive
    assert not browser.driver.alive
    assert not any(directory.exists() for directory in browser.directories)
    with pytest.raises(BrowserCrashed):
        lend(loop, pool)
    give_back(loop, pool, lane)


def test_a_chromium_that_does_not_start_is_named(loop, make_pool, tmp_path):
    executable = tmp_path / "chromium"
    executable.write_text("#!/bin/sh\necho libnss3.so is missing >&2\nexit 127\n")
    executable.chmod(0o755)
    pool = make_pool(executable=executable)
    drivers = processes.children(os.getpid(), "run-driver")

    with pytest.raises(BrowserCrashed, match=r"did not start: libnss3\.so is missing"):
        lend(loop, pool)

    assert pool.lent == 0
    until(lambda: processes.children(os.getpid(), "run-driver") <= drivers, what="no driver is left")


def test_a_chromium_that_says_nothing_is_given_up_in_time(loop, make_pool, tmp_path):
    executable = tmp_path / "chromium"
    executable.write_text("#!/bin/sh\nsleep 600\nexit\n")
    executable.chmod(0o755)
    pool = make_pool(executable=executable, limits=Limits(launch_timeout_ms=1_500))

    with pytest.raises(BrowserCrashed, match="did not start"):
        lend(loop, pool)

    left = [process for process in processes.running() if process.argument("user-data-dir") == str(executable)]
    assert left == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root cannot have the sandbox")
def test_a_sandbox_that_cannot_be_had_is_named_when_it_is_insisted_on(loop, make_pool):
    with pytest.raises(BrowserCrashed, match="Running as root"):
        loop.run(make_pool(sandbox="on").start())


def test_a_lane_that_is_lent_just_as_its_rest_ends_is_emptied_first(loop, make_pool, site):
    pool = make_pool()

    async def lend_at_the_last_moment():
        lane = await pool.borrow("alice")
        await scrape(lane, gate.check(site.url("/static/1"), pool.policy), rules.parse({"title": "h1"}), FetchOptions())
        await pool.give_back(lane)
        lending = asyncio.create_task(pool.borrow("alice"))
        await asyncio.sleep(0)
        lane._start_emptying()
        again = await lending
        emptied = again._task.done()
        await pool.give_back(again)
        return again is lane, emptied

    assert loop.run(lend_at_the_last_moment()) == (True, True)


def test_a_lane_whose_network_process_died_is_not_lent_again(loop, make_pool, site):
    pool = make_pool()
    loop.run(visiting(pool, site, "/static/1"))
    group = os.getpgid(pool.browser_pid)
    network = next(
        each for each in processes.running() if each.mentions("network.mojom") and os.getpgid(each.pid) == group
    )
    network.kill()

    async def visit():
        try:
            return (await visiting(pool, site, "/static/1", timeout_ms=5_000)).data
        except ScrapeError as error:
            return error.retryable

    until(lambda: loop.run(visit()) == {"title": "Product 1"}, what="a lane that works again")
