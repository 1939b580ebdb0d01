"""Pages of one lane do not see each other, and owners never share one."""

import pytest

from scraping import rules
from scraping.egress import Policy, gate
from scraping.errors import TooLarge
from scraping.limits import Limits
from scraping.options import FetchOptions
from scraping.render import scrape
from tests.scraping.conftest import visiting
from tests.until import until

TRACES = {name: f"#{name}" for name in ("sent", "cookie", "local", "session", "name", "idb")}
CLEAN = {"sent": "", "cookie": "server=1", "local": "", "session": "", "name": "", "idb": "new"}


@pytest.fixture
def look(loop, site, pool):
    """Scrape some paths one after another in one lane; what each one found."""

    async def in_one_lane(paths, selectors):
        lane = await pool.borrow("alice")
        found = []
        for path in paths:
            target = gate.check(site.url(path), pool.policy)
            found.append((await scrape(lane, target, rules.parse(selectors), FetchOptions())).data)
            assert lane.usable
        await pool.give_back(lane)
        return found

    return lambda *paths, selectors: loop.run(in_one_lane(paths, selectors))


def test_a_page_finds_nothing_of_the_page_before_in_the_same_lane(look):
    assert look("/who", "/who", "/who", selectors=TRACES) == [CLEAN] * 3


def test_a_page_finds_nothing_of_the_page_before_in_a_lane_lent_again(visit):
    for _ in range(3):
        assert visit("/who", TRACES).data == CLEAN


def test_what_a_frame_left_behind_is_wiped_too(look):
    assert look("/frames", "/who", "/frames", "/who", selectors=TRACES)[1::2] == [CLEAN] * 2


def test_the_history_of_a_tab_holds_no_earlier_page(look):
    found = look("/static/1", "/static/2", "/history", selectors={"length": "#length"})

    assert found[-1]["length"] in ("1", "2")


def test_pages_of_two_owners_see_nothing_of_each_other(loop, site, pool):
    for owner in ("alice", "bob", "alice", "bob"):
        assert loop.run(visiting(pool, site, "/who", TRACES, owner=owner)).data == CLEAN


def test_the_cache_stays_warm_within_a_lane(look, site):
    look("/cached-script", "/cached-script", selectors={"title": "h1"})

    assert site.count("/cached.js") == 1


def test_a_lane_that_rests_stops_its_page(loop, make_pool, site):
    pool = make_pool(limits=Limits(idle_ms=50))
    loop.run(visiting(pool, site, "/beating"))
    [lane] = pool._idle

    until(lambda: lane._tab.url == "about:blank", what="the lane was emptied")
    loop.run(lane.wake(lane.host))

    beats = len(site.hits)
    assert loop.run(visiting(pool, site, "/slow?ms=300")).data == {"title": "Slow"}
    assert len(site.hits) == beats + 1
    assert pool._idle == [lane]


def test_a_lane_that_nobody_wants_for_long_is_closed_and_another_is_opened(loop, make_pool, site):
    pool = make_pool(limits=Limits(idle_ms=50, spare_ms=50))
    loop.run(visiting(pool, site, "/static/1"))
    [lane] = pool._idle

    until(lambda: not (pool._idle or pool.browser.lanes), what="the lane is closed")

    assert loop.run(visiting(pool, site, "/static/2")).data == {"title": "Product 2"}
    assert pool._idle != [lane]


def test_a_lane_that_is_wanted_again_is_kept(loop, make_pool, site):
    pool = make_pool(limits=Limits(idle_ms=50, spare_ms=500))
    loop.run(visiting(pool, site, "/static/1"))
    [lane] = pool._idle
    until(lambda: lane._tab.url == "about:blank", what="the lane was emptied")

    assert loop.run(visiting(pool, site, "/slow?ms=1000")).data == {"title": "Slow"}

    assert pool._idle == [lane]


def test_a_lane_that_goes_over_its_budget_while_it_rests_is_closed(loop, make_pool, site):
    pool = make_pool(limits=Limits(idle_ms=50))
    loop.run(visiting(pool, site, "/static/1"))
    [lane] = pool._idle

    lane._on_overrun(TooLarge())

    until(lambda: lane not in lane.browser.lanes, what="the lane is closed")


def test_a_page_does_not_spend_the_budgets_of_the_next_one_of_another_host(loop, make_pool, site):
    hosts = [f"{name}:{site.port}" for name in ("busy.com", "honest.com")]
    policy = Policy(allow=frozenset(hosts))
    pool = make_pool(policy=policy, lookup=lambda _: ["127.0.0.1"], limits=Limits(max_requests=10_000))
    alone = loop.run(visiting(pool, site, f"http://{hosts[1]}/slow?ms=1500", owner="bob"))
    loop.run(visiting(pool, site, f"http://{hosts[0]}/beating"))
    lane = pool._idle[-1]

    outcome = loop.run(visiting(pool, site, f"http://{hosts[1]}/slow?ms=1500"))

    assert outcome.data == {"title": "Slow"}
    assert pool._idle[-1] is lane
    assert outcome.received_bytes == alone.received_bytes
