"""`options.actions`: what is refused, by name, and what becomes of the rest."""

import pytest

from jobs.models import Job
from jobs.options import options_of, schema
from scraping import acting
from scraping.options import State
from scraping.rules import parse_selector

pytestmark = pytest.mark.django_db

CLICK = {"type": "click", "selector": "button"}
PAUSE = {"type": "wait", "milliseconds": 1}

REFUSED: list[tuple[object, str, str]] = [
    (None, "", "invalid_type"),
    ({}, "", "invalid_type"),
    ("click", "", "invalid_type"),
    ([CLICK] * 51, "", "too_many"),
    ([{"type": "screenshot"}] * 11, "", "too_many"),
    ([None], "[0]", "invalid_type"),
    (["click"], "[0]", "invalid_type"),
    ([[CLICK]], "[0]", "invalid_type"),
    ([CLICK, {}], "[1].type", "required"),
    ([{"type": None}], "[0].type", "invalid_type"),
    ([{"type": ["click"]}], "[0].type", "invalid_type"),
    ([{"type": ""}], "[0].type", "invalid_choice"),
    ([{"type": "Click"}], "[0].type", "invalid_choice"),
    ([{"type": "write", "text": "a"}], "[0].type", "invalid_choice"),
    ([{"type": "x" * 100_000}], "[0].type", "invalid_choice"),
    # of every kind
    ([{**CLICK, "onError": "ignore"}], "[0].onError", "invalid_choice"),
    ([{**CLICK, "onError": None}], "[0].onError", "invalid_type"),
    ([{**CLICK, "timeout": 0}], "[0].timeout", "out_of_range"),
    ([{**CLICK, "timeout": 1.5}], "[0].timeout", "invalid_type"),
    ([{**CLICK, "timeout": True}], "[0].timeout", "invalid_type"),
    ([PAUSE, {**CLICK, "timeout": 30_001}], "[1].timeout", "invalid_combination"),
    ([{**CLICK, "clickCount": 2}], "[0].clickCount", "unknown_field"),
    ([{**CLICK, "milliseconds": 2}], "[0].milliseconds", "unknown_field"),
    ([{**CLICK, "timeout_ms": 2}], "[0].timeout_ms", "unknown_field"),
    ([{**CLICK, "type ": "click"}], "[0].type ", "unknown_field"),
    # selectors
    ([{"type": "click"}], "[0].selector", "required"),
    ([{"type": "click", "selector": None}], "[0].selector", "invalid_type"),
    ([{"type": "click", "selector": ["a"]}], "[0].selector", "invalid_type"),
    ([{"type": "click", "selector": ""}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "a@href"}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "a["}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "//a["}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "text=Buy"}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "css=a"}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "role=button"}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "internal:text=a"}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "a >> b"}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "a:has-text('b')"}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "a:visible"}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": "a:is(:visible)"}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": ":nth-match(a, 2)"}], "[0].selector", "invalid_selector"),
    ([{"type": "click", "selector": ":light(a)"}], "[0].selector", "invalid_selector"),
    ([{"type": "hover", "selector": "a:right-of(b)"}], "[0].selector", "invalid_selector"),
    # wait
    ([{"type": "wait"}], "[0].milliseconds", "required"),
    ([{"type": "wait", "milliseconds": -1}], "[0].milliseconds", "out_of_range"),
    ([{"type": "wait", "milliseconds": "1"}], "[0].milliseconds", "invalid_type"),
    ([{"type": "wait", "milliseconds": 1, "selector": "a"}], "[0].milliseconds", "invalid_combination"),
    ([{"type": "wait", "milliseconds": 1, "state": "visible"}], "[0].state", "invalid_combination"),
    ([{"type": "wait", "selector": "a", "state": "gone"}], "[0].state", "invalid_choice"),
    ([{"type": "wait", "milliseconds": 30_000}], "", "invalid_combination"),
    ([{"type": "wait", "milliseconds": 1_000}] * 30, "", "invalid_combination"),
    # type
    ([{"type": "type", "selector": "a"}], "[0].text", "required"),
    ([{"type": "type", "text": "a"}], "[0].selector", "required"),
    ([{"type": "type", "selector": "a", "text": 1}], "[0].text", "invalid_type"),
    ([{"type": "type", "selector": "a", "text": "a" * 10_001}], "[0].text", "too_long"),
    ([{"type": "type", "selector": "a", "text": "a", "delay": 1_001}], "[0].delay", "out_of_range"),
    ([{"type": "type", "selector": "a", "text": "a", "clear": "yes"}], "[0].clear", "invalid_type"),
    ([{"type": "type", "selector": "a", "text": "a" * 30, "delay": 1_000}], "", "invalid_combination"),
    # press
    ([{"type": "press"}], "[0].key", "required"),
    ([{"type": "press", "key": 1}], "[0].key", "invalid_type"),
    ([{"type": "press", "key": ""}], "[0].key", "required"),
    ([{"type": "press", "key": "enter"}], "[0].key", "invalid_choice"),
    ([{"type": "press", "key": "ab"}], "[0].key", "invalid_choice"),
    ([{"type": "press", "key": "é"}], "[0].key", "invalid_choice"),
    ([{"type": "press", "key": "Control+"}], "[0].key", "invalid_choice"),
    ([{"type": "press", "key": "Ctrl+A"}], "[0].key", "invalid_choice"),
    ([{"type": "press", "key": "F13"}], "[0].key", "invalid_choice"),
    ([{"type": "press", "key": "a" * 101}], "[0].key", "too_long"),
    ([{"type": "press", "key": "Enter", "selector": "a["}], "[0].selector", "invalid_selector"),
    # select
    ([{"type": "select", "selector": "a"}], "[0].value", "required"),
    ([{"type": "select", "selector": "a", "value": None}], "[0].value", "invalid_type"),
    ([{"type": "select", "selector": "a", "value": []}], "[0].value", "required"),
    ([{"type": "select", "selector": "a", "value": ["a", 1]}], "[0].value[1]", "invalid_type"),
    ([{"type": "select", "selector": "a", "value": ["a"] * 101}], "[0].value", "too_many"),
    ([{"type": "select", "selector": "a", "values": ["a"], "value": "a"}], "[0].values", "unknown_field"),
    # scroll, scrollToEnd
    ([{"type": "scroll"}], "[0]", "required"),
    ([{"type": "scroll", "selector": "a", "y": 1}], "[0].y", "invalid_combination"),
    ([{"type": "scroll", "y": 1_000_001}], "[0].y", "out_of_range"),
    ([{"type": "scroll", "x": 1.5}], "[0].x", "invalid_type"),
    ([{"type": "scroll", "direction": "down", "y": 1}], "[0].direction", "unknown_field"),
    ([{"type": "scrollToEnd", "maxScrolls": 201}], "[0].maxScrolls", "out_of_range"),
    ([{"type": "scrollToEnd", "maxScrolls": 0}], "[0].maxScrolls", "out_of_range"),
    ([{"type": "scrollToEnd", "limit": 5}], "[0].selector", "required"),
    ([{"type": "scrollToEnd", "selector": "li", "limit": 0}], "[0].limit", "out_of_range"),
    ([{"type": "scrollToEnd", "waitTime": 99}], "[0].waitTime", "out_of_range"),
    # screenshot, evaluate
    ([{"type": "screenshot", "fullPage": 1}], "[0].fullPage", "invalid_type"),
    ([{"type": "screenshot", "path": "/etc/passwd"}], "[0].path", "unknown_field"),
    ([{"type": "evaluate", "script": "1"}], "[0].script", "unsupported_option"),
]


@pytest.mark.parametrize(("actions", "place", "code"), REFUSED)
def test_an_action_that_cannot_be_done_is_refused_by_name(post, actions, place, code):
    answer = post(options={"actions": actions})

    assert answer.status_code == 400, answer.content
    details = answer.json()["error"]["details"]
    assert [(each["field"], each["code"]) for each in details] == [(f"options.actions{place}", code)]
    assert not Job.objects.exists()


def test_everything_that_is_wrong_is_told_at_once(post):
    actions = [{"type": "click"}, {"type": "press", "key": "enter", "colour": 1}, {"type": "dance"}]

    details = post(options={"actions": actions}).json()["error"]["details"]

    places = {each["field"].removeprefix("options.actions") for each in details}
    assert places == {"[0].selector", "[1].key", "[1].colour", "[2].type"}


@pytest.mark.parametrize(
    ("kind", "hint"),
    [("write", "type"), ("executeJavascript", "evaluate"), ("infinite_scroll", "scrollToEnd"), ("clik", "click")],
)
def test_what_other_tools_call_an_action_is_said_in_our_words(post, kind, hint):
    (detail,) = post(options={"actions": [{"type": kind}]}).json()["error"]["details"]

    assert hint in detail["message"].partition("evaluate.")[2]


def test_a_refusal_never_quotes_what_is_typed(post):
    secret = "hunter" + "2" * 10_000

    answer = post(options={"actions": [{"type": "type", "selector": "a", "text": secret, "delay": -1}]})

    assert answer.status_code == 400
    assert "hunter" not in answer.content.decode()


def actions_of(post, actions):
    answer = post(options={"actions": actions})
    assert answer.status_code == 201, answer.content
    assert answer.json()["job"]["options"] == {"actions": actions}
    return options_of(Job.objects.get()).fetch.actions


def test_actions_are_read_as_they_were_given(post):
    button, field = parse_selector("//button"), parse_selector("#q")

    actions = actions_of(
        post,
        [
            {"type": "wait", "milliseconds": 0},
            {"type": "wait", "selector": "#q", "state": "detached", "timeout": 5},
            {"type": "click", "selector": "//button", "onError": "continue"},
            {"type": "type", "selector": "#q", "text": "", "delay": 5, "clear": True},
            {"type": "press", "key": "Control+Shift++"},
            {"type": "press", "key": "Enter", "selector": "#q", "onError": "stop"},
            {"type": "select", "selector": "#q", "value": "a"},
            {"type": "select", "selector": "#q", "value": ["a", "b"]},
            {"type": "scroll", "selector": "#q"},
            {"type": "scroll", "y": -5},
            {"type": "scrollToEnd"},
            {"type": "scrollToEnd", "selector": "#q", "maxScrolls": 200, "limit": 7, "waitTime": 100},
            {"type": "hover", "selector": "#q"},
            {"type": "screenshot"},
            {"type": "screenshot", "fullPage": True},
        ],
    )

    assert actions == (
        acting.Pause(milliseconds=0),
        acting.WaitFor(selector=field, state=State.DETACHED, timeout_ms=5),
        acting.Click(selector=button, goes_on=True),
        acting.Type(selector=field, text="", delay_ms=5, clear=True),
        acting.Press(key="Control+Shift++"),
        acting.Press(key="Enter", selector=field),
        acting.Select(selector=field, values=("a",)),
        acting.Select(selector=field, values=("a", "b")),
        acting.ScrollTo(selector=field),
        acting.ScrollBy(y=-5),
        acting.ScrollToEnd(),
        acting.ScrollToEnd(selector=field, max_scrolls=200, limit=7, settle_ms=100),
        acting.Hover(selector=field),
        acting.Look(),
        acting.Look(full_page=True),
    )


def test_as_many_actions_as_may_be_are_taken(post):
    assert len(actions_of(post, [PAUSE] * 40 + [{"type": "screenshot"}] * 10)) == 50


@pytest.fixture
def evaluate_allowed(settings):
    settings.SCRPY_ALLOW_EVALUATE = True
    schema._stored.cache_clear()
    yield settings
    schema._stored.cache_clear()


def test_a_script_is_taken_where_the_operator_allows_it(post, evaluate_allowed):
    assert actions_of(post, [{"type": "evaluate", "script": "1"}]) == (acting.Evaluate(script="1", allowed=True),)


def test_a_script_of_a_job_from_before_it_was_switched_off_is_not_allowed_any_more(post, evaluate_allowed):
    actions_of(post, [{"type": "evaluate", "script": "1"}])

    evaluate_allowed.SCRPY_ALLOW_EVALUATE = False
    schema._stored.cache_clear()

    assert options_of(Job.objects.get()).fetch.actions == (acting.Evaluate(script="1", allowed=False),)
