"""The pages that show the document to people: they work by what this server sends, and ask nobody else."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from scraping.browser import find_chromium
from tests.api.conforming import document

OPERATIONS = sum(len(methods) for methods in document()["paths"].values())
NO_OTHER_HOST = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture
def look(server):
    """Opens a page until something is on it; how often that is, what was asked of whom, and what went wrong."""

    def at(path, selector):
        asked, wrong = set(), []

        def note(response):
            if response.url.startswith("http"):  # nor data: nor blob:, which come from nowhere
                asked.add((urlsplit(response.url).netloc, response.status))

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(None), args=[NO_OTHER_HOST])
            page = browser.new_page()
            page.on("response", note)
            page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.goto(f"http://127.0.0.1:{server.port}{path}")
            page.wait_for_selector(selector)
            count = page.locator(selector).count()
            browser.close()
        return count, asked, wrong

    return at


def test_swagger_ui_shows_every_operation(look, server):
    count, asked, wrong = look("/docs", ".opblock")

    assert count >= OPERATIONS
    assert (asked, wrong) == ({(f"127.0.0.1:{server.port}", 200)}, [])


def test_redoc_shows_every_operation(look, server):
    count, asked, wrong = look("/docs/redoc", "[data-section-id^='tag/'][data-section-id*='operation/']")

    assert count >= OPERATIONS
    assert (asked, wrong) == ({(f"127.0.0.1:{server.port}", 200)}, [])


def test_the_script_of_redoc_is_known_by_browsers_that_have_it(client):
    first = client.get("/docs/redoc.js")

    again = client.get("/docs/redoc.js", headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, first["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/docs", "/docs/redoc"])
def test_the_pages_let_no_script_in_that_is_not_ours(client, path):
    answer = client.get(path)

    rules = dict(rule.split(" ", 1) for rule in answer["Content-Security-Policy"].split("; "))
    assert (answer.status_code, rules["default-src"], rules["script-src"]) == (200, "'none'", "'self'")
    assert "<script>" not in answer.content.decode()
    assert client.post(path).status_code == 405
