"""What is remembered of an attempt: where its time went, where it was led, what the page's console said."""

import pytest

from scraping import rules
from scraping.browser.witness import Witness
from scraping.egress import gate
from scraping.errors import HttpError, NavigationTimeout, ScrapeError, UnsupportedContent
from scraping.options import FetchOptions
from scraping.render import scrape
from scraping.trace import MOST_MESSAGES, MOST_REDIRECTS, Redirect, cut, lengths
from tests.scraping.session import Session

PHASES = ["start", "connect", "firstByte", "load", "wait", "extract"]


@pytest.fixture
def trace(visit):
    """Of a page that is read."""
    return lambda path, **options: visit(path, **options).trace


@pytest.fixture
def failed(visit):
    """The trace of a page that fails."""

    def trace_of(path, kind=ScrapeError, **options):
        with pytest.raises(kind) as caught:
            visit(path, **options)
        return caught.value.trace

    return trace_of


@pytest.fixture
def in_one_lane(loop, pool, site):
    """The traces of pages that come one after another, and whether the console is listened to in the end."""

    async def visits(paths):
        lane = await pool.borrow("carol", site.pair)
        try:
            wanted = rules.parse({"title": "h1"}, required=False)
            targets = [gate.check(site.url(path), pool.policy) for path in paths]
            traces = [(await scrape(lane, target, wanted, FetchOptions())).trace for target in targets]
            return traces, lane._witness._listens
        finally:
            await pool.give_back(lane)

    return lambda *paths: loop.run(visits(paths))


def texts(trace):
    return [message.text for message in trace.messages]


@pytest.mark.parametrize("path", ["/static/1", "/spa/3?ms=100", "/redirect?to=/static/1", "/script-document"])
@pytest.mark.parametrize("wait_until", ["auto", "load", "commit"])
def test_the_phases_add_up_to_the_whole(visit, path, wait_until):
    outcome = visit(path, wait_until=wait_until)

    assert list(outcome.trace.phases) == PHASES
    assert min(outcome.trace.phases.values()) >= 0
    assert sum(outcome.trace.phases.values()) == outcome.duration_ms


def test_a_slow_answer_is_waited_for_until_its_first_byte(trace):
    assert trace("/slow?ms=300").phases["firstByte"] >= 300


def test_what_led_to_the_document_comes_before_all_else(trace):
    assert trace("/meta-redirect?s=1&to=/static/1").phases["start"] >= 1_000


def test_what_is_asked_to_be_waited_for_is_waiting(trace):
    assert trace("/static/1", pause_ms=300).phases["wait"] >= 300


def test_a_page_cannot_tell_other_times_than_the_browser(visit):
    outcome = visit("/liar")

    assert sum(outcome.trace.phases.values()) == outcome.duration_ms
    assert outcome.trace.phases["wait"] > 0


def test_redirects_are_listed_with_their_statuses(trace, site):
    assert trace("/redirect?code=307&to=/static/1").redirects == (
        Redirect(site.url("/redirect?code=307&to=/static/1"), 307),
    )


def test_a_page_that_is_where_it_was_asked_for_was_not_redirected(trace):
    assert trace("/static/1").redirects == ()
    assert trace("/push-state").redirects == ()


@pytest.mark.parametrize("way", ["script-redirect?ms=0&", "inline-redirect?", "meta-redirect?"])
def test_documents_that_lead_on_are_listed_like_redirects(trace, site, way):
    assert trace(f"/{way}to=/static/1").redirects == (Redirect(site.url(f"/{way}to=/static/1"), 200),)


def test_both_kinds_of_redirects_are_listed_in_their_order(trace, site):
    led = trace("/redirect?to=/inline-redirect?to=/static/1").redirects

    assert [(redirect.url, redirect.status_code) for redirect in led] == [
        (site.url("/redirect?to=/inline-redirect?to=/static/1"), 302),
        (site.url("/inline-redirect?to=/static/1"), 200),
    ]


def test_a_loop_of_redirects_is_listed_as_far_as_it_fits(failed):
    trace = failed("/script-loop/a", NavigationTimeout)

    assert 1 < len(trace.redirects) <= MOST_REDIRECTS


def test_a_page_that_failed_tells_how_far_it_came(failed, site):
    trace = failed("/redirect?to=/status/404", HttpError)

    assert next(iter(trace.phases)) == "firstByte"
    assert trace.redirects == (Redirect(site.url("/redirect?to=/status/404"), 302),)


def test_that_the_lane_has_left_its_page_is_not_told_of_the_next_one():
    tab = Session()
    witness = Witness(tab, tab, "main")

    witness.begin()
    tab.tell("Page.frameNavigated", {"frame": {"id": "main", "url": "about:blank"}})
    tab.tell("Page.loadEventFired", {})
    assert list(witness.trace().phases) == ["firstByte"]

    tab.tell("Page.frameNavigated", {"frame": {"id": "main", "url": "http://store.com/"}})
    tab.tell("Page.loadEventFired", {})
    assert witness.trace().redirects == ()


def test_what_the_browser_shows_in_its_place_is_not_the_page():
    tab = Session()
    witness = Witness(tab, tab, "main")

    witness.begin()
    error_page = {"id": "main", "url": "chrome-error://chromewebdata/", "unreachableUrl": "http://store.com/"}
    tab.tell("Page.frameNavigated", {"frame": error_page})
    tab.tell("Page.loadEventFired", {})
    assert list(witness.trace().phases) == ["firstByte"]


def test_a_page_that_never_answered_waited_for_its_first_byte(failed):
    trace = failed("/silent", NavigationTimeout, timeout_ms=3_000)

    assert list(trace.phases) == ["firstByte"]


def test_a_page_that_leads_nowhere_tells_where_it_was(failed, site):
    assert failed("/led-nowhere", UnsupportedContent).redirects == (Redirect(site.url("/led-nowhere"), 200),)


def test_the_console_is_listened_to_from_the_first_script_on(trace):
    messages = trace("/talking").messages

    assert [(message.kind, message.text[:4]) for message in messages] == [
        ("log", "firs"),
        ("warning", "xxxx"),
        ("error", "\ufffd \ufffd"),
        ("uncaught", "nobo"),
    ]
    assert messages[0].text == "first 1 {a: 2}"
    assert len(messages[1].text) == 500
    assert all(message.at_ms >= 0 for message in messages)


def test_what_a_page_says_before_it_leads_on_is_kept(trace):
    assert texts(trace("/last-words")) == ["on my way"]


def test_a_failed_page_has_its_console(failed):
    assert "404" in texts(failed("/status/404"))[0]


def test_a_page_that_says_too_much_is_not_listened_to_any_longer(in_one_lane):
    [trace], listens = in_one_lane("/chatter")

    assert texts(trace) == [f"message {number}" for number in range(MOST_MESSAGES)]
    assert not listens


def test_a_page_that_shouts_is_not_listened_to_any_longer(in_one_lane):
    [trace], listens = in_one_lane("/shouting")

    assert 0 < len(trace.messages) < 9
    assert not listens


def test_the_next_page_of_a_lane_is_listened_to_again_and_alone(in_one_lane):
    traces, listens = in_one_lane("/chatter", "/mumbling?a", "/mumbling?b", "/talking", "/static/1")

    assert [set(texts(trace)) for trace in traces[1:3]] == [{"still ?a"}, {"still ?b"}]
    assert [len(trace.messages) for trace in traces[3:]] == [4, 0]
    assert listens


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ({"a": 1.4, "b": 2.6, "c": 10}, {"a": 1, "b": 2, "c": 7}),
        ({"a": 5, "b": 0, "c": 10}, {"a": 5, "b": 0, "c": 5}),
        ({"a": -3, "b": 99, "c": 10}, {"a": 0, "b": 10, "c": 0}),
    ],
)
def test_phases_are_as_long_as_they_took(ends, expected):
    assert lengths(ends) == expected


def test_a_long_text_is_cut_to_its_most():
    assert [cut("abc", 3), cut("abcd", 3)] == ["abc", "ab…"]
