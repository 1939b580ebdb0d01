"""The pages in a real browser: their scripts, their policy, and whether everybody can use them."""

import json
import re
import socket

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from jobs.dashboard import job as page_of_job
from jobs.dashboard import jobs as page_of_jobs
from jobs.dashboard import live
from jobs.models import Delivery, Job, Session
from scraping.options import Output
from tests.dashboard import making
from tests.dashboard.hostile import HOSTILE
from tests.dashboard.tabs import DARK, LIGHT, PHONE

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], "iframes": False}
CONTRAST = {"runOnly": ["color-contrast"], "iframes": False}
"""All that another colour scheme may change."""
MOST_ASSETS, MOST_ASSETS_OF_CHART = 6, 9


@pytest.fixture
def full(alice, tabs, kept):
    return making.make_full(alice)


@pytest.fixture
def owner(alice, tabs, make_person):
    return make_person(alice, username="ada", email="ada@example.com")


@pytest.fixture
def few_rows(monkeypatch):
    """Each row is like the others, and takes its time to be judged."""
    monkeypatch.setattr(page_of_job, "ROWS", 12)
    monkeypatch.setattr(page_of_jobs, "ROWS", 8)


def pages(job, ended):
    yield from ("/dashboard/", "/dashboard/jobs/", "/dashboard/jobs/?q=nothing+like+it")
    yield from (f"/dashboard/jobs/{job.public_id}/", f"/dashboard/jobs/{ended.public_id}/")
    tabs = ("request/", "failures/", "deliveries/", "timeline/", "exports/", "pages/0/", "pages/5/", "?code=http_error")
    yield from (f"/dashboard/jobs/{ended.public_id}/{tab}" for tab in tabs)
    yield "/dashboard/jobs/new/"
    yield from ("/dashboard/profile/", "/dashboard/accounts/", "/dashboard/password/", "/dashboard/jobs/job_0/")


REST = ("schedules/", "schedules/new/", "hosts/", "usage/", "keys/", "keys/new/", "webhooks/", "members/")
"""The pages that are about no job."""


def rest(account):
    """Those, and of each thing one."""
    schedule, delivery = making.make_rest(account), Delivery.objects.filter(status="given_up").first()
    yield from (f"/dashboard/{page}" for page in REST)
    yield from (f"/dashboard/schedules/{schedule.public_id}/", f"/dashboard/schedules/{schedule.public_id}/edit/")
    yield f"/dashboard/webhooks/{delivery.public_id}/"


def offences(tab, rules=WCAG):
    found = Axe().run(tab, options=rules).response["violations"]
    return [(tab.url, rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize(
    ("look", "rules"), [(LIGHT, WCAG), (DARK, CONTRAST), (PHONE, WCAG)], ids=["light", "dark", "phone"]
)
def test_everybody_can_use_every_page(tabs, full, owner, alice, few_rows, look, rules):
    tab = tabs.open("/dashboard/", owner, **look)
    found = []

    for path in (*pages(full, alice.jobs.get(name="Sitemap of the outlet")), *rest(alice)):
        tab.goto(path)
        found += offences(tab, rules)

    assert found == []


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_everybody_can_use_what_is_empty_or_for_strangers(tabs, make_person, admin_user, look):
    newcomer = make_person(making.open_empty())
    found = offences(tabs.open("/dashboard/", newcomer, **look)) + offences(
        tabs.open("/dashboard/jobs/", newcomer, **look)
    )
    tab = tabs.open("/dashboard/", newcomer, **look)
    for path in REST:
        tab.goto(f"/dashboard/{path}")
        found += offences(tab)
    found += offences(tabs.open("/dashboard/", admin_user, **look))
    for path in ("sign-in/", "password/forgotten/", "password/sent/", "password/new/x/y/"):
        found += offences(tabs.open(f"/dashboard/{path}", **look))

    assert found == []


def test_no_page_is_wider_than_a_phone(tabs, full, owner, alice):
    tab = tabs.open("/dashboard/", owner, **PHONE)
    wide = []

    for path in (*pages(full, alice.jobs.get(name=making.LONG_NAME)), *rest(alice)):
        tab.goto(path)
        if tab.evaluate("document.documentElement.scrollWidth") > PHONE["viewport"]["width"]:
            wide.append(path)

    assert wide == []


def test_the_open_tab_is_seen_on_a_phone(tabs, owner, alice, make_job):
    tab = tabs.open(f"/dashboard/jobs/{make_job(alice, completed=1).public_id}/request/", owner, **PHONE)

    expect(tab.get_by_role("link", name="Request", exact=True)).to_be_in_viewport(ratio=1)


def test_pages_ask_for_few_files(tabs, full, owner):
    asked = []
    tab = tabs.open("/dashboard/profile/", owner)
    tab.on("request", lambda request: asked.append(request.url))

    for path, most in (("/dashboard/jobs/", MOST_ASSETS), ("/dashboard/", MOST_ASSETS_OF_CHART)):
        asked.clear()
        tab.goto(path, wait_until="networkidle")
        assert 1 < len(asked) <= most, asked


def test_one_signs_in_with_the_keyboard_alone(tabs, owner, full):
    tab = tabs.open("/dashboard/jobs/")
    expect(tab.get_by_label("Username")).to_be_focused()

    tab.keyboard.type("ada")
    tab.keyboard.press("Tab")
    tab.keyboard.type("open sesame")
    tab.keyboard.press("Enter")

    expect(tab.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_the_first_tab_stop_skips_to_the_content(tabs, owner):
    tab = tabs.open("/dashboard/", owner)

    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Skip to the content")).to_be_focused()
    tab.keyboard.press("Enter")

    expect(tab.locator("main")).to_be_focused()


def test_the_list_follows_a_job_until_it_ends(tabs, owner, alice, make_job):
    job = make_job(alice, completed=1, waiting=1, name="Lamps")
    tab = tabs.open("/dashboard/jobs/", owner)
    row = tab.get_by_role("row", name="Lamps")
    expect(row).to_contain_text("running")

    end(job)

    expect(row).to_contain_text("completed")
    expect(row).to_contain_text("2 of 2")
    expect(tab.locator("tbody[hx-get]")).to_have_count(0)


def test_a_job_is_followed_until_it_ends(tabs, owner, alice, make_job):
    job = make_job(alice, completed=1, waiting=1)
    tab = tabs.open(f"/dashboard/jobs/{job.public_id}/", owner)
    expect(tab.get_by_role("button", name="Cancel")).to_be_visible()

    end(job)

    expect(tab.locator("#head")).to_contain_text("2 completed")
    expect(tab.get_by_role("button", name="Delete")).to_be_visible()
    expect(tab.get_by_role("row", name="Page of result 2 completed")).to_be_visible()


def end(job):
    """As a worker would."""
    job.pages.exclude(status="completed").update(
        status="completed", sequence=2, token=None, data='{"title":"A lamp"}', finished_at=job.started_at
    )
    Job.objects.filter(pk=job.pk).update(status="completed", completed_urls=2, completed_at=job.started_at)


def test_a_job_is_cancelled_only_after_a_confirmation(tabs, owner, alice, make_job):
    job = make_job(alice, completed=1, waiting=2)
    tab = tabs.open(f"/dashboard/jobs/{job.public_id}/", owner)

    tab.get_by_role("button", name="Cancel").click()
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("Cancel this job?")
    assert offences(tab) == []
    tab.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert Job.objects.get().status == "running"
    tab.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Cancel the job").click()

    expect(tab.get_by_role("status").first).to_contain_text("The job is cancelled.")
    assert Job.objects.get().status == "cancelled"


def test_an_open_dialog_outlives_the_news(tabs, owner, alice, make_job):
    job = make_job(alice, completed=1, waiting=1)
    tab = tabs.open(f"/dashboard/jobs/{job.public_id}/", owner)
    tab.get_by_role("button", name="Cancel").click()

    end(job)

    expect(tab.locator("#head")).to_contain_text("2 completed")
    expect(tab.get_by_role("dialog")).to_be_visible()


def test_the_curl_is_copied(tabs, make_person):
    tab = tabs.open("/dashboard/", make_person(making.open_empty()), permissions=["clipboard-read", "clipboard-write"])

    tab.get_by_role("button", name="Copy").click()

    expect(tab.get_by_role("button", name="Copied")).to_be_visible()
    assert tab.evaluate("navigator.clipboard.readText()").startswith("curl http")


def test_the_menu_of_phones_opens_and_closes(tabs, owner):
    tab = tabs.open("/dashboard/", owner, **PHONE)
    menu, jobs = tab.get_by_role("button", name="Menu"), tab.get_by_role("link", name="Jobs", exact=True)
    expect(jobs).to_be_hidden()

    menu.click()

    expect(jobs).to_be_visible()
    expect(menu).to_have_attribute("aria-expanded", "true")
    assert offences(tab) == []
    menu.click()
    expect(jobs).to_be_hidden()


def test_the_chart_is_drawn_and_can_be_read_as_a_table(tabs, owner, full):
    tab = tabs.open("/dashboard/", owner)

    expect(tab.locator(".chart canvas")).to_be_visible()
    tab.get_by_text("As a table").click()

    expect(tab.get_by_role("region", name="Table of URLs ended").get_by_role("row")).to_have_count(25)


def test_nothing_moves_while_a_page_loads(tabs, owner, full):
    tab = tabs.open("/dashboard/", owner)

    shifted = tab.evaluate(SHIFTS)

    assert shifted == []


SHIFTS = """new Promise((resolve) => {
    const found = [];
    new PerformanceObserver((list) => {
        for (const shift of list.getEntries()) found.push(...shift.sources.map((source) => source.node?.outerHTML));
    }).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(found)));
})"""


def test_where_events_do_not_come_a_job_is_asked_for(tabs, owner, alice, make_job):
    job = make_job(alice, completed=1, waiting=1)
    tab = tabs.open("/dashboard/jobs/", owner)
    tab.route("**/news/", lambda route: route.fulfill(status=404))

    tab.goto(f"/dashboard/jobs/{job.public_id}/")
    end(job)

    expect(tab.locator("#head")).to_contain_text("2 completed")


def test_a_stream_that_broke_off_is_taken_up_again(tabs, owner, alice, make_job, monkeypatch):
    monkeypatch.setattr(live, "LONGEST_S", 0)
    job = make_job(alice, completed=1, waiting=1)
    tab = tabs.open("/dashboard/jobs/", owner)

    with tab.expect_event("request", lambda request: request.url.endswith("/news/")):
        tab.goto(f"/dashboard/jobs/{job.public_id}/")
    with tab.expect_event("request", lambda request: request.url.endswith("/news/")):
        end(job)

    expect(tab.locator("#head")).to_contain_text("2 completed")


def test_who_was_signed_out_meanwhile_goes_to_sign_in(tabs, owner, alice, make_job, monkeypatch):
    monkeypatch.setattr(live, "LONGEST_S", 0)
    tab = tabs.open(f"/dashboard/jobs/{make_job(alice, waiting=1).public_id}/", owner)

    Session.objects.all().delete()

    expect(tab).to_have_url(re.compile("/dashboard/sign-in/"))
    tabs.complaints[:] = [one for one in tabs.complaints if "MIME type" not in one]


def test_rules_are_tried_and_what_they_give_comes_by_itself(tabs, owner, alice, make_job, kept):
    job = make_job(alice, completed=1)
    making.keep(job.pages.get(), Output.HTML, "text/html; charset=utf-8", b"<h1>A lamp</h1>")
    tab = tabs.open(f"/dashboard/jobs/{job.public_id}/pages/0/", owner)
    expect(tab.frame_locator("iframe").get_by_role("heading", name="A lamp")).to_be_attached()

    tab.get_by_role("textbox", name="Rules").fill('{"heading": "h1"}')
    tab.get_by_role("button", name="Try").click()
    expect(tab.locator("#trial")).to_contain_text("Waiting for a worker")
    trial = Job.objects.latest("pk")
    trial.pages.update(status="completed", data='{"heading": "What it gave"}')
    Job.objects.filter(pk=trial.pk).update(status="completed", completed_urls=1)

    expect(tab.locator("#trial")).to_contain_text("What it gave")
    expect(tab.get_by_role("textbox", name="Rules")).to_have_value('{\n  "heading": "h1"\n}')
    assert offences(tab) == []


def test_what_failed_leads_to_the_page_and_what_to_do(tabs, owner, alice, make_job):
    job = make_job(alice, completed=2, failed=1)
    tab = tabs.open(f"/dashboard/jobs/{job.public_id}/", owner)

    tab.get_by_role("link", name="Failures").click()
    tab.get_by_role("link", name="https://store.com/1").click()

    expect(tab.get_by_role("heading", name="Failed with http_error")).to_be_visible()
    expect(tab.get_by_text("What to do:")).to_be_visible()


def test_results_are_downloaded(tabs, owner, alice, make_job):
    job = make_job(alice, completed=2)
    tab = tabs.open(f"/dashboard/jobs/{job.public_id}/exports/", owner)

    with tab.expect_download() as downloading:
        tab.get_by_role("link", name="Download csv").click()

    assert downloading.value.suggested_filename == f"{job.public_id}-results.csv"


def test_kept_html_neither_runs_nor_asks_for_anything(tabs, owner, alice, make_job, kept):
    job = make_job(alice, completed=1)
    canary = socket.create_server(("127.0.0.1", 0))
    canary.setblocking(False)
    markup = EVIL.replace("CANARY", f"127.0.0.1:{canary.getsockname()[1]}")
    making.keep(job.pages.get(), Output.HTML, "text/html; charset=utf-8", markup.encode())

    tab = tabs.open(f"/dashboard/jobs/{job.public_id}/pages/0/", owner)
    expect(tab.frame_locator("iframe").get_by_text("The end")).to_be_attached()
    tab.locator("iframe").scroll_into_view_if_needed()
    framed = tab.locator("iframe").get_attribute("src")
    tab.wait_for_load_state("networkidle")
    alone = tabs.open(framed, owner)
    alone.wait_for_load_state("networkidle")

    with pytest.raises(BlockingIOError):
        canary.accept()
    assert tab.title().startswith("Page 0")
    assert alone.url.endswith(framed)
    canary.close()
    tabs.forgive_refusals()


EVIL = """<!doctype html>
<title>alert(1)</title>
<base href="http://CANARY/">
<meta http-equiv="refresh" content="0;url=http://CANARY/refresh">
<link rel="stylesheet" href="http://CANARY/style.css">
<link rel="icon" href="http://CANARY/icon.ico">
<link rel="preload" as="image" href="http://CANARY/preload">
<link rel="prefetch" href="http://CANARY/prefetch">
<link rel="preconnect" href="http://CANARY/">
<link rel="modulepreload" href="http://CANARY/module.js">
<link rel="manifest" href="http://CANARY/manifest.json">
<style>@import "http://CANARY/import.css"; body { background: url(http://CANARY/background) }</style>
<script>alert(1); top.location = "http://CANARY/top"; fetch("http://CANARY/fetch")</script>
<script src="http://CANARY/script.js"></script>
<body onload="alert(1)" background="http://CANARY/body">
<img src="http://CANARY/image" onerror="alert(1)" srcset="http://CANARY/srcset 2x">
<svg onload="alert(1)"><image href="http://CANARY/svg"/><use href="http://CANARY/use#a"/></svg>
<video src="http://CANARY/video" poster="http://CANARY/poster" autoplay></video>
<audio src="http://CANARY/audio" autoplay></audio>
<object data="http://CANARY/object"></object><embed src="http://CANARY/embed">
<iframe src="http://CANARY/frame"></iframe><iframe srcdoc="<script>parent.parent.alert(1)</script>"></iframe>
<form action="http://CANARY/form"><input autofocus onfocus="alert(1)"><button>Send</button></form>
<a href="http://CANARY/ping" ping="http://CANARY/ping">A link</a><a href="javascript:alert(1)">Another</a>
<p>The end</p>"""


@pytest.mark.parametrize("look", [LIGHT, PHONE], ids=["desk", "phone"])
def test_what_strangers_wrote_does_nothing_in_any_tab(tabs, owner, alice, make_job, kept, look):
    texts = [text.replace("\0", "") for text in HOSTILE]
    tab = tabs.open("/dashboard/jobs/", owner, **look)
    wide = []

    for text in texts:
        job = hostile_job(alice, make_job, text)
        making.make_delivery(alice, job=job, url=text, answers=[500], status="given_up")
        job.events.get().deliveries.get().tries.update(excerpt=text)
        for path in ("", "failures/", "deliveries/", "timeline/", "exports/", "pages/0/", "pages/1/"):
            tab.goto(f"/dashboard/jobs/{job.public_id}/{path}")
            if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wide.append((path, text[:40]))

    assert wide == []
    tabs.forgive_refusals()


def hostile_job(account, make_job, text):
    data = {"title": text, "price": [text], text: text, "image": {text: text}}
    selectors = json.dumps({"title": "h1", text: ".x"})
    job = make_job(account, completed=1, failed=1, name=text[:200], data=data, selectors=selectors)
    job.pages.update(url=text, error_message=text, reference=text, final_url=text, actions=json.dumps([{"type": text}]))
    job.pages.filter(status="completed").update(
        reports=json.dumps({"title": {"status": "no_match", "reason": text}}),
        truncated=json.dumps([text]),
        trace=json.dumps(
            {
                "phases": {"load": 5},
                "redirects": [{"url": text, "status": 302}],
                "console": [{"kind": "log", "text": text, "atMs": 3}] * 50,
            }
        ),
    )
    making.keep(job.pages.get(index=1), Output.HTML, "text/html; charset=utf-8", text.encode())
    return job


def test_what_strangers_wrote_does_nothing(tabs, owner, alice, make_job):
    texts = [text.replace("\0", "") for text in HOSTILE]
    for text in texts:
        job = make_job(
            alice, completed=1, failed=1, name=text[:200], data={"title": text, "price": [text], "image": text}
        )
        job.pages.update(error_message=text)
    tab = tabs.open("/dashboard/jobs/", owner)

    for job in Job.objects.all():
        tab.goto(f"/dashboard/jobs/{job.public_id}/")
        tab.goto(f"/dashboard/jobs/{job.public_id}/request/")

    assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]
