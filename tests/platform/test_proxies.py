"""Jobs through a caller's proxy, and where its credentials must not turn up."""

from pathlib import Path

import pytest

from tests.platform import processes
from tests.platform.running import running_platform
from tests.until import until
from tests.upstream_proxies import Asked, UpstreamProxy

USERNAME, PASSWORD = "aliceinchains", "tr0ub4dor&3"
URL = "http://shop.example.com/static/1"
"""At a name that only the proxy knows."""


@pytest.fixture(scope="module")
def proxy(web):
    leads = {"shop.example.com:80": web.pair}
    with UpstreamProxy("http", credentials=(USERNAME, PASSWORD), leads=leads) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def platform(proxy, hooks, web):
    with running_platform(allow=[proxy.pair, hooks.pair, web.pair]) as platform:
        yield platform


@pytest.fixture(scope="module")
def alice(platform):
    return platform.open_account("alice")


def through(proxy, **overrides):
    given = {"server": proxy.server, "username": USERNAME, "password": PASSWORD, **overrides}
    return {"proxy": given, "retries": 0}


def everything_written(platform, hooks):
    """Webhooks, rows, files, and the command lines and environments of all processes that are still there."""
    yield from (body.body for body in hooks.received)
    for table in ("jobs_job", "jobs_page", "jobs_webhookevent", "jobs_delivery", "jobs_deliveryattempt"):
        yield str(platform.rows.ask(f"SELECT * FROM {table}")).encode()
    paths = [path for path in platform.home.rglob("*") if path.is_file()]
    for pid, _ in processes.descendants(platform.up.pid):
        paths += [Path(f"/proc/{pid}/cmdline"), Path(f"/proc/{pid}/environ")]
    for path in paths:
        try:
            yield path.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue


def test_a_job_goes_through_its_proxy_and_its_credentials_turn_up_nowhere(platform, alice, proxy, hooks, site):
    hooks.received.clear()
    site.hold("/static/1")

    made = alice.post([URL], options=through(proxy), webhook=hooks.url)
    site.wait_for_hit("/static/1")
    written = list(everything_written(platform, hooks))
    site.release()
    job = alice.wait(made["id"])
    until(lambda: hooks.received, what="the webhook")
    written += everything_written(platform, hooks)

    assert [result["data"] for result in job["results"]] == [{"title": "Product 1"}]
    assert job["options"]["proxy"] == {"server": proxy.server}
    assert Asked("GET", "shop.example.com:80", (USERNAME, PASSWORD)) in proxy.asked
    everything = b"\n".join(written)
    assert all(mark in everything for mark in (b"--user-data-dir", made["id"].encode(), b'"job.completed"'))
    assert USERNAME.encode() not in everything
    assert PASSWORD.encode() not in everything


def test_a_wrong_password_fails_the_page_once_and_says_so(alice, proxy, site):
    options = {**through(proxy, password="wrong"), "retries": 2}

    [result] = alice.scrape([URL], options=options)

    assert (result["error"]["code"], result["error"]["retryable"]) == ("proxy_auth_failed", False)
    assert result["metadata"]["attempts"] == 1
    assert "wrong" not in result["error"]["message"]
    assert site.hits == []


def test_a_job_without_a_proxy_goes_straight(alice, proxy, site):
    proxied, direct = (alice.scrape([site.url("/static/2")], options=options) for options in (through(proxy), {}))

    assert proxied[0]["data"] == direct[0]["data"] == {"title": "Product 2"}
    assert site.count("/static/2") == 2
    assert [asked.host_key for asked in proxy.asked].count(site.pair) == 1
