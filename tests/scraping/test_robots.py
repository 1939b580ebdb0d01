"""robots.txt: how it is asked for, what it allows, and what happens where it cannot be read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scraping import robots
from scraping.egress import Policy, gate
from scraping.egress.dial import Dialler
from scraping.errors import BlockedAddress, ConnectionFailed, DnsError, RateLimited, RobotsDisallowed, TlsError
from scraping.robots import allows, crawl_delay_ms, fetch_robots


@pytest.fixture
def way_out(site):
    way_out = Dialler(Policy(allow=frozenset({site.pair, site.tls_pair})), threads=2)
    yield way_out
    way_out.close()


@pytest.fixture
def fetch(site, way_out):
    def fetching(url=None, **more):
        return fetch_robots(gate.check(url or site.url("/static/1"), way_out.policy), way_out, **more)

    return fetching


def test_it_is_asked_of_the_root_of_the_site_in_our_name(fetch, site):
    site.robots = "User-agent: *\nDisallow: /spa/"

    text = fetch(site.url("/static/1?a=b#c"))

    assert text == "User-agent: *\nDisallow: /spa/"
    assert [(hit.path, hit.headers["user-agent"]) for hit in site.hits] == [("/robots.txt", "scrpy")]


def test_a_byte_order_mark_is_no_part_of_it(fetch, site):
    site.robots = "\ufeffUser-agent: *\nDisallow: /"

    assert not allows(fetch(), site.url("/static/1"))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_site_that_has_none_to_show_allows_all(fetch, site, status):
    site.robots = status

    assert fetch() == ""


def test_where_it_leads_on_it_is_followed(fetch, site):
    site.robots = 301

    assert not allows(fetch(), site.url("/static/moved"))


def test_it_is_not_followed_for_ever_and_not_inside(fetch, site, monkeypatch):
    monkeypatch.setattr(robots, "MOST_REDIRECTS", 0)
    site.robots = 301
    assert fetch() == ""

    monkeypatch.setattr(robots, "MOST_REDIRECTS", 5)
    monkeypatch.setattr("tests.site.pages.PAGES", {"robots.txt": leading_inside})
    with pytest.raises(BlockedAddress, match="leads where nothing may be fetched"):
        fetch()


async def leading_inside(request):
    await request.reply("", status=302, headers=(("Location", "http://169.254.169.254/robots.txt"),))


@pytest.mark.parametrize("status", [500, 502, 503])
def test_while_the_site_answers_with_an_error_of_its_own_nothing_is_allowed(fetch, site, status):
    site.robots = status

    with pytest.raises(RobotsDisallowed, match=f"cannot be read: the site answered {status}") as caught:
        fetch()

    assert (caught.value.code, caught.value.retryable, caught.value.status_code) == ("robots_disallowed", True, status)


def test_one_that_is_refused_for_now_says_so(fetch, site):
    site.robots = 429

    with pytest.raises(RateLimited):
        fetch()


def test_one_that_does_not_come_in_time_is_not_waited_for(fetch, site, monkeypatch):
    monkeypatch.setattr(robots, "TIMEOUT_S", 0.3)
    site.hold("/robots.txt")

    with pytest.raises(RobotsDisallowed, match="did not answer within"):
        fetch()


def test_where_the_page_itself_could_not_be_reached_the_reason_is_the_pages(fetch, site):
    with pytest.raises(TlsError):
        fetch(site.tls_url("/static/1"))
    with pytest.raises(DnsError):
        fetch("http://no-such-name.invalid/")


def test_nothing_is_asked_that_is_not_wanted_any_more(fetch, site):
    with pytest.raises(ConnectionFailed):
        fetch(wanted=lambda: False)

    assert site.hits == []


def test_only_the_beginning_of_an_endless_one_is_read(fetch, site, monkeypatch):
    monkeypatch.setattr(robots, "MOST_BYTES", 100)
    site.robots = "User-agent: *\n" + "Disallow: /x\n" * 10_000

    assert len(fetch()) == 100


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/c", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: other\nDisallow: /", "/a", True),
        ("User-agent: other\nDisallow: /\n\nUser-agent: scrpy\nDisallow: /b", "/a", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: scrpy\nDisallow: /b", "/a", True),
        ("User-agent: *\nAllow: /\n\nUser-agent: SCRPY\nDisallow: /b", "/b", False),
        ("User-agent: *\r\nDisallow: /a\r\n", "/a", False),
        ("<html>not a robots.txt</html>", "/a", True),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/café", False),
    ],
)
def test_what_it_allows(text, path, allowed):
    assert allows(text, f"https://store.com{path}") is allowed


@pytest.mark.parametrize(
    ("text", "delay_ms"),
    [
        ("", 0),
        ("Crawl-delay: 2", 2_000),
        ("Crawl-delay: 0.5", 500),
        ("Crawl-delay: 86400", 60_000),
        ("Crawl-delay: soon", 0),
        ("Crawl-delay: -3", 0),
        ("Crawl-delay: nan", 0),
        ("Crawl-delay: inf", 0),
        ("Request-rate: 1/5s", 5_000),
        ("Request-rate: 0/5s", 0),
    ],
)
def test_the_delay_that_it_asks_for(text, delay_ms):
    assert crawl_delay_ms(f"User-agent: *\n{text}\nDisallow: /x") == delay_ms


def test_one_that_is_made_to_keep_its_readers_busy_allows_nothing():
    names = "\n".join(f"User-agent: a{index}" for index in range(20_000))
    text = f"{names}\n" + "Disallow: /x\n" * 20_000

    assert not allows(text, "https://store.com/a")
    assert crawl_delay_ms(text) == 0


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["User-agent: *", "User-agent: scrpy", "Disallow: /", "Allow: ", "Crawl-delay:", "Request-rate:"]
        )
        | st.text(max_size=20)
        | st.builds(
            "{}{}".format,
            st.sampled_from(["Disallow:", "Crawl-delay:", "Request-rate:", "Visit-time:"]),
            st.text(max_size=12),
        ),
        max_size=12,
    ).map("\n".join)
)
def test_anything_can_be_read(text):
    assert allows(text, "https://store.com/a?b=c") in (True, False)
    assert 0 <= crawl_delay_ms(text) <= 60_000


def test_a_pattern_full_of_wildcards_is_matched_without_backtracking():
    text = "User-agent: *\nDisallow: /" + "a*" * 500 + "b$"

    assert allows(text, "https://store.com/" + "a" * 8_000)
