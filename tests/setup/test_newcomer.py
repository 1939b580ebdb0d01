"""A newcomer's first minutes: a clean clone, `make run`, the README's lines pasted as they are, Ctrl-C."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from scrpy.demo.catalogue import product
from tests.ports import free_port
from tests.setup.conftest import alive
from tests.until import until

pytestmark = pytest.mark.slow

README = (settings.BASE_DIR / "README.md").read_text()


class Newcomer:
    """Somebody with a shell, in a clone."""

    def __init__(self, clone: Path) -> None:
        subprocess.run(["git", "clone", "--quiet", settings.BASE_DIR, clone], check=True)
        self.clone = clone
        self.port = free_port()
        own = {name: value for name, value in os.environ.items() if not name.startswith("SCRPY_")}
        self.env = {**own, "SCRPY_PORT": str(self.port), "REDIS_URL": "", "DATABASE_URL": ""}
        self.output = clone / "output"

    def makes(self, target: str) -> None:
        """Without a terminal, and with nobody to answer a question."""
        with self.output.open("wb") as output:
            self.make = subprocess.Popen(
                ["make", target],
                cwd=self.clone,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def reads(self, text: str, within_s: float) -> None:
        until(
            lambda: text in self.output.read_text() or self.make.poll() is not None, what=repr(text), within_s=within_s
        )
        assert text in self.output.read_text()

    def pastes(self, code: str) -> str:
        """What a shell prints."""
        code = code.replace(":8000", f":{self.port}").replace(":8001", f":{self.port + 1}")
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", code],
            cwd=self.clone,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout

    def presses_ctrl_c(self) -> None:
        os.killpg(self.make.pid, signal.SIGINT)
        self.make.wait(40)


def processes_of(clone: Path) -> list[str]:
    """Those that mention the clone's directory in their command line or run in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, cwd = (process / "cmdline").read_bytes().decode(), str((process / "cwd").readlink())
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
        if (str(clone) in command or cwd.startswith(str(clone))) and alive(int(process.name)):
            found.append(command.replace("\0", " "))
    return found


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory):
    newcomer = Newcomer(tmp_path_factory.mktemp("newcomer") / "scrpy")
    yield newcomer
    if newcomer.make.poll() is None:
        newcomer.presses_ctrl_c()


def test_a_clone_is_running_after_make_run_alone(newcomer):
    newcomer.makes("run")

    newcomer.reads("This is your first run.", within_s=900)
    newcomer.reads("scrpy is up.", within_s=60)


def test_the_readmes_lines_give_the_products_fields(newcomer):
    blocks = re.findall(r"```sh\n(.*?)```", README.partition("## The API")[0], re.DOTALL)

    job = json.loads(newcomer.pastes(blocks[1]))["job"]

    assert (job["status"], job["completedUrls"]) == ("completed", 3)
    assert [result["data"] for result in job["results"]] == [
        {
            "title": each.title,
            "price": each.price,
            "image": each.image,
            "tags": list(each.tags),
            "reviewers": [review.author for review in each.reviews],
        }
        for each in map(product, (1, 2, 3))
    ]


def test_ctrl_c_leaves_no_process(newcomer):
    newcomer.presses_ctrl_c()

    assert processes_of(newcomer.clone) == []
    assert not (newcomer.clone / "var" / "scratch").is_symlink()


def test_a_second_make_run_installs_nothing_and_makes_no_second_key(newcomer):
    newcomer.makes("run")

    newcomer.reads("scrpy is up.", within_s=60)

    assert "installing" not in newcomer.output.read_text()
    assert "This is your first run." not in newcomer.output.read_text()
    newcomer.presses_ctrl_c()
