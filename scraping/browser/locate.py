"""Where Chromium is on this machine. Nothing is downloaded here; the setup command does that."""

import os
import shutil
from pathlib import Path

from scraping.errors import ChromiumMissing

__all__ = ["ChromiumMissing", "find_chromium"]

PLAYWRIGHT_BUILDS = Path("~/.cache/ms-playwright")
BUILD_PATTERN = "chromium_headless_shell-*/*/*headless*shell"
COMMANDS = ("chromium-headless-shell", "chromium")


def find_chromium(configured: str | None = None, *, builds: Path = PLAYWRIGHT_BUILDS) -> Path:
    """The browser to launch: the configured one, else Playwright's own headless shell, else the system's.

    Args:
        configured: a path that the operator chose; if it is unusable, nothing else is tried.
        builds: where `playwright install` keeps its browsers.
    Raises: ChromiumMissing.
    """
    if configured:
        return _usable(Path(configured).expanduser())
    found = _newest_build(builds.expanduser()) or _on_path()
    if found is None:
        raise ChromiumMissing(
            "No Chromium was found. Install one (`playwright install --only-shell chromium`, or on Debian "
            "`apt install chromium-headless-shell`), or set SCRPY_CHROMIUM_PATH."
        )
    return found


def _usable(path: Path) -> Path:
    if not path.is_file():
        raise ChromiumMissing(f"The configured Chromium, {path}, does not exist; correct SCRPY_CHROMIUM_PATH.")
    if not os.access(path, os.X_OK):
        raise ChromiumMissing(f"The configured Chromium, {path}, is not executable; correct SCRPY_CHROMIUM_PATH.")
    return path


def _newest_build(builds: Path) -> Path | None:
    found = [path for path in builds.glob(BUILD_PATTERN) if path.is_file() and os.access(path, os.X_OK)]
    return max(found, key=lambda path: int(path.relative_to(builds).parts[0].rpartition("-")[2]), default=None)


def _on_path() -> Path | None:
    return next((Path(found) for command in COMMANDS if (found := shutil.which(command))), None)
