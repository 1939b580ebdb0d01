"""What can go wrong with a page: each failure has its code, its sentence, and harms no other page."""

import socket

import pytest

from scraping import errors
from scraping.egress import Policy
from scraping.errors import (
    BlockedAddress,
    ConnectionFailed,
    DnsError,
    HttpError,
    InvalidSelector,
    NavigationTimeout,
    RateLimited,
    ScrapeError,
    TlsError,
    UnsupportedContent,
)
from tests.scraping.conftest import visiting
from tests.site import Site


@pytest.fixture
def fail(visit):
    """Scrape what must fail, check that the next page does not, and give the error."""

    def fail(path, selectors=None, **options):
        with pytest.raises(ScrapeError) as caught:
            visit(path, selectors, **options)
        assert visit("/static/1").data == {"title": "Product 1"}
        for internal in ("Call log", "playwright", "Playwright", "Traceback", "http://", "Protocol error"):
            assert internal not in str(caught.value)
        assert str(caught.value).endswith(".")
        return caught.value

    return fail


FINAL = (400, 401, 403, 404, 410, 418, 451)
TEMPORARY = (408, 425, 500, 502, 503, 504, 599)


@pytest.mark.parametrize("empty", ["", "1"])
@pytest.mark.parametrize("status", FINAL + TEMPORARY)
def test_an_error_status_fails_the_page(fail, status, empty):
    error = fail(f"/status/{status}?empty={empty}")

    assert isinstance(error, HttpError)
    assert (error.code, error.status_code, error.retryable) == ("http_error", status, status in TEMPORARY)
    assert str(status) in str(error)


@pytest.mark.parametrize(("asked", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("-1", None)])
def test_429_tells_how_long_the_site_wants_to_be_left_alone(fail, asked, seconds):
    error = fail(f"/status/429?retry-after={asked}")

    assert isinstance(error, RateLimited)
    assert (error.code, error.status_code, error.retryable) == ("rate_limited", 429, True)
    assert error.retry_after_s == seconds


def test_a_retry_after_that_is_a_date_long_past_asks_for_no_wait(fail):
    assert fail("/status/429?retry-after=Wed, 21 Oct 2015 07:28:00 GMT").retry_after_s == 0


@pytest.mark.parametrize("status", [200, 201, 203, 206, 226])
def test_a_status_of_success_completes_the_page(visit, status):
    outcome = visit(f"/status/{status}")

    assert (outcome.status_code, outcome.data) == (status, {"title": str(status)})


def test_a_page_that_asks_for_a_password_fails_with_401(fail):
    assert fail("/auth").status_code == 401


def test_an_error_status_that_a_script_leads_to_counts_too(fail):
    error = fail("/inline-redirect?to=/status/404")

    assert (error.code, error.status_code) == ("http_error", 404)


def test_a_flaky_page_fails_and_then_works(fail, visit):
    assert fail("/flaky/a?fail=2").status_code == 500
    assert fail("/flaky/a?fail=2").status_code == 500
    assert visit("/flaky/a?fail=2").data == {"title": "Product a"}


def no_address(host):
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_name_without_an_address_is_a_dns_error(loop, make_pool, site, scheme):
    with pytest.raises(DnsError, match=r"^The name no-such-name\.com has no address\.$") as caught:
        loop.run(visiting(make_pool(lookup=no_address), site, f"{scheme}://no-such-name.com/"))

    assert (caught.value.code, caught.value.retryable) == ("dns_error", True)


@pytest.mark.parametrize("path", ["/reset", "/reset-body", "/garbage", "/redirect-loop", "/dead-end"])
def test_a_connection_that_fails_is_a_connection_error(fail, path):
    error = fail(path)

    assert (type(error), error.code, error.retryable) == (ConnectionFailed, "connection_error", True)


@pytest.mark.parametrize("way", ["/redirect?to=", "/inline-redirect?to=", "/script-redirect?to="])
def test_a_redirect_into_the_void_is_a_connection_error(fail, site, way):
    assert fail(f"{way}/reset").code == "connection_error"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_closed_port_is_a_connection_error(loop, make_pool, site, scheme):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        pool = make_pool(policy=Policy(allow=frozenset({f"127.0.0.1:{port}"})))

        with pytest.raises(ConnectionFailed, match=r"^127\.0\.0\.1 refused the connection\.$"):
            loop.run(visiting(pool, site, f"{scheme}://127.0.0.1:{port}/"))


def test_a_certificate_that_nobody_signed_is_a_tls_error(fail, site):
    error = fail(site.tls_url("/static/1"))

    assert (type(error), error.code, error.retryable) == (TlsError, "tls_error", False)


def test_tls_to_a_port_that_speaks_none_is_a_tls_error(fail, site):
    assert fail(site.url("/static/1").replace("http:", "https:")).code == "tls_error"


@pytest.mark.parametrize("path", ["/download", "/pdf", "/picture", "/redirect?to=/download"])
def test_what_is_not_a_page_is_unsupported_content(fail, path):
    error = fail(path)

    assert (type(error), error.code, error.retryable) == (UnsupportedContent, "unsupported_content", False)


def test_an_answer_without_content_is_worth_another_try(fail):
    error = fail("/status/204")

    assert (error.code, error.retryable) == ("unsupported_content", True)


@pytest.mark.parametrize("path", ["/silent", "/endless", "/busy", "/dialog-loop", "/script-loop/a", "/slow?ms=60000"])
def test_a_page_that_never_gets_ready_is_a_navigation_timeout(fail, path):
    error = fail(path, timeout_ms=1_000)

    assert (type(error), error.code, error.retryable) == (NavigationTimeout, "navigation_timeout", True)


def test_a_page_that_turns_busy_after_loading_is_a_navigation_timeout(fail):
    assert "1,000 ms" in str(fail("/busy-later", {"none": "#none"}, timeout_ms=1_000))


def test_a_page_that_leads_from_document_to_document_is_stopped(fail):
    assert "20 times" in str(fail("/script-loop/a", timeout_ms=20_000))


@pytest.mark.parametrize("selector", ["a:host(", "li:lang('en')", "li:dir(@)"])
def test_a_selector_that_only_the_browser_refuses_names_its_field(fail, selector):
    error = fail("/static/1", {"title": "h1", "odd.one": [selector]})

    assert (type(error), error.code, error.field) == (InvalidSelector, "invalid_selector", "selectors.odd.one")
    assert "selectors.odd.one" in str(error)


@pytest.mark.parametrize("way", ["/redirect?to=", "/inline-redirect?to=", "/meta-redirect?to="])
def test_nothing_is_read_from_an_address_that_a_redirect_should_not_have_led_to(loop, site, make_pool, way):
    with Site() as inside:
        pool = make_pool(policy=Policy(allow=frozenset({site.pair})))
        with pytest.raises(BlockedAddress):
            loop.run(visiting(pool, site, way + inside.url("/static/1")))


def test_the_tree_is_drawn_whole_and_each_leaf_has_its_code():
    leaves = {leaf.__name__: leaf for leaf in ScrapeError.__subclasses__()}

    assert len({leaf.code for leaf in leaves.values()}) == len(leaves)
    for name, leaf in leaves.items():
        [line] = [line for line in errors.__doc__.splitlines() if f" {name} " in f"{line} "]
        assert leaf.code in line
        assert ("retryable" in line) is (leaf.retryable or leaf is HttpError)
        assert leaf.sentence.endswith(".")
        assert leaf.sentence != ScrapeError.sentence
