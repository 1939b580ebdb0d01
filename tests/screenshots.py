"""`make screenshots`: pictures of the pages for people, of made data, in docs/screenshots.

`python -m tests.screenshots keys usage` takes those alone whose names begin so.
"""

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django

from tests import environment  # noqa: F401 - before Django reads its settings

os.environ.update(DJANGO_SETTINGS_MODULE="scrpy.settings", DJANGO_ALLOW_ASYNC_UNSAFE="1")
django.setup()

from django.contrib.auth import login
from django.contrib.auth.models import User
from django.core.management import call_command
from django.http import HttpRequest
from playwright.sync_api import Browser, FloatRect, Page, sync_playwright

from jobs.accounts import open_account
from jobs.models import Delivery
from jobs.sessions import SessionStore
from scraping.browser import find_chromium
from tests.dashboard import making
from tests.server import Server

FOLDER = Path(__file__).parent.parent / "docs" / "screenshots"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}
REST = ("schedules", "hosts", "usage", "keys", "webhooks", "members")
TABS = ("failures", "deliveries", "timeline", "exports")
MOST_HEIGHT = 1_300
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1"


def main() -> None:
    call_command("migrate", verbosity=0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    account = open_account("Acme Trading", credits=48_250)
    running = making.make_full(account)
    ended = account.jobs.get(name="Sitemap of the outlet")
    owner = making.make_person(account, username="ada", email="ada@example.com")
    newcomer = making.make_person(making.open_empty("Newcomers"), username="grace")
    schedule = making.make_rest(account)
    delivery = Delivery.objects.filter(status="given_up").order_by("pk")[0]
    staff = making.make_person(username="support", is_staff=True, is_superuser=True)
    pages = [
        ("overview", owner, "/dashboard/"),
        ("overview-month", owner, "/dashboard/?span=month"),
        ("overview-empty", newcomer, "/dashboard/"),
        ("overview-staff", staff, "/dashboard/"),
        ("jobs", owner, "/dashboard/jobs/"),
        ("jobs-empty", newcomer, "/dashboard/jobs/"),
        ("jobs-none-found", owner, "/dashboard/jobs/?q=nothing+of+the+kind"),
        ("job", owner, f"/dashboard/jobs/{running.public_id}/"),
        ("job-ended", owner, f"/dashboard/jobs/{ended.public_id}/"),
        ("job-request", owner, f"/dashboard/jobs/{ended.public_id}/request/"),
        ("new-job", owner, "/dashboard/jobs/new/"),
        *((f"job-{tab}", owner, f"/dashboard/jobs/{ended.public_id}/{tab}/") for tab in TABS),
        ("page", owner, f"/dashboard/jobs/{ended.public_id}/pages/3/"),
        ("page-failed", owner, f"/dashboard/jobs/{ended.public_id}/pages/0/"),
        *((page, owner, f"/dashboard/{page}/") for page in REST),
        *((f"{page}-empty", newcomer, f"/dashboard/{page}/") for page in REST),
        ("schedule", owner, f"/dashboard/schedules/{schedule.public_id}/"),
        ("schedule-new", owner, "/dashboard/schedules/new/"),
        ("schedule-edit", owner, f"/dashboard/schedules/{schedule.public_id}/edit/"),
        ("key-new", owner, "/dashboard/keys/new/"),
        ("delivery", owner, f"/dashboard/webhooks/{delivery.public_id}/"),
        ("profile", owner, "/dashboard/profile/"),
        ("accounts", staff, "/dashboard/accounts/"),
        ("sign-in", None, "/dashboard/sign-in/"),
        ("not-found", owner, "/dashboard/jobs/job_0/"),
    ]
    with ExitStack() as stack:
        server = Server()
        server.start()
        stack.callback(server.stop)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        stack.callback(browser.close)
        cookies = {person: sign_in(person) for person in (owner, newcomer, staff)}
        sign_in(owner, agent=PHONE)
        wanted = [one for one in pages if one[0].startswith(tuple(sys.argv[1:]) or "")]
        for name, person, path in wanted:
            shoot(browser, f"http://127.0.0.1:{server.port}", name, cookies.get(person), path)


def sign_in(person: User, agent: str = DESKTOP) -> str:
    """The cookie of a session."""
    request = HttpRequest()
    request.META["HTTP_USER_AGENT"] = agent
    request.session = SessionStore()
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    return str(request.session.session_key)


def shoot(browser: Browser, address: str, name: str, cookie: str | None, path: str) -> None:
    """The top of one page in every look."""
    for look, how in LOOKS.items():
        context = browser.new_context(**how, reduced_motion="reduce")
        if cookie:
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
        page = context.new_page()
        page.goto(address + path, wait_until="load")
        show_what_is_lazy(page)
        page.screenshot(path=FOLDER / f"{name}-{look}.png", full_page=True, clip=top_of(page))
        context.close()


def show_what_is_lazy(page: Page) -> None:
    """Pictures, and kept HTML, which is painted only within what is seen."""
    for picture in page.locator("img:visible").all():
        picture.evaluate("(picture) => { picture.loading = 'eager'; return picture.decode(); }")
    if page.locator("iframe").count():
        page.set_viewport_size({"width": int(top_of(page)["width"]), "height": MOST_HEIGHT})
        page.frame_locator("iframe").locator("body *").first.wait_for()


def top_of(page: Page) -> FloatRect:
    """All of a page, or the beginning of a long one."""
    width, height = page.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    return {"x": 0, "y": 0, "width": width, "height": min(height, MOST_HEIGHT)}


if __name__ == "__main__":
    main()
