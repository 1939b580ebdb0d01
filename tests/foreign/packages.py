"""Packages with pages in them: downloaded once, unpacked, never installed, and none of their programs is run."""

import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

SHELF = Path(__file__).parents[2] / ".pytest_cache" / "foreign"
REGISTRY = "https://registry.npmjs.org/"
WITHIN_S = 120


def debian(package: str) -> Path:
    """What the Debian package has in it; the test is skipped if it cannot be had."""
    return _kept(f"debian-{package}", lambda into: _from_debian(package, into))


def npm(package: str, version: str) -> Path:
    """What the npm package has in it; the test is skipped if it cannot be had."""
    return _kept(f"npm-{package}-{version}", lambda into: _from_npm(package, version, into))


def _kept(name: str, fetch: Callable[[Path], None]) -> Path:
    kept, half = SHELF / name, SHELF / f"{name}.half"
    if not kept.exists():
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        fetch(half)
        half.rename(kept)
    return kept


def _from_debian(package: str, into: Path) -> None:
    if not all(map(shutil.which, ("apt-get", "dpkg"))):
        pytest.skip("This machine has no apt-get and dpkg to fetch Debian packages with.")
    if not _runs("apt-get", "download", package, cwd=into):
        _runs("apt-get", "update", cwd=into)
        if not _runs("apt-get", "download", package, cwd=into):
            pytest.skip(f"apt-get cannot download {package}: the registry cannot be reached, or does not have it.")
    [archive] = into.glob("*.deb")
    assert _runs("dpkg", "-x", archive.name, ".", cwd=into)
    archive.unlink()


def _from_npm(package: str, version: str, into: Path) -> None:
    try:
        about = json.load(_fetched(f"{_registry()}{package}/{version}"))
        with tarfile.open(fileobj=_fetched(about["dist"]["tarball"])) as archive:
            archive.extractall(into, filter="data")
    except URLError as exc:
        pytest.skip(f"The npm registry cannot be reached: {exc.reason}")


def _registry():
    if shutil.which("npm") is None:
        return REGISTRY
    asked = subprocess.run(
        ["npm", "config", "get", "registry"], capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    return asked.stdout.strip().rstrip("/") + "/" if asked.stdout.startswith("http") else REGISTRY


def _fetched(url):
    with urlopen(url, timeout=WITHIN_S) as answer:
        return BytesIO(answer.read())


def _runs(*command, cwd):
    try:
        return subprocess.run(command, cwd=cwd, capture_output=True, timeout=WITHIN_S, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
