"""What an operator types, and what he gets to read."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MANAGE = Path(__file__).parents[2] / "manage.py"
AS_NOBODY = (
    *("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),  # the checkout may lie where only root looks
)


@dataclass(frozen=True)
class Operator:
    """Somebody at a terminal with a home to run scrpy in: whoever we are, or whom the command `become` makes of us."""

    home: Path
    become: tuple[str, ...] = ()

    def manage(self, *command: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """`manage.py …` to its end, knowing only `env` of what concerns scrpy."""
        return self._runs(sys.executable, str(MANAGE), *command, env=env)

    def starts(self, *command: str, **env: str) -> "subprocess.Popen[bytes]":
        """The same, running; what it says is in `said()`."""
        with (self.home / "output").open("wb") as output:
            return subprocess.Popen(
                [*self.become, sys.executable, MANAGE, *command],
                env=self._environment(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def said(self) -> str:
        return (self.home / "output").read_text()

    def can(self, *command: str) -> bool:
        """Whether a command succeeds when he runs it."""
        try:
            return self._runs(*command, env={}).returncode == 0
        except FileNotFoundError:
            return False

    def _runs(self, *command: str, env: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*self.become, *command],
            env=self._environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SCRPY_")}
        moved = dict.fromkeys(("SCRPY_HOME", "TMPDIR", *(["HOME"] if self.become else [])), str(self.home))
        return {**inherited, **moved, "DATABASE_URL": "", "REDIS_URL": "", **env}


def production(**env: str) -> dict[str, str]:
    """As `make check` has it."""
    key = "".join(map(chr, range(48, 123)))
    address = "https://scrpy.example.com"
    return {"SCRPY_ENV": "production", "SCRPY_PUBLIC_URL": address, "SCRPY_SECRET_KEY": key, **env}


def warnings_in(output: str) -> list[str]:
    """What a process has logged as warnings."""
    logged = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [each["event"] for each in logged if each["level"] == "warning"]
