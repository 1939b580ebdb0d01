"""Supervisors over toy programs, and what they leave behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scrpy.supervisor.scratch import remove_leftovers
from tests.setup.operator import AS_NOBODY, MANAGE, Operator
from tests.until import until

PRELUDE = "import os, signal, subprocess, sys, time; from pathlib import Path\n"


def alive(pid: int) -> bool:
    """Whether there is such a process, zombies not counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Toy:
    """A running `tests.setup.toy`, and what its programs noted in their files."""

    def __init__(self, home: Path, stages: list[list[dict[str, Any]]]) -> None:
        self.home = home
        self.output = home / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.setup.toy", str(home), json.dumps(stages)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.output.read_text()

    def waits_until_it_says(self, text: str, times: int = 1) -> None:
        until(lambda: self.said().count(text) >= times, what=f"{text!r}, {times} times, in:\n{self.said()}")

    def noted(self, name: str) -> list[str]:
        """The lines that toy programs have written to the file `name`."""
        note = self.home / name
        return note.read_text().split() if note.exists() else []

    def waits_for_note(self, name: str, lines: int = 1) -> list[str]:
        until(lambda: len(self.noted(name)) >= lines, what=f"{lines} lines in {name}")
        return self.noted(name)

    def scratch(self) -> Path:
        return (self.home / "scratch").readlink()

    def ends(self, *signals: signal.Signals) -> int:
        """Its exit status, after these signals."""
        for number in signals:
            self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Whoever runs the tests, with an empty home."""
    return Operator(tmp_path)


@pytest.fixture
def manage(operator: Operator) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`manage("up", NAME=value, …)`: `manage.py up` with this environment on an empty home, to its end."""
    return operator.manage


@pytest.fixture
def ordinary(tmp_path: Path) -> Iterator[Operator]:
    """The same, or nobody if that is root; skips where root cannot become nobody."""
    if os.geteuid() != 0:
        yield Operator(tmp_path)
        return
    with tempfile.TemporaryDirectory(prefix="scrpy-ordinary-") as home:
        shutil.chown(home, "nobody", "nogroup")
        nobody = Operator(Path(home), AS_NOBODY)
        if not nobody.can(sys.executable, str(MANAGE), "version"):
            pytest.skip("root may not become nobody here")
        yield nobody


@pytest.fixture
def make_toy(tmp_path: Path) -> Iterator[Callable[..., Toy]]:
    """`make_toy({name: code}, …)`, a dict of programs per stage; a program's role is its name up to a dash.

    In the code, `note(file)` adds the program's pid to a file, and `block()` waits for ever.
    """
    helpers = (
        PRELUDE
        + f"def note(name, text=os.getpid()): (Path({str(tmp_path)!r}) / name).open('a').write(f'{{text}}\\n')\n"
        + "def block():\n    while True: signal.pause()\n"
    )
    toys = []

    def make(*stages: dict[str, str | tuple[str, ...]]) -> Toy:
        programs = [
            [
                {
                    "name": name,
                    "role": name.partition("-")[0],
                    "command": [sys.executable, "-c", helpers + code] if isinstance(code, str) else list(code),
                }
                for name, code in stage.items()
            ]
            for stage in stages
        ]
        toys.append(Toy(tmp_path, programs))
        return toys[-1]

    yield make
    for toy in toys:
        toy.process.kill()
        toy.process.wait(10)
    remove_leftovers(tmp_path / "scratch")
