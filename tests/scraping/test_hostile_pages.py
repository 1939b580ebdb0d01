"""Pages that mean harm: each ends as its line of a table says, in one browser whose other pages never notice."""

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from scraping import rules
from scraping.browser import BrowserPool, find_chromium
from scraping.egress import Policy, gate
from scraping.errors import ScrapeError
from scraping.limits import Limits
from scraping.options import FetchOptions
from scraping.render import scrape
from tests.scraping.conftest import Loop, visiting
from tests.site import Site
from tests.site.hostile import HEADING, ODD_TITLE, WAYS
from tests.until import until

MIB = 1024 * 1024
IMPATIENT_MS = 700
PATIENT_MS = 30_000
SHOWN = {"title": HEADING}

LOOPS = dict.fromkeys(
    (
        "/busy",
        "/busy-later#none",
        "/loop-in-microtasks",
        "/loop-in-observer",
        "/loop-in-reaction",
        "/regex-bomb",
        "/dialog-loop",
        "/script-loop/a",
        "/endless",
        "/dripping",
        "/events",
    ),
    "navigation_timeout",
) | dict.fromkeys(
    (
        "/loop-in-workers",
        "/animation-loop",
        "/channel-loop",
        "/recursion",
        "/nesting",
        "/css-bomb",
        "/has-bomb",
        "/entity-bomb",
    ),
    SHOWN,
)
"""A path with a fragment is read for the element of that id, too."""

SIZES = dict.fromkeys(
    (
        "/firehose",
        "/packed?with=gzip",
        "/packed?with=gzip, gzip",
        "/packed?with=deflate",
        "/packed?with=br",
        "/packed?with=zstd",
        "/fill-arrays",
        "/fill-buffers",
        "/fill-worker",
        "/fill-at-once",
        "/huge-text#answer",
    ),
    "too_large",
)

ANSWERS = {
    "/auth": "http_error",
    "/raw/status-999": "http_error",
    "/raw/status-1xx-few": SHOWN,
    "/raw/status-1xx-flood": SHOWN,
    "/raw/odd-header": SHOWN,
    "/raw/many-cookies": SHOWN,
    "/raw/negative-length": SHOWN,
    "/raw/utf-7": SHOWN,
    "/raw/no-charset": SHOWN,
    "/raw/odd-type": SHOWN,
    "/raw/utf-16": {"title": None},
    "/raw/no-type": {"title": None},
    "/raw/text-event-stream": {"title": None},
    "/auth-frames": SHOWN,
    "/flood-server-events": SHOWN,
} | dict.fromkeys(
    (
        "/garbage",
        "/proxy-auth",
        "/reset-body",
        "/redirect-loop",
        "/raw/status-0",
        "/raw/status-101",
        "/raw/huge-header",
        "/raw/nul-header",
        "/raw/two-lengths",
        "/raw/bad-chunks",
        "/raw/huge-chunk",
        "/raw/http-0.9",
        "/raw/nothing",
        "/raw/not-gzip",
        "/raw/two-locations",
        "/raw/odd-location",
    ),
    "connection_error",
)

PROMPTS = dict.fromkeys(
    (
        "/open-loop",
        "/open-timer",
        "/print-loop",
        "/dialog-timer",
        "/unload-dialogs",
        "/unload-loop",
        "/many-downloads",
        "/download-frames",
    ),
    SHOWN,
) | {
    "/fullscreen#answer": SHOWN | {"answer": "rejected rejected"},
    "/asks-for-everything#answer": SHOWN | {"answer": " ".join(["denied"] * 13 + ["false"])},
    "/service-worker#answer": SHOWN | {"answer": "registered 0"},
}

FLOODS = dict.fromkeys(
    (
        "/flood-local-storage",
        "/flood-cookies",
        "/flood-indexeddb",
        "/flood-caches",
        "/flood-frames",
        "/flood-frame-navigations",
        "/flood-hash",
        "/flood-workers",
        "/flood-titles",
        "/many-sockets",
        "/fill-blobs",
        "/huge-attribute",
    ),
    SHOWN,
)

NOWHERE = dict.fromkeys(
    (
        "/to-view-source",
        "/to-file",
        "/to-data",
        "/to-chrome",
        "/to-devtools",
        "/to-ftp",
        "/to-mailto",
        "/to-crash",
        "/to-kill",
        "/to-file-by-meta",
        "/file-frames",
    ),
    SHOWN,
)

TEXT = {
    "/liar": {"title": "Truth"},
    "/timer-killer": {"title": "Timers"},
    "/odd-title#title": SHOWN | {"answer": ODD_TITLE},
}

SLOW = {
    "/million-nodes": "too_large",
    "/deep-by-script": "browser_crashed",
    "/fill-strings": "too_large",
    "/fill-nodes": "too_large",
    "/fill-canvases": "too_large",
    "/fill-wasm": "too_large",
    "/fill-heap-at-once": "too_large",
    "/loop-in-sandboxed-frame": "navigation_timeout",
    "/deep-in-source": SHOWN,
    "/message-flood": SHOWN,
}

TABLE = LOOPS | SIZES | ANSWERS | PROMPTS | FLOODS | NOWHERE | TEXT
LINES = [*TABLE.items(), *(pytest.param(path, end, marks=pytest.mark.slow) for path, end in SLOW.items())]


@pytest.fixture(scope="module")
def inside() -> Iterator[Site]:
    """A site that must not be reached."""
    with Site() as inside:
        yield inside


@pytest.fixture(scope="module")
def crowd(loop: Loop, running_site: Site) -> Iterator[BrowserPool]:
    """One browser for all hostile pages and their neighbours."""
    limits = Limits(max_renderer_bytes=400 * MIB, settle_ms=1_000)
    policy = Policy(allow=frozenset({running_site.pair, running_site.tls_pair}))
    pool = BrowserPool(executable=find_chromium(), lanes=3, limits=limits, policy=policy)
    loop.run(pool.start())
    yield pool
    loop.run(pool.close())


@pytest.fixture
def endure(loop, site, crowd):
    """How a page ends, while and after which a neighbour scrapes pages that must not fail."""

    def endure(path, **options):
        pid = crowd.browser_pid
        hostile = loop.start(attempt(crowd, site, path, **options))
        alongside = loop.start(neighbours(crowd, site, hostile))

        end = hostile.result(2 * PATIENT_MS / 1000)
        assert alongside.result(2 * PATIENT_MS / 1000) >= 1
        assert crowd.lent == 0
        assert crowd.browser_pid == pid
        return end

    return endure


async def attempt(
    pool: BrowserPool, site: Site, path: str, *, owner: str | None = None, timeout_ms: int = PATIENT_MS
) -> object:
    """The data of a page, or the code it failed with; each page has an owner of its own, unless one is named."""
    address, _, answer = path.partition("#")
    selectors = {"title": "h1"} | ({"answer": f"#{answer}:not(:empty)"} if answer else {})
    try:
        outcome = await visiting(pool, site, address, selectors, owner=owner or path, timeout_ms=timeout_ms)
    except ScrapeError as error:
        return error.code
    return outcome.data


async def neighbours(pool: BrowserPool, site: Site, hostile: "Future[object]") -> int:
    """How many plain pages were scraped until `hostile` ended, and one after."""
    pages, over = 0, False
    while not over:
        over = hostile.done()
        outcome = await visiting(pool, site, f"/static/{pages}", owner="alice", timeout_ms=PATIENT_MS)
        assert outcome.data == {"title": f"Product {pages}"}
        pages += 1
    return pages


@pytest.mark.parametrize(("path", "expected"), LINES)
def test_a_hostile_page_ends_as_expected_and_its_neighbours_never_notice(endure, path, expected):
    timeout_ms = IMPATIENT_MS if expected == "navigation_timeout" else PATIENT_MS

    assert endure(path, timeout_ms=timeout_ms) == expected


@pytest.mark.parametrize("path", ["/flood-console", pytest.param("/flood-rejections", marks=pytest.mark.slow)])
def test_a_page_that_floods_the_browser_with_messages_is_ended(endure, path):
    assert endure(path) in ("browser_crashed", "too_large")  # whichever of the two it comes to first


def test_a_page_that_floods_a_site_with_beacons_is_read_if_it_settles_within_its_budget(endure):
    assert endure("/flood-beacons") in (SHOWN, "too_large")


SLOW_FLOODS = ["/flood-errors", "/many-fetches"]


@pytest.mark.parametrize(
    "path", ["/many-scripts", *(pytest.param(path, marks=pytest.mark.slow) for path in SLOW_FLOODS)]
)
def test_a_page_that_makes_the_browser_busy_costs_nobody_else_a_page(endure, path):
    assert endure(path, timeout_ms=8_000) in ("browser_crashed", "too_large", "navigation_timeout")


WAYS_INSIDE = [
    "/redirect?code=308&to=",
    "/refresh-header?to=",
    "/meta-redirect?to=",
    *(f"/lead/{way}?to=" for way in WAYS),
]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("way", WAYS_INSIDE)
def test_no_way_leads_inside(endure, inside, way, scheme):
    to = inside.url("/static/1") if scheme == "http" else inside.tls_url("/static/1")

    assert endure(way + to) == "blocked_address"
    assert inside.hits == []


def test_a_worker_that_pages_share_ends_with_its_page(loop, site, crowd):
    async def then_empty():
        lane = await crowd.borrow("mallory")
        for path in ("/shared-worker-page/a", "/static/1"):
            await scrape(lane, gate.check(site.url(path), crowd.policy), rules.parse({"title": "h1"}), FetchOptions())
        await crowd.give_back(lane)

    loop.run(then_empty())
    until(lambda: all(lane._tab.url == "about:blank" for lane in crowd._idle), what="the lane was emptied")

    beats = site.count("/beat/shared-a")
    assert loop.run(visiting(crowd, site, "/slow?ms=300")).data == {"title": "Slow"}
    assert site.count("/beat/shared-a") == beats


def test_a_worker_that_pages_share_is_not_shared_with_another_owner(loop, site, crowd):
    for owner in ("alice", "bob"):
        assert loop.run(visiting(crowd, site, "/shared-worker-page/b", owner=owner)).data == SHOWN
        site.wait_for_hit("/beat/shared-b")

    assert site.count("/shared-worker/b") == 2


def test_a_service_worker_answers_nothing_for_the_next_page(loop, site, crowd):
    ends = [loop.run(attempt(crowd, site, path, owner="mallory")) for path in ("/service-worker#answer", "/static/1")]

    assert ends[1] == {"title": "Product 1"}


def test_downloads_leave_nothing_on_the_disk(loop, site, crowd):
    assert loop.run(attempt(crowd, site, "/many-downloads")) == SHOWN

    scratch = crowd.browser.directories[0]
    assert [path for path in scratch.rglob("*") if path.is_file() and path.stat().st_size] == []
