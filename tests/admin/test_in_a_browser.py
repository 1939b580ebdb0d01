"""The admin in real Chromium: what strangers wrote does nothing there, and everybody can use it."""

import socket
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from playwright.sync_api import sync_playwright

from jobs.models import Account, Job
from scraping.browser import find_chromium
from tests.admin.rows import addresses, fill

NO_OTHER_HOST = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"
BAD = ("error", "warning")
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
WCAG = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"aria-input-field-name": {"enabled": False}},
}
"""What axe looks for. Not its mere advice: django-unfold's frame, which has no `main`, does not follow `region` and
`landmark-*`. Nor the name of the field in which accounts are looked for: Django's select2 gives it none.
"""
HOSTILE = [
    """"'><script>alert(1)</script><img src="//{canary}/i" onerror=alert(1)>""",
    """</pre></code></textarea></title></style></script><svg onload=alert(1)><image href="//{canary}/s">""",
    """<div x-data x-init="alert(1)" hx-get="//{canary}/h" hx-trigger="load">{{{{ 7|add:7 }}}}${{alert(1)}}</div>""",
    """<meta http-equiv=refresh content="0;url=//{canary}/m"><base href="//{canary}/"><link rel=stylesheet href=x>""",
    """<iframe src="javascript:alert(1)"></iframe><object data="//{canary}/o"></object><style>@import '//{canary}'""",
    "\u202e\u2066gnp.exe\u2069 \u2028\u2029 \x1b[31m \u200b \ufeff \U0001f9ff" + "e\u0301" * 50,
    "W" * 4_000,
    "=HYPERLINK(1)\n\n\n\t" + "<b>" * 500,
]


class Canary:
    """An address that nobody may ask anything of."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"

    def was_asked(self):
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self):
        self._socket.close()


@pytest.fixture
def canary():
    canary = Canary()
    yield canary
    canary.close()


@pytest.fixture
def browsing(live_server, admin_client):
    """Opens a tab in which a member of staff is logged in. Nothing asks the database while it is open.

    In the end no page may have complained, least of all of what the policy forbids.
    """
    said = []
    cookie = {"name": "sessionid", "value": admin_client.cookies["sessionid"].value, "url": live_server.url}

    @contextmanager
    def browse(viewport, **how):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(None), args=[NO_OTHER_HOST])
            context = browser.new_context(viewport=viewport, base_url=live_server.url, **how)
            context.add_cookies([cookie])
            tab = context.new_page()
            tab.on("console", lambda message: said.append((tab.url, message.text)) if message.type in BAD else None)
            tab.on("pageerror", lambda error: said.append((tab.url, str(error))))
            yield tab
            browser.close()

    yield browse
    assert said == []


def test_what_strangers_wrote_opens_no_dialog_asks_nobody_and_breaks_no_layout(browsing, live_server, canary):
    for text in HOSTILE:
        fill(text.format(canary=canary.address))
    walk, own = addresses(), urlsplit(live_server.url).netloc
    dialogs, asked, broken = [], set(), []

    with browsing(DESKTOP) as tab:
        tab.on("dialog", lambda dialog: (dialogs.append(tab.url), dialog.dismiss()))
        tab.on("request", lambda request: asked.add((urlsplit(request.url).scheme, urlsplit(request.url).netloc)))
        for address in walk:
            if tab.goto(address).status != HTTPStatus.OK or urlsplit(tab.url).netloc != own:
                broken.append(("led away", address))
            for viewport in (PHONE, DESKTOP):
                tab.set_viewport_size(viewport)
                if tab.evaluate(TOO_WIDE):
                    broken.append((viewport["width"], address))

    assert (dialogs, broken) == ([], [])
    assert asked - {("data", "")} == {("http", own)}
    assert not canary.was_asked()


def test_the_operations_page_renews_itself(browsing, db):
    fill("lamp")

    with browsing(DESKTOP) as tab:
        tab.goto("/admin/jobs/worker/operations/")
        with tab.expect_response("**/operations/now/") as answer:
            pass
        assert answer.value.ok
        tab.wait_for_selector("text=http_error")
        assert tab.locator("h2:has-text('Workers')").count() == 1


def test_everybody_can_use_its_pages(browsing, db):
    fill("A lamp")
    walk, found = addresses(), set()

    with browsing(DESKTOP) as tab:
        for address in walk:
            tab.goto(address)
            for violation in Axe().run(tab, options=WCAG).response["violations"]:
                found |= {(violation["id"], address, node["html"][:160]) for node in violation["nodes"]}

    assert not found, "\n".join(sorted(map(str, found)))


def test_the_policy_lets_its_forms_questions_and_widgets_work(browsing, db):
    fill("A lamp")
    job, account, user = Job.objects.get(), Account.objects.get(), User.objects.get()

    with browsing(DESKTOP) as tab:
        for address in (
            "/admin/password_change/",
            "/admin/auth/user/add/",
            f"/admin/auth/user/{user.pk}/change/",
            f"/admin/auth/user/{user.pk}/password/",
            f"/admin/auth/user/{user.pk}/delete/",
            f"/admin/auth/user/{user.pk}/history/",
            f"/admin/jobs/account/{account.pk}/history/",
        ):
            assert tab.goto(address, wait_until="networkidle").ok, address

        tab.goto(f"/admin/jobs/job/{job.pk}/change/")
        tab.get_by_role("link", name="Purge").click()
        tab.get_by_text("Purge this job?").wait_for()

        tab.goto("/admin/jobs/job/")
        tab.get_by_text("Filters").click()
        tab.get_by_role("link", name="Completed").click()
        tab.wait_for_url("**/job/?status__exact=completed")

        tab.goto("/admin/jobs/apikey/add/")
        tab.locator(".select2-selection").click()
        tab.get_by_role("option", name="A lamp").click()
        tab.locator(".select2-selection", has_text="A lamp").wait_for()

        tab.context.clear_cookies()
        tab.goto("/admin/login/", wait_until="networkidle")
        tab.get_by_role("button", name="Log in").wait_for()


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/jobs/job/", "/admin/no/such/page/"])
def test_no_script_comes_from_elsewhere_or_stands_in_a_page(admin_client, path):
    policy = admin_client.get(path)["Content-Security-Policy"]

    rules = {name: set(sources) for name, *sources in (rule.split() for rule in policy.split("; "))}
    assert rules["default-src"] == {"'self'"}
    assert rules["script-src"] == {"'self'", "'unsafe-eval'"}
    assert "'unsafe-inline'" not in rules["style-src"]
    assert "http" not in policy
    assert [rules[name] for name in ("object-src", "base-uri", "frame-ancestors")] == [{"'none'"}] * 3
