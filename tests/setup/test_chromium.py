"""How set-up comes by a browser, on machines of every kind."""

from pathlib import Path

import pytest

from scraping.errors import ChromiumMissing
from scrpy.management import chromium
from scrpy.management.chromium import BY_HAND, PROOF, CannotSetUp, ensure_chromium
from scrpy.management.tools import Ran

PLAYWRIGHTS, DEBIANS = Path("/builds/headless_shell"), Path("/usr/bin/chromium-headless-shell")


class Machine:
    """A machine without a browser: what can be had on it is set by the test, what was run on it is in `ran`."""

    def __init__(self) -> None:
        self.installed: list[Path] = []
        self.broken: set[Path] = set()
        self.downloads = self.packages = True
        self.ran: list[str] = []
        self.said: list[str] = []

    def find(self, configured: str | None) -> Path:
        if configured:
            return Path(configured)
        if not self.installed:
            raise ChromiumMissing("No Chromium was found.")
        return self.installed[0]

    def run(self, command, *, limit_s, env=None) -> Ran:
        assert limit_s > 0
        if "install" not in command and "update" not in command:
            return self.launch(Path(command[0]))
        self.ran.append("playwright" if "playwright" in command else command[0] + " " + command[-1])
        if "playwright" in command:
            return self.obtain(PLAYWRIGHTS, self.downloads)
        assert env == {"DEBIAN_FRONTEND": "noninteractive"}
        return Ran(True, "") if command[-1] == "update" else self.obtain(DEBIANS, self.packages)

    def launch(self, path: Path) -> Ran:
        return Ran(False, "libnss3.so: cannot open") if path in self.broken else Ran(True, f"<html>{PROOF}</html>")

    def obtain(self, path: Path, can_be_had: bool) -> Ran:
        if can_be_had:
            self.installed.append(path)
        return Ran(can_be_had, "" if can_be_had else "E: could not be had")

    def ensure(self, configured: str | None = None, *, root: bool = True) -> Path:
        return ensure_chromium(configured, say=self.said.append, run=self.run, root=root)


@pytest.fixture
def machine(monkeypatch):
    machine = Machine()
    monkeypatch.setattr(chromium, "find_chromium", machine.find)
    monkeypatch.setattr(chromium.shutil, "which", lambda name: f"/usr/bin/{name}")
    return machine


def test_a_browser_that_runs_is_taken_as_it_is(machine):
    machine.installed = [DEBIANS]

    assert machine.ensure() == DEBIANS
    assert machine.ran == machine.said == []


def test_playwrights_download_is_tried_first(machine):
    assert machine.ensure() == PLAYWRIGHTS
    assert machine.ran == ["playwright"]


def test_a_refused_download_leads_to_debians_package(machine):
    machine.downloads = False

    assert machine.ensure() == DEBIANS
    assert machine.ran == ["playwright", "apt-get update", "apt-get chromium-headless-shell"]
    assert len(machine.said) == 2


def test_a_build_without_its_libraries_is_not_taken(machine):
    machine.broken = {PLAYWRIGHTS}
    machine.packages = False

    with pytest.raises(CannotSetUp, match="apt-get could not install"):
        machine.ensure()


def test_without_root_the_one_line_to_type_is_told(machine):
    machine.downloads = False

    with pytest.raises(CannotSetUp) as refusal:
        machine.ensure(root=False)

    assert str(refusal.value).splitlines()[-1].strip() == BY_HAND
    assert machine.ran == ["playwright"]


def test_where_there_is_no_apt_nothing_is_installed(machine, monkeypatch):
    machine.downloads = False
    monkeypatch.setattr(chromium.shutil, "which", lambda name: None)

    with pytest.raises(CannotSetUp):
        machine.ensure()

    assert machine.ran == ["playwright"]


def test_a_configured_browser_that_does_not_run_is_refused_and_never_replaced(machine):
    machine.broken = {Path("/opt/chrome")}

    with pytest.raises(CannotSetUp, match="Chromium at /opt/chrome does not run here"):
        machine.ensure("/opt/chrome")

    assert machine.ran == []
