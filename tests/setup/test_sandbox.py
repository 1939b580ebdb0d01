"""Chromium's own sandbox: who has it, and what is said to who cannot have it."""

import os
from pathlib import Path

import pytest

from jobs.checks import KERNEL_HAS_NO_SANDBOX, ROOT_HAS_NO_SANDBOX
from scraping.browser import find_chromium
from tests.platform.processes import pids
from tests.setup.operator import production, warnings_in
from tests.site import Site
from tests.until import until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root cannot have the sandbox")

NO_USER_NAMESPACES = """#!/bin/sh
echo '[1:1:0101/000000.000000:FATAL:content/browser/zygote_host/zygote_host_impl_linux.cc:128] No usable sandbox!' >&2
exit 1
"""


def status_of(pid: int) -> dict[str, list[str]]:
    """Of a process: what the kernel says of its name spaces and its filter of system calls, among others."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


def test_in_production_an_ordinary_users_renderers_are_sandboxed(ordinary):
    chromium = str(find_chromium())
    if not ordinary.can("unshare", "--user", "true") or not ordinary.can("test", "-x", chromium):
        pytest.skip("ordinary users have no user namespaces here, or no Chromium")
    with Site() as site:
        scraping = ordinary.starts(
            *("scrape", site.url("/silent"), "--select", "title=h1"),
            **production(SCRPY_EGRESS_ALLOW=site.pair, SCRPY_CHROMIUM_PATH=chromium),
        )
        try:
            until(lambda: site.hits or scraping.poll() is not None, what="the page to be asked for")
            renderers = [status_of(pid) for pid in pids(scraping.pid, "renderer")]
        finally:
            scraping.terminate()
            scraping.wait(30)

    assert renderers, ordinary.said()
    assert all(each["Seccomp"] == ["2"] and len(each["NSpid"]) > 1 for each in renderers)


@pytest.mark.parametrize(("command", "refusal"), [("worker", "CommandError"), ("up", "scrpy cannot start")])
def test_a_kernel_that_allows_no_sandbox_is_said_to_be_the_reason(ordinary, command, refusal):
    chromium = ordinary.home / "chromium"
    chromium.write_text(NO_USER_NAMESPACES)
    chromium.chmod(0o755)

    ran = ordinary.manage(command, **production(SCRPY_CHROMIUM_PATH=str(chromium)))

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"{refusal}: {KERNEL_HAS_NO_SANDBOX}\n"


@as_root
def test_up_as_root_is_refused_in_production_with_what_to_do(manage, tmp_path):
    ran = manage("up", **production())

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == f"scrpy cannot start: {ROOT_HAS_NO_SANDBOX}\n"
    assert not (tmp_path / "logs").exists()


@as_root
@pytest.mark.parametrize("env", [production(), {"SCRPY_SANDBOX": "on"}])
def test_a_worker_as_root_is_refused_where_the_sandbox_is_wanted(manage, env):
    ran = manage("worker", **env)

    assert ran.returncode == 1
    assert ran.stderr == f"CommandError: {ROOT_HAS_NO_SANDBOX}\n"


@as_root
def test_a_worker_as_root_goes_on_in_development_and_says_once_what_it_lacks(manage):
    ran = manage("worker", SCRPY_CHROMIUM_PATH="/nonexistent/chromium")

    assert warnings_in(ran.stderr) == [
        "Chromium runs without its sandbox, because it runs as root: good enough for pages that you trust."
    ]
