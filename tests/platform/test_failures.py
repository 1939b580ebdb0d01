"""URLs that fail, each with its code, and what that does to their job."""

from datetime import datetime
from pathlib import Path

from scraping.errors import InternalError, ScrapeError
from tests.platform.test_artifacts import kept_of
from tests.until import until


def test_each_url_fails_with_its_own_code_and_the_others_complete(platform, alice, site):
    inside = f"http://127.0.0.1:{platform.port}"
    expected = {
        site.url("/static/first"): None,
        "http://no-such-name.invalid/": "dns_error",
        site.url("/reset"): "connection_error",
        site.tls_url("/static/1"): "tls_error",
        site.url("/silent"): "navigation_timeout",
        site.url("/status/404"): "http_error",
        site.url("/status/500"): "http_error",
        site.url("/status/429"): "rate_limited",
        site.url(f"/redirect?to={inside}/healthz"): "blocked_address",
        site.url(f"/script-redirect?to={inside}/no-such-page"): "blocked_address",
        site.url("/download"): "unsupported_content",
        site.url("/picture"): "unsupported_content",
        site.url("/static/last"): None,
    }

    job = alice.wait(alice.post(list(expected), options={"retries": 0, "timeout": 3_000})["id"])

    assert {result["url"]: result.get("error", {}).get("code") for result in job["results"]} == expected
    assert (job["status"], job["completedUrls"], job["failedUrls"], job["creditsUsed"]) == ("partial", 2, 11, 2)
    assert all(result["metadata"]["attempts"] == 1 for result in job["results"])
    assert all((result["data"] is None) == ("error" in result) for result in job["results"])


def test_what_is_asked_of_a_page_fails_with_codes_of_its_own(alice, site):
    asked = {
        "wait_timeout": {"options": {"waitFor": {"selector": "#none", "timeout": 500}}},
        "action_failed": {"options": {"actions": [{"type": "click", "selector": "#none", "timeout": 500}]}},
        "required_field_missing": {"selectors": {"none": {"selector": "#none", "required": True}}},
        "invalid_selector": {"selectors": {"odd": "li:lang('en')"}},
        "too_large": {"url": site.url(f"/big-data?bytes={26 * 2**20}")},
    }

    results = alice.scrape([{"url": site.url("/static/1"), **own} for own in asked.values()], options={"retries": 0})

    assert [result["error"]["code"] for result in results] == list(asked)


def test_a_proxy_that_is_none_fails_the_page(alice, site):
    options = {"retries": 0, "proxy": {"server": f"socks5://{site.pair}"}}

    [result] = alice.scrape(["http://shop.example.com/"], options=options)

    assert result["error"]["code"] == "proxy_error"


def test_a_kept_page_whose_file_was_lost_cannot_be_read_again(platform, alice, site):
    first = alice.wait(alice.post([site.url("/static/1")])["id"])
    for path in kept_of(platform, first["id"]):
        path.unlink()

    again = alice.ask("POST", f"/v1/jobs/{first['id']}/reextract", {"selectors": {"title": "h1"}})

    [result] = alice.wait(again.body["job"]["id"])["results"]
    assert result["error"]["code"] == "not_kept"


def test_every_code_of_a_page_comes_up_here_but_that_of_faults_of_ours():
    said = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))

    unsaid = {error.code for error in leaves(ScrapeError) if f'"{error.code}"' not in said}

    assert unsaid <= {InternalError.code}


def leaves(error):
    return [leaf for child in error.__subclasses__() for leaf in leaves(child)] or [error]


def test_what_may_pass_is_tried_again_and_what_cannot_is_not(alice, site):
    urls = [site.url(path) for path in ("/status/500", "/status/404", "/status/429", "/flaky/x?fail=2", "/reset")]

    results = alice.scrape(urls, options={"retries": 2})

    assert [result["metadata"]["attempts"] for result in results] == [3, 1, 3, 3, 3]
    assert [result.get("error", {}).get("retryable") for result in results] == [True, False, True, None, True]
    assert [result["metadata"]["statusCode"] for result in results] == [500, 404, 429, 200, None]
    assert [site.count(path) for path in ("/status/500", "/status/404", "/status/429", "/flaky/x")] == [3, 1, 3, 3]


def test_a_site_is_left_alone_for_as_long_as_it_asks_and_else_for_ever_longer(platform, alice, site):
    made = alice.post([site.url("/status/429?retry-after=60"), site.other_url("/status/503")], options={"retries": 10})

    def waiting(attempts):
        pages = platform.rows.pages(made["id"])
        return all(page["status"] == "pending" for page in pages) and pages[1]["attempts"] == attempts and pages

    once, twice = (until(lambda n=n: waiting(n), what=f"pause {n}") for n in (1, 2))

    assert pause_s(once[0]) >= 60
    assert 0.75 <= pause_s(once[1]) < pause_s(twice[1]) < 60
    assert alice.cancel(made["id"]).status == 200


def pause_s(page):
    """From a page's last attempt to its next, by the database's clock."""
    due, started = (datetime.fromisoformat(str(page[name])) for name in ("available_at", "started_at"))
    return (due - started).total_seconds()


def test_a_job_of_which_nothing_succeeds_has_failed(alice, site):
    job = alice.wait(alice.post([site.url("/status/404"), site.url("/status/410")])["id"])

    assert (job["status"], job["failedUrls"], job["creditsUsed"]) == ("failed", 2, 0)
