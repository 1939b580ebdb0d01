"""The profile of a lane: pages and sites really see it, and no lane is lent with another."""

from collections.abc import Callable
from urllib.parse import quote
from zoneinfo import available_timezones

import pytest
from playwright.async_api import async_playwright

from scraping.options import DEFAULT_PROFILE, DEVICES, Place, Profile, Viewport
from tests.scraping.conftest import visiting


@pytest.fixture
def ask(visit) -> Callable[..., object]:
    """What a page finds when it evaluates an expression in a browser of a profile."""

    def ask(expression, **profile):
        html = (
            f"<p id=answer></p><script>(async () => {{ answer.textContent = String(await {expression}) }})()</script>"
        )
        path = f"/echo?html={quote(html)}"
        return visit(path, {"answer": "#answer:not(:empty)"}, profile=Profile(**profile)).data["answer"]

    return ask


def header(site, name):
    """What the site was last sent."""
    return site.hits[-1].headers.get(name)


# -- what pages see ------------------------------------------------------------------------------------


def test_a_page_and_its_site_see_the_user_agent(ask, site):
    assert ask("navigator.userAgent", user_agent="Robot/7 (tests)") == "Robot/7 (tests)"
    assert header(site, "user-agent") == "Robot/7 (tests)"


def test_a_page_sees_the_size_of_its_window(ask):
    asked = "[innerWidth, innerHeight, matchMedia('(max-width: 400px)').matches]"

    assert ask(asked, viewport=Viewport(390, 844)) == "390,844,true"
    assert ask(asked, viewport=Viewport(4_096, 16)) == "4096,16,false"


def test_a_device_is_its_window_its_density_its_touch_and_its_user_agent(ask, site):
    asked = "[screen.width, devicePixelRatio, navigator.maxTouchPoints > 0, matchMedia('(hover: none)').matches]"

    assert ask(asked, device="Pixel 7") == "412,2.625,true,true"
    assert "Pixel 7" in header(site, "user-agent")


def test_a_user_agent_and_a_viewport_stand_instead_of_the_devices(ask):
    asked = "[navigator.userAgent, screen.width, devicePixelRatio]"

    found = ask(asked, device="Pixel 7", user_agent="Robot/7", viewport=Viewport(500, 600))

    assert found == "Robot/7,500,2.625"


def test_the_locale_is_the_language_of_page_and_site(ask, site):
    asked = "[navigator.language, (1234.5).toLocaleString(), new Intl.DateTimeFormat().resolvedOptions().locale]"

    assert ask(asked, locale="de-DE") == "de-DE,1.234,5,de-DE"
    assert header(site, "accept-language").startswith("de-DE")


def test_the_timezone_is_the_pages_own(ask):
    asked = (
        "[Intl.DateTimeFormat().resolvedOptions().timeZone, new Date(Date.UTC(2024, 0, 15, 12)).getHours(), "
        "new Date(Date.UTC(2024, 6, 15, 12)).getTimezoneOffset()]"
    )

    assert ask(asked, timezone="Australia/Adelaide") == "Australia/Adelaide,22,-570"
    assert ask(asked, timezone="America/New_York") == "America/New_York,7,240"
    assert ask(asked, timezone="UTC") == "UTC,12,0"


WHERE = """new Promise(done => navigator.geolocation.getCurrentPosition(
    ({coords}) => done([coords.latitude, coords.longitude, coords.accuracy]), error => done(error.code)))"""
PERMITTED = "Promise.all($names.map(name => navigator.permissions.query({name}).then(({state}) => state)))"


def test_a_page_that_asks_where_it_is_is_told(ask):
    assert ask(WHERE, geolocation=Place(52.52, -13.405, 25)) == "52.52,-13.405,25"


def test_without_a_place_a_page_is_not_told(ask):
    assert ask(WHERE) == "1"


def test_a_place_permits_nothing_else(ask):
    names = '["geolocation", "notifications", "camera", "microphone", "clipboard-read", "midi"]'

    found = ask(PERMITTED.replace("$names", names), geolocation=Place(1, 2))

    assert found == "granted,denied,denied,denied,denied,denied"


@pytest.mark.parametrize(("scheme", "seen"), [("dark", "true,false"), ("light", "false,true"), (None, "false,true")])
def test_a_page_sees_the_color_scheme(ask, scheme, seen):
    asked = "['dark', 'light'].map(each => matchMedia(`(prefers-color-scheme: ${each})`).matches)"

    assert ask(asked, color_scheme=scheme) == seen


# -- without scripts -----------------------------------------------------------------------------------

SCRIPTLESS = Profile(javascript=False)


@pytest.mark.parametrize("state", ["auto", "load", "networkidle"])
def test_without_scripts_none_runs_and_the_fields_are_read(visit, state):
    html = "<h1>Written</h1><script>document.write('<h2>scripted</h2>')</script><noscript><p>no scripts</p></noscript>"

    outcome = visit(
        f"/echo?html={quote(html)}",
        {"title": "h1", "scripted": "h2", "told": "noscript p"},
        profile=SCRIPTLESS,
        wait_until=state,
    )

    assert outcome.data == {"title": "Written", "scripted": None, "told": "no scripts"}


@pytest.mark.parametrize("path", ["/spa/3", "/late", "/growing", "/restless"])
def test_without_scripts_a_page_stays_as_it_came(visit, path, site):
    visit(path, {"none": "#none"}, profile=SCRIPTLESS)

    assert not [hit for hit in site.hits if hit.path.startswith("/api")]


def test_without_scripts_redirects_are_still_followed(visit):
    html = '<noscript><meta http-equiv=refresh content="0; url=/static/7"></noscript>'

    assert visit(f"/echo?html={quote(html)}", profile=SCRIPTLESS).data == {"title": "Product 7"}


def test_without_scripts_a_page_leaves_no_traces_either(visit):
    first = visit("/who", {"sent": "#sent"}, profile=SCRIPTLESS)
    second = visit("/who", {"sent": "#sent"}, profile=SCRIPTLESS)

    assert first.data == second.data


# -- lending -------------------------------------------------------------------------------------------

PROFILES = [
    DEFAULT_PROFILE,
    Profile(user_agent="Robot/7"),
    Profile(viewport=Viewport(300, 300)),
    Profile(device="Pixel 7"),
    Profile(locale="de"),
    Profile(timezone="UTC"),
    Profile(geolocation=Place(1, 2)),
    Profile(color_scheme="dark"),
    Profile(javascript=False),
]


def test_a_lane_of_one_profile_is_never_lent_for_another(loop, make_pool, site):
    pool = make_pool(lanes=len(PROFILES))

    async def borrow_each():
        lanes = []
        for profile in PROFILES:
            lane = await pool.borrow("alice", profile=profile)
            lanes.append(lane.id)
            await pool.give_back(lane)
        return lanes

    first, second = loop.run(borrow_each()), loop.run(borrow_each())

    assert len(set(first)) == len(PROFILES)
    assert second == first


def test_lanes_of_two_profiles_side_by_side_keep_apart(loop, make_pool, site):
    pool = make_pool()
    html = "<h1></h1><script>document.querySelector('h1').textContent = navigator.language + screen.width</script>"
    path = f"/echo?html={quote(html)}"

    for _ in range(3):
        german = loop.start(visiting(pool, site, path, profile=Profile(locale="de", viewport=Viewport(300, 300))))
        french = loop.start(visiting(pool, site, path, profile=Profile(locale="fr", viewport=Viewport(400, 300))))

        assert (german.result(20).data, french.result(20).data) == ({"title": "de300"}, {"title": "fr400"})


# -- what may be asked for, Chromium has ---------------------------------------------------------------


def test_the_devices_are_those_of_playwright_that_have_a_chromium(loop):
    async def known():
        async with async_playwright() as playwright:
            return {name for name, device in playwright.devices.items() if device["default_browser_type"] == "chromium"}

    assert loop.run(known()) == DEVICES


def test_chromium_knows_every_timezone_that_is_taken(loop, pool):
    async def refused():
        lane = await pool.borrow("alice")
        for name in sorted(available_timezones()):
            await lane._cdp.send("Emulation.setTimezoneOverride", {"timezoneId": name})
        lane._broken = True  # its timezone is no more the profile's
        await pool.give_back(lane)

    loop.run(refused())
