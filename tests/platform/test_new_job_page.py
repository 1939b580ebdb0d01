"""A person makes a job: on the page, in a browser, of what a worker has read."""

import json

import pytest
from playwright.sync_api import expect, sync_playwright

from scraping.browser import find_chromium

MAKE_PERSON = """
from django.contrib.auth.models import User
from jobs.models import Account, Membership
user = User.objects.create_user("ada", password="correct horse battery")
Membership.objects.create(user=user, account=Account.objects.get(name="alice"), role="owner")
"""


@pytest.fixture
def tab(platform, alice, monkeypatch):
    """One in which ada of alice's account has signed in; what its console says is no error."""
    platform.manage("shell", "-c", MAKE_PERSON)
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    complaints = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        tab = browser.new_page(base_url=f"http://127.0.0.1:{alice.port}", viewport={"width": 1280, "height": 900})
        tab.set_default_timeout(60_000)
        tab.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto("/dashboard/")
        tab.fill("[name=username]", "ada")
        tab.fill("[name=password]", "correct horse battery")
        tab.click("button[type=submit]")
        tab.wait_for_url("**/dashboard/")
        yield tab
        browser.close()
    assert complaints == []


def test_a_field_is_made_by_a_click_on_the_picture_and_the_job_reads_it(tab, site, alice):
    tab.goto("/dashboard/jobs/new/")
    tab.fill("#urls", "\n".join(site.url(f"/static/{number}") for number in (1, 2)))
    tab.click("#preview")
    expect(tab.locator("#tried")).to_contain_text("Product 1", timeout=60_000)
    expect(tab.locator("#picture")).to_be_visible(timeout=60_000)
    visits = site.count("/static/1")

    x, y = middle_of(tab, text="Product 1")
    tab.locator("#shot").click(position={"x": x, "y": y})
    tab.fill("#pick-name", "heading")
    tab.click("#pick-add")

    expect(tab.locator("#tried")).to_contain_text("heading", timeout=60_000)
    expect(tab.locator(".outline")).to_have_count(2)
    assert site.count("/static/1") == visits
    assert '"heading"' in tab.locator("#code").inner_text()
    tab.get_by_role("button", name="Make the job").click()
    tab.wait_for_url("**/dashboard/jobs/job_*/")
    job = alice.wait(tab.url.rstrip("/").rpartition("/")[2])
    assert [result["data"]["heading"] for result in alice.all_results(job)] == ["Product 1", "Product 2"]


def middle_of(tab, *, text):
    """Where on the picture an element with the text is, in pixels of the picture as it is shown."""
    address = tab.locator("#tried").get_attribute("data-elements")
    elements = json.loads(tab.request.get(address).text())["elements"]
    x, y, width, height = next(each["box"] for each in elements if each["text"] == text and each["box"])
    scale = tab.locator("#shot").evaluate("(shot) => shot.clientWidth / shot.naturalWidth")
    return (x + width / 2) * scale, (y + height / 2) * scale
