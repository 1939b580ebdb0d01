"""What is sent along, to whom and to whom not; what of a page is kept away; what stays from page to page."""

import asyncio
import os
import signal

import pytest

from scraping import rules
from scraping.browser import BrowserPool, find_chromium, processes
from scraping.browser.sending import Sending
from scraping.egress import Policy, gate
from scraping.errors import ScrapeError
from scraping.limits import Limits
from scraping.options import Block, Cookie, FetchOptions, Profile, Sent
from scraping.render import scrape
from tests.scraping.conftest import visiting
from tests.scraping.session import Session
from tests.site import Site
from tests.site.sending import KINDS
from tests.until import until

DONE = {"title": "h1", "done": "p:not(:empty)"}
MINE = (("X-Key", "mine"), ("Authorization", "Bearer mine"), ("Accept-Language", "mine"), ("Accept", "mine/mine"))
SENT = Sent(headers=MINE)


@pytest.fixture(scope="module")
def running_other():
    with Site() as other:
        yield other


@pytest.fixture
def other(running_other):
    """A second origin: a site like the first."""
    running_other.forget()
    yield running_other
    running_other.release()


@pytest.fixture(scope="module")
def web(loop, running_site, running_other):
    """A pool for which both sites are on the web, by whatever name."""
    names = ("shop.com", "sub.shop.com", "other.com", "ads.doubleclick.net", "127.0.0.1")
    allow = frozenset(f"{name}:{site.port}" for name in names for site in (running_site, running_other))
    pool = BrowserPool(executable=find_chromium(), lanes=3, policy=Policy(allow=allow), lookup=lambda _: ["127.0.0.1"])
    yield pool
    loop.run(pool.close())


@pytest.fixture
def go(loop, web, site):
    """Scrape a path of shop.com."""

    def go(path, selectors=None, **options):
        return loop.run(visiting(web, site, shop(site, path), selectors, **options))

    return go


def shop(site, path=""):
    return f"http://shop.com:{site.port}{path}"


def sent_to(site, path):
    """The headers of ours that came with each request for `path`, by their lower-case names."""
    asked = [hit.headers for hit in site.hits if hit.path == path]
    assert asked, f"{path} was not asked for"
    return [{name.lower() for name, value in MINE if headers.get(name.lower()) == value} for headers in asked]


ALL = {name.lower() for name, _ in MINE}


# -- headers -------------------------------------------------------------------------------------------


def test_headers_arrive_with_the_document_and_with_what_it_asks_for_at_its_origin(go, site, other):
    go(f"/parts?of=http://other.com:{other.port}", DONE, sent=SENT)

    for path in ("/parts", "/kind/here.js", "/kind/fetched.json", "/kind/opaque.json"):
        assert sent_to(site, path) == [ALL], path


@pytest.mark.parametrize("there", ["http://other.com", "http://sub.shop.com", "http://shop.com"])
def test_no_other_origin_gets_them_from_a_page(go, site, other, there):
    go(f"/parts?of={there}:{other.port}", DONE, sent=SENT)

    other.wait_for_hit("/kind/script.js")
    for path in ("/kind/there.js", "/kind/fetched.json", "/kind/opaque.json", "/kinds", "/kind/script.js"):
        assert sent_to(other, path) == [set()], path


@pytest.mark.parametrize("there", ["http://other.com", "http://shop.com"])
def test_a_document_that_is_redirected_to_another_origin_takes_none_along(go, site, other, there):
    outcome = go(f"/redirect?to={there}:{other.port}/static/1", sent=SENT)

    assert outcome.data == {"title": "Product 1"}
    assert sent_to(site, "/redirect") == [ALL]
    assert sent_to(other, "/static/1") == [set()]
    [hit] = [hit for hit in other.hits if hit.path == "/static/1"]
    assert hit.headers["accept"].startswith("text/html")


def test_a_document_that_is_redirected_within_its_origin_keeps_them(go, site):
    go("/redirect?to=/static/1", sent=SENT)

    assert sent_to(site, "/static/1") == [ALL]


def test_headers_that_come_back_by_redirects_are_given_again(go, site, other):
    go(f"/redirect?to=http://other.com:{other.port}/redirect?to={shop(site, '/static/1')}", sent=SENT)

    assert sent_to(other, "/redirect") == [set()]
    assert sent_to(site, "/static/1") == [ALL]


@pytest.mark.parametrize("there", ["http://other.com", "http://shop.com"])
def test_parts_that_are_redirected_to_another_origin_take_none_along(go, site, other, there):
    go(f"/led-away?to={there}:{other.port}", DONE, sent=SENT)

    other.wait_for_hit("/kind/framed.css")
    assert sent_to(site, "/away") == [ALL] * 5
    for path in ("script.js", "framed.css", "cors.json", "opaque.json", "posted.json"):
        assert sent_to(other, f"/kind/{path}") == [set()], path


def test_a_page_that_goes_on_by_script_to_another_origin_takes_none_along(go, site, other):
    there = f"http://other.com:{other.port}/static/1"

    assert go(f"/inline-redirect?to={there}", {"title": "h1"}, sent=SENT).final_url == there
    assert sent_to(other, "/static/1") == [set()]


def test_a_lane_sends_no_more_headers_than_the_present_page_has(go, site):
    go("/static/1", sent=SENT)
    go("/static/2", sent=Sent(headers=MINE[:1]))
    go("/static/3")

    assert [sent_to(site, f"/static/{n}") for n in (1, 2, 3)] == [[ALL], [{"x-key"}], [set()]]


def test_the_cache_stays_warm_although_headers_are_sent(go, site):
    for _ in range(3):
        go("/cached-script", sent=SENT, owner="cached")

    assert site.count("/cached.js") == 1


# -- cookies -------------------------------------------------------------------------------------------


def cookies_at(site, path):
    return [hit.headers.get("cookie", "") for hit in site.hits if hit.path == path]


def test_cookies_go_to_the_host_of_the_url_alone(go, site, other):
    sent = Sent(cookies=(Cookie(name="a", value="1"), Cookie(name="b", value='"2"', http_only=True)))

    for name in ("sub.shop.com", "other.com"):
        go(f"/parts?of=http://{name}:{other.port}", DONE, sent=sent)

    assert cookies_at(site, "/parts") == cookies_at(site, "/kind/here.js") == ['a=1; b="2"'] * 2
    assert {hit.headers.get("cookie") for hit in other.hits} == {None}


def test_cookies_are_gone_with_their_page(go, site):
    go("/static/1", sent=Sent(cookies=(Cookie(name="a", value="1"),)))
    go("/static/1")

    assert cookies_at(site, "/static/1") == ["a=1", ""]


def test_a_cookie_is_as_it_was_given(go, site):
    cookies = (
        Cookie(name="below", value="1", path="/account"),
        Cookie(name="hidden", value="2", http_only=True),
        Cookie(name="strict", value="3", same_site="Strict"),
        Cookie(name="__Host-secure", value="4", secure=True, same_site="None"),
    )
    selectors = {"cookie": "#cookie"}

    found = go("/who", selectors, sent=Sent(cookies=cookies))
    go("/account", sent=Sent(cookies=cookies))

    assert found.data == {"cookie": "strict=3; server=1"}
    assert cookies_at(site, "/who") == ["hidden=2; strict=3"]
    assert cookies_at(site, "/account") == ["below=1; hidden=2; strict=3"]


# -- what is kept away ---------------------------------------------------------------------------------


def asked_for(site):
    return {kind for kind, path in KINDS.items() if site.count(path)}


@pytest.mark.parametrize("sent", [Sent(), SENT], ids=["plain", "with headers"])
@pytest.mark.parametrize("kind", ["font", "media", "stylesheet", "script", "xhr", "image"])
def test_what_is_blocked_is_not_asked_for_and_all_else_is(go, site, kind, sent):
    outcome = go("/kinds", DONE, profile=Profile(block=frozenset({Block(kind)})), sent=sent)

    assert outcome.data == {"title": "Kinds", "done": "done"}
    assert outcome.blocked_requests == 0
    assert asked_for(site) == KINDS.keys() - {kind}


def test_everything_may_be_blocked_at_once(go, site):
    outcome = go("/kinds", {"title": "h1"}, profile=Profile(block=frozenset(Block), javascript=False))

    assert outcome.data == {"title": "Kinds"}
    assert [hit.path for hit in site.hits] == ["/kinds"]


@pytest.mark.parametrize("wait_until", ["auto", "load", "networkidle"])
def test_a_page_gets_ready_without_what_is_blocked(go, site, wait_until):
    block = frozenset({Block.SCRIPT, Block.STYLESHEET, Block.FONT, Block.MEDIA, Block.XHR})

    outcome = go("/kinds", DONE, profile=Profile(block=block), wait_until=wait_until)

    assert outcome.data["done"] == "done"


def test_hosts_that_serve_ads_are_asked_for_nothing(go, site, other):
    path = f"/parts?of=http://ads.doubleclick.net:{other.port}"

    outcome = go(path, DONE, profile=Profile(block=frozenset({Block.ADS})))

    assert outcome.data["done"] == "done"
    assert outcome.blocked_requests == 0
    assert other.hits == []
    go(path, DONE)
    assert other.count("/kind/there.js") == 1


def test_a_page_of_a_host_that_serves_ads_says_why_it_is_not_loaded(loop, web, site):
    url = f"http://ads.doubleclick.net:{site.port}/static/1"

    with pytest.raises(ScrapeError, match=r"options\.block"):
        loop.run(visiting(web, site, url, profile=Profile(block=frozenset({Block.ADS}))))

    assert site.hits == []


# -- images --------------------------------------------------------------------------------------------

PICTURED = Profile(block=frozenset())


def test_a_browser_for_images_is_launched_when_a_lane_wants_them(loop, make_pool, site):
    pool = make_pool()
    loop.run(visiting(pool, site, "/kinds", DONE))
    assert set(pool._browsers) == {False}
    assert site.count(KINDS["image"]) == 0

    loop.run(visiting(pool, site, "/kinds", DONE, profile=PICTURED))

    assert set(pool._browsers) == {False, True}
    assert site.count(KINDS["image"]) == 1


def test_a_pool_closes_the_browser_for_images_with_the_other(loop, make_pool, site):
    pool = make_pool()
    for profile in (Profile(), PICTURED):
        loop.run(visiting(pool, site, "/static/1", profile=profile))
    browsers = list(pool._browsers.values())

    loop.run(pool.close())

    assert len({browser.process.pid for browser in browsers}) == 2
    assert not any(browser.process.alive or browser.driver.alive for browser in browsers)
    assert not any(directory.exists() for browser in browsers for directory in browser.directories)


def test_a_browser_for_images_that_dies_is_replaced_and_the_other_stays(loop, make_pool, site):
    pool = make_pool()
    for profile in (Profile(), PICTURED):
        loop.run(visiting(pool, site, "/static/1", profile=profile))
    pid, died = pool.browser_pid, pool._browsers[True]

    os.kill(died.process.pid, signal.SIGKILL)

    until(lambda: pool._browsers.get(True) is not died, what="the dead browser was noticed")
    loop.run(visiting(pool, site, "/static/2", profile=PICTURED))
    assert site.count("/images/2.png") == 1
    assert pool.browser_pid == pid
    until(lambda: not died.driver.alive, what="its driver has ended")


def test_a_worn_browser_for_images_is_replaced(loop, make_pool, site):
    pool = make_pool(limits=Limits(browser_max_pages=1))
    pids = set()
    for _ in range(2):
        loop.run(visiting(pool, site, "/static/1", profile=PICTURED))
        pids.add(pool._browsers[True].process.pid)

    assert len(pids) == 2
    assert pool.browser_pid is None
    until(lambda: sum(processes.Process.find(pid) is not None for pid in pids) == 1, what="the worn one has ended")


# -- the session ---------------------------------------------------------------------------------------

ACCOUNT = {"cookie": "h1", "local": "#local", "session": "#session"}
KEPT = Profile(keeps_session=True)


def test_a_session_stays_from_page_to_page(go):
    go("/account?as=alice", owner="kept", profile=KEPT)

    for _ in range(2):
        found = go("/account", ACCOUNT, owner="kept", profile=KEPT)
        assert found.data == {"cookie": "session=alice", "local": "alice", "session": "alice"}


def test_an_isolated_page_knows_no_session(go):
    go("/account?as=alice", owner="isolated")

    found = go("/account", ACCOUNT, owner="isolated")

    assert found.data == {"cookie": "nobody", "local": "", "session": ""}


def test_no_other_owner_has_the_session(go):
    go("/account?as=alice", owner="alice", profile=KEPT)

    assert go("/account", ACCOUNT, owner="bob", profile=KEPT).data["cookie"] == "nobody"


def test_a_session_goes_on_in_a_lane_that_is_given_its_cookies(loop, web, site, other):
    async def log_in():
        lane = await web.borrow("first", profile=KEPT)
        await fetched(lane, shop(site, "/account?as=alice"))
        await web.give_back(lane)
        return lane.cookies

    async def go_on(cookies):
        lane = await web.borrow("second", profile=KEPT)
        await lane.give_cookies(cookies)
        here = await fetched(lane, shop(site, "/account"))
        there = await fetched(lane, f"http://sub.shop.com:{other.port}/account")
        await lane.give_cookies([])
        after = await fetched(lane, shop(site, "/account"))
        await web.give_back(lane)
        return [each.data["cookie"] for each in (here, there, after)]

    cookies = loop.run(log_in())

    assert [(each["name"], each["value"], each["domain"]) for each in cookies] == [("session", "alice", "shop.com")]
    assert loop.run(go_on(cookies)) == ["session=alice", "nobody", "nobody"]


async def fetched(lane, url, sent=Sent()):  # noqa: B008  (it is immutable)
    return await scrape(lane, gate.check(url, lane.policy), rules.parse(ACCOUNT), FetchOptions(sent=sent))


def test_cookies_of_every_kind_are_given_on(loop, web):
    given = [
        {"name": "__Host-a", "value": "1", "domain": "shop.com", "path": "/", "secure": True, "httpOnly": True},
        {"name": "b", "value": "", "domain": ".shop.com", "path": "/x", "secure": False, "httpOnly": False},
        {"name": "", "value": "no name", "domain": "shop.com", "path": "/", "secure": False, "httpOnly": False},
        {"name": "impossible", "value": "\r\n", "domain": "shop.com", "path": "/", "secure": False},
        {"name": "c", "value": "3", "domain": "shop.com", "path": "/", "secure": True, "partitionKey": "https://a.com"},
    ]

    async def taken():
        lane = await web.borrow("taker", profile=KEPT)
        await lane.give_cookies([{"expires": -1, "sameSite": "Lax", **each} for each in given])
        cookies = await lane._context.cookies()
        await web.give_back(lane)
        return {(each["name"], each["domain"], each["path"]) for each in cookies}

    found = loop.run(taken())

    assert {("__Host-a", "shop.com", "/"), ("b", ".shop.com", "/x"), ("c", "shop.com", "/")} <= found


def test_a_cookie_that_was_given_gives_way_to_what_the_site_has_set(go, site):
    sent = Sent(cookies=(Cookie(name="session", value="given"),))

    for path in ("/account", "/account?as=alice", "/account"):
        go(path, owner="rotating", profile=KEPT, sent=sent)

    assert cookies_at(site, "/account") == ["session=given", "session=given", "session=alice"]


# -- what pages do about it ----------------------------------------------------------------------------


def test_what_the_page_before_still_asks_is_not_the_next_ones(loop):
    floods = []

    session = Session()

    def ask(times):
        paused = {"requestId": "1", "resourceType": "Fetch", "request": {"url": "http://store.com/", "headers": {}}}
        for _ in range(times):
            session.tell("Fetch.requestPaused", paused)

    async def work():
        sending = Sending(session, frozenset(), most=10, on_flood=lambda: floods.append("flood"))
        await sending.begin(gate.check("http://store.com/", Policy()), (("X-Mine", "1"),))
        ask(100)
        session.tell("Page.frameNavigated", {"frame": {"id": "main"}})
        session.tell("Page.frameNavigated", {"frame": {"id": "frame", "parentId": "main"}})
        ask(10)
        assert floods == []
        ask(100)
        assert floods == ["flood"]

    loop.run(work())


@pytest.mark.parametrize("options", [{"sent": SENT}, {"profile": Profile(block=frozenset({Block.XHR}))}])
def test_a_page_that_asks_without_end_harms_nobody(loop, make_pool, site, options):
    pool = make_pool(lanes=1)

    async def try_it():
        try:
            return await visiting(pool, site, "/forever-asking", timeout_ms=5_000, **options)
        except ScrapeError as error:
            return error

    loop.run(try_it())

    after = loop.run(visiting(pool, site, "/static/1", timeout_ms=50_000, **options))
    assert after.data == {"title": "Product 1"}
    assert pool.lent == 0


def test_a_lane_closes_while_its_requests_wait_for_their_answers(loop, make_pool, site):
    pool = make_pool(lanes=1)
    site.hold("/kind/here.js")

    async def close_meanwhile():
        lane = await pool.borrow("alice")
        target = gate.check(site.url("/parts"), pool.policy)
        options = FetchOptions(sent=SENT)
        work = asyncio.create_task(scrape(lane, target, rules.parse(DONE, required=False), options))
        await asyncio.to_thread(site.wait_for_hit, "/kind/here.js")
        await lane.close()
        alive = lane.browser.alive
        await asyncio.gather(work, return_exceptions=True)
        await pool.give_back(lane)
        await asyncio.gather(*lane._sending._answers)  # each of them ends
        return alive

    assert loop.run(close_meanwhile())


def test_a_request_whose_answer_chromium_refuses_fails_rather_than_waits(go, site):
    outcome = go("/static/1", sent=Sent(headers=(("X-Key", "a"),)))
    assert outcome.data == {"title": "Product 1"}

    with pytest.raises(ScrapeError):
        go("/static/2", sent=Sent(headers=(("Cookie2", "refused"),)), timeout_ms=5_000)

    assert site.count("/static/2") == 0
