"""Where Chromium is looked for, and in which order."""

import pytest

from scraping.browser import ChromiumMissing, find_chromium


@pytest.fixture
def make_program(tmp_path):
    def make(path, mode=0o755):
        program = tmp_path / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(mode)
        return program

    return make


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing on it: `bin` is its PATH, `builds` where Playwright keeps its browsers."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_the_configured_browser_comes_first(machine, make_program):
    configured = make_program("mine/chromium")
    make_program("bin/chromium-headless-shell")

    assert find_chromium(str(configured), builds=machine / "builds") == configured


def test_then_playwrights_newest_headless_shell(machine, make_program):
    make_program("bin/chromium-headless-shell")
    make_program("builds/chromium_headless_shell-999/chrome-headless-shell-linux64/chrome-headless-shell")
    newest = make_program("builds/chromium_headless_shell-1255/chrome-headless-shell-linux64/chrome-headless-shell")

    assert find_chromium(builds=machine / "builds") == newest


def test_then_the_systems_headless_shell_then_its_chromium(machine, make_program):
    chromium = make_program("bin/chromium")
    assert find_chromium(builds=machine / "builds") == chromium

    headless_shell = make_program("bin/chromium-headless-shell")
    assert find_chromium(builds=machine / "builds") == headless_shell


def test_without_any_the_error_says_what_to_do(machine):
    with pytest.raises(ChromiumMissing, match=r"playwright install .* SCRPY_CHROMIUM_PATH"):
        find_chromium(builds=machine / "builds")


def test_a_configured_browser_that_is_not_there_is_named_and_nothing_else_tried(machine, make_program):
    make_program("bin/chromium")

    with pytest.raises(ChromiumMissing, match="/no/such/chromium, does not exist"):
        find_chromium("/no/such/chromium", builds=machine / "builds")


def test_a_configured_browser_that_cannot_be_run_is_named(machine, make_program):
    program = make_program("mine/chromium", mode=0o644)

    with pytest.raises(ChromiumMissing, match="is not executable"):
        find_chromium(str(program), builds=machine / "builds")
