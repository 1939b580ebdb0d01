"""How one page is fetched, as its caller asks: what the browser and the site see of each option."""

import time
from urllib.parse import quote

import pytest

from scraping.errors import HttpError, InvalidSelector, NavigationTimeout, RateLimited, WaitTimeout
from scraping.options import Awaited, Profile, State
from scraping.rules import Selector, parse_selector

# -- acceptStatus --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["auto", "load"])
@pytest.mark.parametrize("status", [404, 429, 503])
def test_a_page_of_an_accepted_status_is_read_like_any_other(visit, status, state):
    outcome = visit(f"/status/{status}", accept_status=frozenset({status}), wait_until=state)

    assert (outcome.status_code, outcome.data) == (status, {"title": str(status)})


def test_an_accepted_status_that_a_script_leads_to_is_read_too(visit):
    outcome = visit("/inline-redirect?to=/status/404", accept_status=frozenset({404}))

    assert (outcome.status_code, outcome.data) == (404, {"title": "404"})


@pytest.mark.parametrize(("status", "error"), [(410, HttpError), (429, RateLimited)])
def test_a_status_that_is_not_among_the_accepted_fails_the_page(visit, status, error):
    with pytest.raises(error):
        visit(f"/status/{status}", accept_status=frozenset({404}))


def test_an_accepted_status_without_a_body_is_a_page_with_nothing_in_it(visit):
    outcome = visit("/status/404?empty=1", accept_status=frozenset({404}))

    assert (outcome.status_code, outcome.data) == (404, {"title": None})


# -- waitFor -------------------------------------------------------------------------------------------


def echo(html):
    return f"/echo?html={quote(html)}"


def awaited(selector, state="visible", timeout_ms=None):
    return Awaited(parse_selector(selector), State(state), timeout_ms)


def later(script, ms=1_500):
    """A page that does something after a while in which nothing moves, and longer than is waited by itself."""
    return echo(f"<h1>Before</h1><p id=p>here</p><script>setTimeout(() => {{ {script} }}, {ms})</script>")


APPEARS = later("document.querySelector('h1').textContent = 'After'; p.insertAdjacentHTML('afterend', '<i>new</i>')")
"""Its title is there from the beginning, so that without waiting it is read as it was before."""


def test_without_waiting_a_page_is_read_as_it_was_before(visit):
    assert visit(APPEARS).data == {"title": "Before"}


@pytest.mark.parametrize("wait_until", ["auto", "commit", "domcontentloaded", "load", "networkidle"])
@pytest.mark.parametrize("selector", ["i", "//i", "xpath=id('p')/following-sibling::i", "count(//i) = 1"])
def test_a_selector_that_matches_late_is_waited_for(visit, selector, wait_until):
    selector = f"({selector})" if "=" in selector and "xpath=" not in selector else selector

    assert visit(APPEARS, wait_until=wait_until, awaited=awaited(selector)).data == {"title": "After"}


SHOWN = "document.querySelector('h1').textContent = 'After'; "


@pytest.mark.parametrize(
    ("before", "change"),
    [
        ("display: none", "p.style.display = 'block'"),
        ("visibility: hidden", "p.style.visibility = 'visible'"),
        ("height: 0; overflow: hidden", "p.style.height = '9px'"),
    ],
)
def test_what_is_there_but_cannot_be_seen_is_not_visible_yet(visit, before, change):
    html = (
        f"<h1>Before</h1><p id=p style='{before}'>here</p><script>setTimeout(() => {{ {SHOWN}{change} }}, 900)</script>"
    )

    assert visit(echo(html), awaited=awaited("#p")).data == {"title": "After"}
    assert visit(echo(html), awaited=awaited("#p", "attached")).data == {"title": "Before"}
    assert visit(echo(html), awaited=awaited("#p", "hidden")).data == {"title": "Before"}


@pytest.mark.parametrize(
    ("state", "change"), [("hidden", "p.hidden = true"), ("hidden", "p.remove()"), ("detached", "p.remove()")]
)
def test_what_is_to_go_is_waited_for(visit, state, change):
    assert visit(later(SHOWN + change), awaited=awaited("#p", state)).data == {"title": "After"}


def test_what_is_hidden_is_not_detached(visit):
    with pytest.raises(WaitTimeout, match="#p was not detached within 300 ms"):
        visit(echo("<h1>x</h1><p id=p hidden>here</p>"), awaited=awaited("#p", "detached", 300))


def test_something_visible_among_much_that_is_not_is_enough(visit):
    html = "<h1>x</h1><p hidden>1</p><p>2</p><p hidden>3</p>"

    assert visit(echo(html), awaited=awaited("p", timeout_ms=2_000)).data == {"title": "x"}
    with pytest.raises(WaitTimeout):
        visit(echo(html), awaited=awaited("p", "hidden", 300))


def test_what_does_not_appear_fails_the_page_and_is_named(visit):
    with pytest.raises(WaitTimeout) as caught:
        visit("/static/1", awaited=awaited("#none", timeout_ms=400))

    assert (caught.value.code, caught.value.retryable) == ("wait_timeout", True)
    assert str(caught.value) == "#none was not visible within 400 ms."
    assert visit("/static/1").data == {"title": "Product 1"}


@pytest.mark.parametrize("own_ms", [None, 60_000])
def test_what_does_not_appear_while_the_page_has_time_is_told_as_such(visit, own_ms):
    with pytest.raises(WaitTimeout, match="#none"):
        visit("/static/1", awaited=awaited("#none", timeout_ms=own_ms), timeout_ms=3_000)


def test_a_page_that_goes_on_to_another_is_waited_for_there(visit):
    path = "/script-redirect?ms=400&to=" + quote(APPEARS)

    assert visit(path, awaited=awaited("i")).data == {"title": "After"}


def test_the_time_to_wait_is_one_for_all_documents(visit):
    with pytest.raises(WaitTimeout):
        visit("/self-refresh", awaited=awaited("#none", timeout_ms=1_500))


def test_a_page_that_takes_the_clock_away_is_waited_for(visit):
    assert visit("/timer-killer", awaited=awaited("h1", timeout_ms=5_000)).data["title"]
    with pytest.raises(WaitTimeout):
        visit("/timer-killer", awaited=awaited("#none", timeout_ms=300))


def test_a_page_whose_scripts_never_end_runs_out_of_time(visit):
    with pytest.raises(NavigationTimeout):
        visit(echo("<h1>x</h1><script>for (;;);</script>"), awaited=awaited("#none"), timeout_ms=1_500)


def test_without_scripts_what_is_there_is_found_and_the_rest_is_not(visit):
    scriptless = Profile(javascript=False)

    assert visit("/static/1", awaited=awaited("h1"), profile=scriptless).data == {"title": "Product 1"}
    with pytest.raises(WaitTimeout):
        visit(APPEARS, awaited=awaited("i", timeout_ms=400), profile=scriptless)


def test_shadow_roots_are_searched_where_rules_search_them(visit):
    html = "<h1>x</h1><div><template shadowrootmode=open><p id=inner>in</p></template></div>"

    assert visit(echo(html), awaited=awaited("#inner", timeout_ms=5_000), shadow=True).data == {"title": "x"}
    with pytest.raises(WaitTimeout):
        visit(echo(html), awaited=awaited("#inner", timeout_ms=300))


def test_a_selector_that_only_the_browser_refuses_is_named(visit):
    with pytest.raises(InvalidSelector) as caught:
        visit("/static/1", awaited=Awaited(Selector("css", "p:unknown-thing")))

    assert caught.value.field == "options.waitFor.selector"


@pytest.mark.parametrize("wait_until", ["auto", "load"])
def test_a_page_is_left_alone_for_as_long_as_asked(visit, wait_until):
    began = time.monotonic()

    data = visit(later(SHOWN), pause_ms=2_500, wait_until=wait_until).data

    assert data == {"title": "After"}
    assert time.monotonic() - began >= 2.5


def test_a_page_is_left_alone_without_scripts_too(visit):
    began = time.monotonic()

    visit("/static/1", pause_ms=600, profile=Profile(javascript=False))

    assert time.monotonic() - began >= 0.6


def test_a_page_that_goes_on_to_another_while_it_is_left_alone_is_left_alone_there(visit):
    assert visit("/script-redirect?ms=700&to=/static/5", pause_ms=1_500).data == {"title": "Product 5"}
