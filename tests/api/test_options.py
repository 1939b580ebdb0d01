"""`options` that say how a page is fetched: what is refused, by name, and what a job shows of them."""

import pytest

from jobs.api.errors import Problems
from jobs.models import Job
from jobs.options import options_of
from jobs.options.schema import read_options
from jobs.secrets import opened
from scraping.options import DEFAULT_PROFILE, Awaited, Cookie, Output, Place, Profile, State, Viewport
from scraping.rules import Selector

pytestmark = pytest.mark.django_db

REFUSED = [
    ({"acceptStatus": None}, "acceptStatus", "invalid_type"),
    ({"acceptStatus": 404}, "acceptStatus", "invalid_type"),
    ({"acceptStatus": ["404"]}, "acceptStatus[0]", "invalid_type"),
    ({"acceptStatus": [True]}, "acceptStatus[0]", "invalid_type"),
    ({"acceptStatus": [404, 399]}, "acceptStatus[1]", "out_of_range"),
    ({"acceptStatus": [600]}, "acceptStatus[0]", "out_of_range"),
    ({"acceptStatus": [404] * 201}, "acceptStatus", "too_many"),
    ({"outputs": None}, "outputs", "invalid_type"),
    ({"outputs": "html"}, "outputs", "invalid_type"),
    ({"outputs": ["htm"]}, "outputs[0]", "invalid_choice"),
    ({"outputs": [None]}, "outputs[0]", "invalid_type"),
    ({"outputs": ["pdf", "html", "pdf"]}, "outputs[2]", "duplicate_key"),
    ({"waitFor": None}, "waitFor", "invalid_type"),
    ({"waitFor": "#a"}, "waitFor", "invalid_type"),
    ({"waitFor": True}, "waitFor", "invalid_type"),
    ({"waitFor": 1.5}, "waitFor", "invalid_type"),
    ({"waitFor": -1}, "waitFor", "out_of_range"),
    ({"waitFor": 60_001, "timeout": 120_000}, "waitFor", "out_of_range"),
    ({"waitFor": 30_000}, "waitFor", "invalid_combination"),
    ({"waitFor": 5_000, "timeout": 5_000}, "waitFor", "invalid_combination"),
    ({"waitFor": {}}, "waitFor.selector", "required"),
    ({"waitFor": {"selector": None}}, "waitFor.selector", "invalid_type"),
    ({"waitFor": {"selector": ""}}, "waitFor.selector", "invalid_selector"),
    ({"waitFor": {"selector": "h1["}}, "waitFor.selector", "invalid_selector"),
    ({"waitFor": {"selector": "//h1["}}, "waitFor.selector", "invalid_selector"),
    ({"waitFor": {"selector": "text=Buy"}}, "waitFor.selector", "invalid_selector"),
    ({"waitFor": {"selector": "a@href"}}, "waitFor.selector", "invalid_selector"),
    ({"waitFor": {"selector": "a::text"}}, "waitFor.selector", "invalid_selector"),
    ({"waitFor": {"selector": "a" * 2_001}}, "waitFor.selector", "invalid_selector"),
    ({"waitFor": {"selector": "a", "state": "shown"}}, "waitFor.state", "invalid_choice"),
    ({"waitFor": {"selector": "a", "state": None}}, "waitFor.state", "invalid_type"),
    ({"waitFor": {"selector": "a", "timeout": 0}}, "waitFor.timeout", "out_of_range"),
    ({"waitFor": {"selector": "a", "timeout": "1"}}, "waitFor.timeout", "invalid_type"),
    ({"waitFor": {"selector": "a", "timeout": 30_001}}, "waitFor.timeout", "invalid_combination"),
    ({"waitFor": {"selector": "a", "visible": True}}, "waitFor.visible", "unknown_field"),
    ({"userAgent": None}, "userAgent", "invalid_type"),
    ({"userAgent": ""}, "userAgent", "required"),
    ({"userAgent": "u" * 513}, "userAgent", "too_long"),
    ({"userAgent": "a\r\nX: y"}, "userAgent", "invalid_character"),
    ({"userAgent": "ü"}, "userAgent", "invalid_character"),
    ({"userAgent": " a"}, "userAgent", "invalid_character"),
    ({"userAgent": "a "}, "userAgent", "invalid_character"),
    ({"viewport": None}, "viewport", "invalid_type"),
    ({"viewport": "800x600"}, "viewport", "invalid_type"),
    ({"viewport": {"width": 800}}, "viewport.height", "required"),
    ({"viewport": {"height": 600}}, "viewport.width", "required"),
    ({"viewport": {"width": 15, "height": 600}}, "viewport.width", "out_of_range"),
    ({"viewport": {"width": 800, "height": 4_097}}, "viewport.height", "out_of_range"),
    ({"viewport": {"width": 800.5, "height": 600}}, "viewport.width", "invalid_type"),
    ({"viewport": {"width": 800, "height": None}}, "viewport.height", "invalid_type"),
    ({"viewport": {"width": 800, "height": 600, "scale": 2}}, "viewport.scale", "unknown_field"),
    ({"device": None}, "device", "invalid_type"),
    ({"device": ""}, "device", "invalid_choice"),
    ({"device": "pixel 7"}, "device", "invalid_choice"),
    ({"device": "iPhone 15"}, "device", "invalid_choice"),
    ({"device": "Desktop Safari"}, "device", "invalid_choice"),
    ({"locale": None}, "locale", "invalid_type"),
    ({"locale": ""}, "locale", "invalid_choice"),
    ({"locale": "xx-YY"}, "locale", "invalid_choice"),
    ({"locale": "de_DE"}, "locale", "invalid_choice"),
    ({"locale": "de, en"}, "locale", "invalid_choice"),
    ({"locale": "de-DE" + "-a" * 1_000}, "locale", "invalid_choice"),
    ({"timezone": None}, "timezone", "invalid_type"),
    ({"timezone": ""}, "timezone", "invalid_choice"),
    ({"timezone": "CEST"}, "timezone", "invalid_choice"),
    ({"timezone": "+02:00"}, "timezone", "invalid_choice"),
    ({"timezone": "europe/berlin"}, "timezone", "invalid_choice"),
    ({"timezone": "../../etc/passwd"}, "timezone", "invalid_choice"),
    ({"geolocation": None}, "geolocation", "invalid_type"),
    ({"geolocation": [1, 2]}, "geolocation", "invalid_type"),
    ({"geolocation": {"latitude": 1}}, "geolocation.longitude", "required"),
    ({"geolocation": {"latitude": 90.1, "longitude": 0}}, "geolocation.latitude", "out_of_range"),
    ({"geolocation": {"latitude": 0, "longitude": -181}}, "geolocation.longitude", "out_of_range"),
    ({"geolocation": {"latitude": "1", "longitude": 0}}, "geolocation.latitude", "invalid_type"),
    ({"geolocation": {"latitude": True, "longitude": 0}}, "geolocation.latitude", "invalid_type"),
    ({"geolocation": {"latitude": 1, "longitude": 2, "accuracy": -1}}, "geolocation.accuracy", "out_of_range"),
    ({"geolocation": {"latitude": 1, "longitude": 2, "altitude": 3}}, "geolocation.altitude", "unknown_field"),
    ({"colorScheme": None}, "colorScheme", "invalid_type"),
    ({"colorScheme": "sepia"}, "colorScheme", "invalid_choice"),
    ({"javascript": None}, "javascript", "invalid_type"),
    ({"javascript": "false"}, "javascript", "invalid_type"),
    ({"javascript": 0}, "javascript", "invalid_type"),
    ({"keepHtml": None}, "keepHtml", "invalid_type"),
    ({"keepHtml": "true"}, "keepHtml", "invalid_type"),
    ({"maxAge": None}, "maxAge", "invalid_type"),
    ({"maxAge": "1h"}, "maxAge", "invalid_type"),
    ({"maxAge": 1.5}, "maxAge", "invalid_type"),
    ({"maxAge": True}, "maxAge", "invalid_type"),
    ({"maxAge": -1}, "maxAge", "out_of_range"),
    ({"maxAge": 30 * 86_400_000 + 1}, "maxAge", "out_of_range"),
    ({"headers": None}, "headers", "invalid_type"),
    ({"headers": [["A", "b"]]}, "headers", "invalid_type"),
    ({"headers": {"A": None}}, "headers.A", "invalid_type"),
    ({"headers": {"A": 1}}, "headers.A", "invalid_type"),
    ({"headers": {"A": ["b"]}}, "headers.A", "invalid_type"),
    ({"headers": {"": "b"}}, "headers.", "invalid_character"),
    ({"headers": {"A b": "c"}}, "headers.A b", "invalid_character"),
    ({"headers": {"A:": "b"}}, "headers.A:", "invalid_character"),
    ({"headers": {":path": "/"}}, "headers.:path", "invalid_character"),
    ({"headers": {"A\r\nB": "c"}}, "headers.A\r\nB", "invalid_character"),
    ({"headers": {"Ä": "b"}}, "headers.Ä", "invalid_character"),
    ({"headers": {"A": "b\r\nC: d"}}, "headers.A", "invalid_character"),
    ({"headers": {"A": "b\nc"}}, "headers.A", "invalid_character"),
    ({"headers": {"A": "b\tc"}}, "headers.A", "invalid_character"),
    ({"headers": {"A": "b\x7f"}}, "headers.A", "invalid_character"),
    ({"headers": {"A": "ü"}}, "headers.A", "invalid_character"),
    ({"headers": {"A": "😀"}}, "headers.A", "invalid_character"),
    ({"headers": {"A": " b"}}, "headers.A", "invalid_character"),
    ({"headers": {"A": "b "}}, "headers.A", "invalid_character"),
    *[
        ({"headers": {name: "x"}}, f"headers.{name}", "invalid_choice")
        for name in (
            "Host",
            "HOST",
            "content-length",
            "Connection",
            "Keep-Alive",
            "Proxy-Authorization",
            "Proxy-Connection",
            "proxy-anything",
            "TE",
            "Trailer",
            "Transfer-Encoding",
            "Upgrade",
            "Cookie",
            "Cookie2",
            "Set-Cookie",
            "user-agent",
            "Accept-Encoding",
            "Referer",
            "Sec-Fetch-Site",
            "sec-ch-ua",
            "Origin",
            "Expect",
            "Via",
            "Date",
            "Access-Control-Request-Method",
            "Access-Control-Request-Headers",
            "HTTP2-Settings",
        )
    ],
    ({"headers": {"X-A": "1", "x-a": "2"}}, "headers.x-a", "duplicate_key"),
    ({"headers": {f"A{number}": "b" for number in range(51)}}, "headers", "too_many"),
    ({"headers": {"A": "b" * 8_192}}, "headers", "too_long"),
    ({"cookies": None}, "cookies", "invalid_type"),
    ({"cookies": {"a": "b"}}, "cookies", "invalid_type"),
    ({"cookies": ["a=b"]}, "cookies[0]", "invalid_type"),
    ({"cookies": [{"value": "b"}]}, "cookies[0].name", "required"),
    ({"cookies": [{"name": "a"}]}, "cookies[0].value", "required"),
    ({"cookies": [{"name": "a", "value": None}]}, "cookies[0].value", "invalid_type"),
    ({"cookies": [{"name": "", "value": "b"}]}, "cookies[0].name", "invalid_character"),
    ({"cookies": [{"name": "a=", "value": "b"}]}, "cookies[0].name", "invalid_character"),
    ({"cookies": [{"name": "a b", "value": "b"}]}, "cookies[0].name", "invalid_character"),
    ({"cookies": [{"name": "ä", "value": "b"}]}, "cookies[0].name", "invalid_character"),
    ({"cookies": [{"name": "a", "value": "b;c"}]}, "cookies[0].value", "invalid_character"),
    ({"cookies": [{"name": "a", "value": "b,c"}]}, "cookies[0].value", "invalid_character"),
    ({"cookies": [{"name": "a", "value": "b c"}]}, "cookies[0].value", "invalid_character"),
    ({"cookies": [{"name": "a", "value": 'b"c'}]}, "cookies[0].value", "invalid_character"),
    ({"cookies": [{"name": "a", "value": "b\\c"}]}, "cookies[0].value", "invalid_character"),
    ({"cookies": [{"name": "a", "value": "b\r\n"}]}, "cookies[0].value", "invalid_character"),
    ({"cookies": [{"name": "a", "value": "ü"}]}, "cookies[0].value", "invalid_character"),
    ({"cookies": [{"name": "a", "value": "b" * 4_096}]}, "cookies[0]", "too_long"),
    ({"cookies": [{"name": "a", "value": "b", "path": "c"}]}, "cookies[0].path", "invalid_character"),
    ({"cookies": [{"name": "a", "value": "b", "path": "/;"}]}, "cookies[0].path", "invalid_character"),
    ({"cookies": [{"name": "a", "value": "b", "path": "/" * 1_025}]}, "cookies[0].path", "too_long"),
    ({"cookies": [{"name": "a", "value": "b", "secure": 1}]}, "cookies[0].secure", "invalid_type"),
    ({"cookies": [{"name": "a", "value": "b", "httpOnly": None}]}, "cookies[0].httpOnly", "invalid_type"),
    ({"cookies": [{"name": "a", "value": "b", "sameSite": "lax"}]}, "cookies[0].sameSite", "invalid_choice"),
    ({"cookies": [{"name": "a", "value": "b", "sameSite": None}]}, "cookies[0].sameSite", "invalid_type"),
    ({"cookies": [{"name": "a", "value": "b", "sameSite": "None"}]}, "cookies[0].secure", "invalid_combination"),
    ({"cookies": [{"name": "__Secure-a", "value": "b"}]}, "cookies[0].secure", "invalid_combination"),
    ({"cookies": [{"name": "__host-a", "value": "b"}]}, "cookies[0].secure", "invalid_combination"),
    (
        {"cookies": [{"name": "__Host-a", "value": "b", "secure": True, "path": "/c"}]},
        "cookies[0].path",
        "invalid_combination",
    ),
    *[
        ({"cookies": [{"name": "a", "value": "b", name: "x"}]}, f"cookies[0].{name}", "unknown_field")
        for name in ("domain", "url", "expires", "maxAge", "HttpOnly")
    ],
    ({"cookies": [{"name": "a", "value": "b"}, {"name": "a", "value": "c"}]}, "cookies[1]", "duplicate_key"),
    ({"cookies": [{"name": f"a{number}", "value": ""} for number in range(101)]}, "cookies", "too_many"),
    ({"block": None}, "block", "invalid_type"),
    ({"block": "image"}, "block", "invalid_type"),
    ({"block": ["images"]}, "block[0]", "invalid_choice"),
    ({"block": ["font", "font"]}, "block[1]", "duplicate_key"),
    ({"session": None}, "session", "invalid_type"),
    ({"session": True}, "session", "invalid_type"),
    ({"session": "Job"}, "session", "invalid_choice"),
    ({"session": "job", "concurrency": 2}, "concurrency", "invalid_combination"),
]


@pytest.mark.parametrize(("options", "place", "code"), REFUSED)
def test_an_option_that_cannot_be_followed_is_refused_by_name(post, options, place, code):
    answer = post(options=options)

    assert answer.status_code == 400, answer.content
    assert [(each["field"], each["code"]) for each in answer.json()["error"]["details"]] == [(f"options.{place}", code)]
    assert not Job.objects.exists()


def made(post, **options):
    """The options of a job that was made with these, and shows them as they were sent."""
    answer = post(options=options)

    assert answer.status_code == 201, answer.content
    assert answer.json()["job"]["options"] == options
    return options_of(Job.objects.get())


def test_statuses_are_taken_once_each(post):
    assert made(post, acceptStatus=[400, 404, 404, 599]).fetch.accept_status == {400, 404, 599}


def test_a_profile_is_read_as_it_was_given(post):
    options = made(
        post,
        device="Pixel 7",
        userAgent="Robot/7",
        viewport={"width": 16, "height": 4_096},
        locale="de-de",
        timezone="Europe/Berlin",
        geolocation={"latitude": 52.5, "longitude": -180, "accuracy": 10},
        colorScheme="dark",
        javascript=False,
    )

    assert options.profile == Profile(
        device="Pixel 7",
        user_agent="Robot/7",
        viewport=Viewport(16, 4_096),
        locale="de-DE",
        timezone="Europe/Berlin",
        geolocation=Place(52.5, -180, 10),
        color_scheme="dark",
        javascript=False,
    )
    assert options.fetch.locale == "de-DE"


def test_without_options_the_browser_is_what_it_is(post):
    assert made(post).profile == DEFAULT_PROFILE


@pytest.mark.parametrize(
    ("option", "name", "hint"),
    [
        ("device", "pixel 7", "Pixel 7"),
        ("device", "Galaxy S 24", "Galaxy S24"),
        ("timezone", "europe/berlin", "Europe/Berlin"),
    ],
)
def test_a_name_that_is_nearly_one_gets_a_hint(post, option, name, hint):
    [problem] = post(options={option: name}).json()["error"]["details"]

    assert f"Did you mean {hint}?" in problem["message"]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"selector": " .price "}, Awaited(Selector("css", ".price"))),
        (
            {"selector": "//p", "state": "detached", "timeout": 30_000},
            Awaited(Selector("xpath", "//p"), State.DETACHED, 30_000),
        ),
    ],
)
def test_a_selector_to_wait_for_is_read(post, given, read):
    fetch = made(post, waitFor=given).fetch

    assert (fetch.awaited, fetch.pause_ms) == (read, 0)


@pytest.mark.parametrize(("wait", "timeout"), [(0, 30_000), (29_999, 30_000), (60_000, 60_001)])
def test_a_time_to_wait_is_read(post, wait, timeout):
    fetch = made(post, waitFor=wait, timeout=timeout).fetch

    assert (fetch.awaited, fetch.pause_ms) == (None, wait)


@pytest.mark.parametrize("max_age", [0, 1, 30 * 86_400_000])
def test_an_age_that_results_may_have_is_read(post, max_age):
    assert made(post, maxAge=max_age).max_age_ms == max_age


@pytest.mark.parametrize(
    ("given", "kept", "keeps"),
    [({}, True, True), ({"keepHtml": False}, True, False), ({"keepHtml": True}, False, False), ({}, False, False)],
)
def test_html_is_kept_where_both_the_client_and_the_operator_have_it_so(settings, given, kept, keeps):
    settings.SCRPY_KEEP_HTML = kept

    assert read_options(given, Problems()).fetch.keep_html == keeps


def test_html_that_an_output_asks_for_is_made_whoever_keeps_none(settings):
    settings.SCRPY_KEEP_HTML = False

    assert read_options({"outputs": ["html"], "keepHtml": False}, Problems()).fetch.outputs == {Output.HTML}


def test_headers_and_cookies_at_their_limits_are_taken(post):
    headers = {f"X-{number}": "" for number in range(49)} | {"A": "b" * (8_192 - 1 - 39 * 4 - 10 * 3)}
    cookies = [{"name": f"c{number}", "value": "v" * (4_096 - len(f"c{number}"))} for number in range(100)]

    answer = post(options={"headers": headers, "cookies": cookies})

    assert answer.status_code == 201, answer.content
    sent = opened(Job.objects.get().sealed_options).sent
    assert sent.headers == tuple(headers.items())
    assert [(each.name, each.value) for each in sent.cookies] == [(each["name"], each["value"]) for each in cookies]


def test_a_cookie_is_kept_for_the_workers_as_it_was_given(post):
    given = {"name": "__Host-a", "value": '"b"', "secure": True, "httpOnly": True, "sameSite": "None"}
    post(options={"cookies": [given, {"name": "c", "value": "", "path": "/d e"}]})

    assert opened(Job.objects.get().sealed_options).sent.cookies == (
        Cookie(name="__Host-a", value='"b"', secure=True, http_only=True, same_site="None"),
        Cookie(name="c", value="", path="/d e"),
    )


@pytest.mark.parametrize(
    ("options", "block"),
    [
        ({}, {"image"}),
        ({"outputs": ["html"]}, {"image"}),
        ({"outputs": ["screenshot"]}, set()),
        ({"outputs": ["fullPageScreenshot"]}, set()),
        ({"outputs": ["pdf"]}, set()),
        ({"actions": [{"type": "screenshot"}]}, set()),
        ({"actions": [{"type": "wait", "milliseconds": 10}]}, {"image"}),
        ({"block": []}, set()),
        ({"block": ["ads", "xhr"]}, {"ads", "xhr"}),
        ({"block": ["image"], "outputs": ["pdf"]}, {"image"}),
    ],
)
def test_images_are_blocked_unless_a_picture_is_wanted_or_something_else_is_said(post, options, block):
    assert made(post, **options).profile.block == block


def test_pages_that_share_a_session_come_one_after_another(post):
    options = made(post, session="job")

    assert (options.profile.keeps_session, options.concurrency, Job.objects.get().concurrency) == (True, 1, 1)


def test_pages_are_isolated_from_each_other_unless_they_share_a_session(post):
    options = made(post, session="isolated", concurrency=5)

    assert (options.profile.keeps_session, options.concurrency) == (False, 5)
