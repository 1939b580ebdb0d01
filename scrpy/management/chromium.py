"""A browser that really runs on this machine, installed if need be, without a question and without a hang.

The order: the configured one, Playwright's own build, Playwright's download, Debian's package.
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from scraping.browser.locate import PLAYWRIGHT_BUILDS, ChromiumMissing, find_chromium
from scrpy.management.tools import Ran, Run, run

CHECK_S, DOWNLOAD_S, PACKAGES_S = 30, 300, 900
PROOF = "<p>It renders.</p>"
CHECK = ("--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"data:text/html,{PROOF}")

DOWNLOAD = (sys.executable, "-m", "playwright", "install", "--only-shell", "chromium")
STALL_MS = 5_000
"""Playwright tries five times: a network that swallows everything is given up after a minute."""

PACKAGE = "chromium-headless-shell"
BY_HAND = f"sudo apt-get update && sudo apt-get install -y --no-install-recommends {PACKAGE}"
APT = ("apt-get", "-q", "-y", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20",
       "-o", "Acquire::https::Timeout=20", "-o", "DPkg::Lock::Timeout=120")  # fmt: skip


class CannotSetUp(Exception):
    """What is missing, and what to do about it."""


def ensure_chromium(
    configured: str | None, *, say: Callable[[str], None], run: Run = run, root: bool | None = None
) -> Path:
    """A browser that `find_chromium` finds from now on, and that has just rendered a page.

    Args:
        root: whether we may install packages; asked of the system if None.
    Raises: CannotSetUp.
    """
    root = os.geteuid() == 0 if root is None else root
    try:
        return working_chromium(configured, run)
    except CannotSetUp:
        if configured:
            raise
    say("Chromium: fetching Playwright's headless shell …")
    download(run)
    try:
        return working_chromium(None, run)
    except CannotSetUp as error:
        if not (root and shutil.which("apt-get")):
            raise CannotSetUp(f"{error}\nOn Debian, this installs one that runs:\n  {BY_HAND}") from error
    say(f"Chromium: Playwright's cannot be had here; installing Debian's {PACKAGE} …")
    install_package(run)
    return working_chromium(None, run)


def working_chromium(configured: str | None, run: Run) -> Path:
    """The one that would be launched, seen rendering: a build may be there without the libraries it needs.

    Raises: CannotSetUp.
    """
    try:
        path = find_chromium(configured)
    except ChromiumMissing as error:
        raise CannotSetUp(str(error)) from error
    check = run((str(path), *CHECK), limit_s=CHECK_S)
    if PROOF not in check.output:
        raise CannotSetUp(f"Chromium at {path} does not run here: {last_line(check)}")
    return path


def download(run: Run) -> None:
    """That it is refused is no error: there is another way."""
    env = {
        "PLAYWRIGHT_BROWSERS_PATH": str(PLAYWRIGHT_BUILDS.expanduser()),
        "PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": str(STALL_MS),
    }
    run(DOWNLOAD, limit_s=DOWNLOAD_S, env=env)


def install_package(run: Run) -> None:
    """Raises: CannotSetUp, with what apt said last."""
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    run((*APT, "update"), limit_s=PACKAGES_S, env=env)
    installed = run((*APT, "install", "--no-install-recommends", PACKAGE), limit_s=PACKAGES_S, env=env)
    if not installed.ok:
        raise CannotSetUp(f"apt-get could not install {PACKAGE}: {last_line(installed)}\nTry it by hand:\n  {BY_HAND}")


def last_line(ran: Ran) -> str:
    lines = ran.output.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
