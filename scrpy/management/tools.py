"""Other programs, run quietly, within a time limit, and never asking anything."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

GOODBYE_S = 10
"""How long a program that took too long may take to clean up."""


class Ran(NamedTuple):
    ok: bool
    output: str
    """Both streams, in the order they came."""


Run = Callable[..., Ran]
"""`run`, or a test's stand-in for it."""


def run(command: Sequence[str], *, limit_s: float, env: Mapping[str, str] | None = None) -> Ran:
    """Run `command` for `limit_s` seconds at most. That it is missing, fails or hangs is an answer, not an error.

    Args:
        env: what its environment has beyond ours.
    """
    with tempfile.TemporaryFile() as output:  # not a pipe: what outlives the program could hold that open
        try:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | (env or {}),
                start_new_session=True,
            )
        except OSError as error:
            return Ran(ok=False, output=str(error))
        ok = ends_well(process, limit_s)
        output.seek(0)
        return Ran(ok, output.read().decode(errors="replace"))


def ends_well(process: subprocess.Popen[bytes], limit_s: float) -> bool:
    """Waits; nothing of the process and its group is left, not even after Ctrl-C."""
    try:
        return process.wait(limit_s) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.returncode is None:
            stop_group(process)


def stop_group(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(GOODBYE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
