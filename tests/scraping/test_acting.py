"""What is done to a page before it is read: each action does it or says why not, and the page is read afterwards."""

import pytest

from scraping import acting
from scraping.errors import ActionFailed, BlockedAddress, NavigationTimeout, ScrapeError
from scraping.options import Output, Profile, State
from scraping.rules import parse_selector
from tests.site import acting as pages

IMPATIENT_MS = 600
UNTITLED = "Nothing yet"


def at(selector):
    return parse_selector(selector)


def click(selector, **more):
    return acting.Click(selector=at(selector), **more)


def write(selector, text, **more):
    return acting.Type(selector=at(selector), text=text, **more)


@pytest.fixture
def play(visit):
    """Visit a path, do the actions, read the title, or what `selectors` say."""

    def visiting(path, *actions, selectors=None, **options):
        return visit(path, selectors or {"title": "h1"}, actions=actions, **options)

    return visiting


@pytest.fixture
def refused(play):
    """The reason why the first action that is given cannot be done."""

    def reason(action, path="/controls", **options):
        with pytest.raises(ActionFailed) as caught:
            play(path, action, **options)
        (report,) = caught.value.actions
        assert report.status == "failed"
        assert report.reason in str(caught.value)
        return report.reason

    return reason


def title(outcome):
    return outcome.data["title"]


def statuses(reports):
    return [report.status.value for report in reports]


# -- one by one ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "shown"),
    [
        (click("#button"), "Clicked"),
        (click("//button[@id='button']"), "Clicked"),
        (click("#far"), "Far"),
        (write("#input", " and after"), "before and after"),
        (write("#input", "new", clear=True), "new"),
        (acting.Press(key="x", selector=at("#input")), "xbefore"),
        (acting.Select(selector=at("#select"), values=("g", "b")), "g,b"),
        (acting.Select(selector=at("#select"), values=("Red",)), "r"),
        (acting.WaitFor(selector=at("#button")), UNTITLED),
        (acting.WaitFor(selector=at("#hidden"), state=State.HIDDEN), UNTITLED),
        (acting.Pause(milliseconds=1), UNTITLED),
        (acting.ScrollTo(selector=at("#far")), UNTITLED),
        (acting.ScrollBy(y=100), UNTITLED),
    ],
    ids=lambda value: getattr(value, "type", None),
)
def test_an_action_is_done_and_the_page_read_after_it(play, action, shown):
    outcome = play("/controls", action)

    assert title(outcome) == shown
    assert [report.shown().keys() for report in outcome.actions] == [{"type", "status", "duration"}]
    assert statuses(outcome.actions) == ["success"]


def test_a_page_scrolls_by_so_many_pixels(play):
    outcome = play("/controls", acting.ScrollBy(y=120), acting.ScrollBy(y=-20), selectors={"at": "#keys"})

    assert outcome.data == {"at": "0 100"}


def test_a_key_goes_where_the_focus_is(play):
    outcome = play("/log-in", click("[name=name]"), acting.Press(key="Shift+A"), acting.Press(key="Enter"))

    assert "name=A&" in outcome.final_url


def test_a_menu_that_opens_under_the_pointer_can_be_clicked(play):
    assert title(play("/controls", acting.Hover(selector=at("#menu")), click("#menu button"))) == "Chosen"


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (click("#none", timeout_ms=IMPATIENT_MS), "nothing matched it"),
        (click("#hidden", timeout_ms=IMPATIENT_MS), "it could not be seen"),
        (click("#disabled", timeout_ms=IMPATIENT_MS), "it was disabled"),
        (click("#covered button", timeout_ms=IMPATIENT_MS), "something else covered it"),
        (click("#moving", timeout_ms=IMPATIENT_MS), "it did not stop moving"),
        (write("#fixed", "a", timeout_ms=IMPATIENT_MS), "nothing could be written in it"),
        (acting.Select(selector=at("#select"), values=("x",), timeout_ms=IMPATIENT_MS), "it had no such option"),
        (acting.Select(selector=at("#input"), values=("x",)), "it is no <select>"),
        (acting.WaitFor(selector=at("#none"), timeout_ms=IMPATIENT_MS), "it was not visible"),
        (acting.WaitFor(selector=at("#button"), state=State.DETACHED, timeout_ms=IMPATIENT_MS), "it was not detached"),
        (acting.Pause(milliseconds=50, timeout_ms=20), "more than what was left for it"),
        (acting.Evaluate(script="1"), "does not allow scripts"),
    ],
    ids=lambda value: getattr(value, "type", value).replace(" ", "-"),
)
def test_an_action_that_cannot_be_done_says_why(refused, action, reason):
    assert reason in refused(action)


def test_what_is_typed_is_in_no_message(play):
    action = write("#fixed", "a password", timeout_ms=IMPATIENT_MS)

    with pytest.raises(ActionFailed) as caught:
        play("/controls", action)

    assert "password" not in str(caught.value) + repr(caught.value.actions) + repr(action)


# -- one after another ---------------------------------------------------------------------------------


def test_a_form_is_filled_in_and_sent(play):
    outcome = play(
        "/log-in",
        write("[name=name]", pages.MEMBER),
        write("[name=secret]", pages.SECRET),
        acting.Press(key="Enter", selector=at("[name=secret]")),
    )

    assert title(outcome) == "Welcome"
    assert "/welcome" in outcome.final_url


@pytest.mark.parametrize(("button", "number"), [("#link", 7), ("#soon", 8), ("#leaves", 9)])
def test_a_click_that_leads_on_is_followed_by_what_comes_next(play, button, number):
    outcome = play("/controls", click(button), acting.WaitFor(selector=at(".price")))

    assert title(outcome) == f"Product {number}"
    assert statuses(outcome.actions) == ["success", "success"]


def test_an_element_that_comes_late_is_waited_for(play):
    assert title(play("/late-button", click("button"))) == "Clicked"


def test_what_follows_a_failure_is_skipped(play):
    with pytest.raises(ActionFailed, match=r"actions\[1\], click #none: nothing matched it") as caught:
        play("/controls", click("#button"), click("#none", timeout_ms=IMPATIENT_MS), click("#far"))

    assert statuses(caught.value.actions) == ["success", "failed", "skipped"]
    assert caught.value.retryable


def test_what_follows_a_failure_is_done_if_so_asked(play):
    outcome = play("/controls", click("#none", timeout_ms=IMPATIENT_MS, goes_on=True), click("#far"))

    assert title(outcome) == "Far"
    assert statuses(outcome.actions) == ["failed", "success"]


def test_fifty_actions_are_done_in_order(play):
    assert title(play("/adds", *[click("button")] * 50)) == "50"


def test_actions_begin_when_what_is_waited_for_has_come(play):
    awaited = {"awaited": None, "pause_ms": 2_500}

    assert title(play("/late-button", click("button", timeout_ms=IMPATIENT_MS), **awaited)) == "Clicked"


# -- scrolling to the end ------------------------------------------------------------------------------


def test_a_feed_is_scrolled_to_its_end(play):
    outcome = play("/feed/35", acting.ScrollToEnd(selector=at(".item")), selectors={"items": [".item"]})

    assert len(outcome.data["items"]) == 35
    found = outcome.actions[0].shown()
    assert (found["items"], found["stoppedBy"]) == (35, "end")


@pytest.mark.parametrize(
    ("action", "stopped_by"),
    [
        (acting.ScrollToEnd(selector=at(".item"), limit=40), "limit"),
        (acting.ScrollToEnd(max_scrolls=2), "maxScrolls"),
        (acting.ScrollToEnd(timeout_ms=600, max_scrolls=200), "timeout"),
    ],
)
def test_a_feed_without_an_end_is_scrolled_as_far_as_was_asked(play, action, stopped_by):
    outcome = play("/feed/100000", action)

    assert outcome.actions[0].shown()["stoppedBy"] == stopped_by


@pytest.mark.parametrize(("path", "items", "count"), [("/box", "li", 40), ("/lazy-items", "p.shown", 20)])
def test_whatever_scrolls_is_scrolled(play, path, items, count):
    outcome = play(path, acting.ScrollToEnd(), selectors={"items": [items]})

    assert len(outcome.data["items"]) == count


# -- pictures and scripts ------------------------------------------------------------------------------


def test_a_picture_is_of_its_moment(play):
    outcome = play("/controls", acting.Look(), click("#button"), acting.Look(full_page=True))

    assert [(made.output, made.action) for made in outcome.captures] == [
        (Output.SCREENSHOT, 0),
        (Output.FULL_PAGE_SCREENSHOT, 2),
    ]
    assert [report.shown().get("captured") for report in outcome.actions] == [True, None, True]


def test_a_script_runs_as_the_pages_own_and_gives_its_value(play):
    script = "new Promise((keep) => setTimeout(() => keep({title: document.title, n: [1]}), 5))"

    outcome = play("/controls", acting.Evaluate(script=script, allowed=True))

    assert outcome.actions[0].shown()["value"] == {"title": "Site", "n": [1]}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("throw new Error('no')", "the script failed: Error: no"),
        ("'x'.repeat(70000)", "its value is larger than 64 KiB"),
        ("const a = []; a.push(a); a", "the script failed"),
        ("new Promise(() => {})", "in its time"),
    ],
)
def test_a_script_that_fails_says_why(refused, script, reason):
    assert reason in refused(acting.Evaluate(script=script, allowed=True, timeout_ms=1_000))


# -- harm ----------------------------------------------------------------------------------------------


def test_a_page_that_hangs_fails_by_its_deadline_and_tells_how_far_it_came(play):
    with pytest.raises(ScrapeError) as caught:
        play("/hangs", click("#hang"), click("#other"), timeout_ms=3_000)

    assert isinstance(caught.value, ActionFailed | NavigationTimeout)
    assert statuses(caught.value.actions) == ["failed", "skipped"]


def test_an_action_that_leads_inside_is_blocked(play, site):
    inside = "http://127.0.0.2:8080/"
    script = f"location.href = '{inside}'"

    with pytest.raises(BlockedAddress) as caught:
        play("/controls", acting.Evaluate(script=script, allowed=True))

    assert statuses(caught.value.actions) in (["success"], ["failed"])


def test_a_page_cannot_falsify_what_is_done_to_it(play):
    outcome = play("/falsified", click("button"), write("input", "typed"), selectors={"title": "h1", "typed": "h2"})

    assert outcome.data == {"title": "Clicked", "typed": "typed"}


def test_a_button_that_flees_is_not_chased_for_ever(refused):
    assert "did not stop moving" in refused(click("button", timeout_ms=1_000), "/flees")


def test_a_link_into_a_new_tab_opens_none(play, site):
    outcome = play("/controls", click("#tab"))

    assert title(outcome) == UNTITLED
    assert not [hit for hit in site.hits if hit.path.startswith("/beat")]


def test_a_download_is_none_of_ours(play):
    assert title(play("/controls", click("#file"))) == UNTITLED


def test_shadow_roots_are_acted_on_when_they_are_searched(play, refused):
    assert title(play("/shadowed", click("button"), shadow=True)) == "Clicked"
    assert "nothing matched it" in refused(click("button", timeout_ms=IMPATIENT_MS), "/shadowed")


def test_without_scripts_links_still_lead_on(play):
    outcome = play("/controls", click("#link"), profile=Profile(javascript=False))

    assert title(outcome) == "Product 7"
