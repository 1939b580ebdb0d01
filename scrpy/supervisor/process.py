"""One running process with a session, a process group and a leash of its own."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LEASH = Path(__file__).with_name("leash.py")


class Process:
    """Starts at once. When it ends, what is left of its process group ends too."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        output: Path,
        on_end: Callable[[int], None],
    ) -> None:
        """Run `command`, its output appended to the file `output`; `on_end(pid)` is called when it has ended.

        Call from the main thread: the leash is tied to the thread that starts the process. Raises: OSError.
        """
        self.ended = asyncio.Event()
        self.returncode: int | None = None
        with output.open("ab") as log:
            self._popen = subprocess.Popen(  # noqa: S603 - our own programs
                [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command],
                cwd=cwd,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._popen.pid
        self._on_end = on_end
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except OSError:  # no descriptor left: what cannot be watched must not run
            self._popen.kill()
            self._popen.wait()
            raise
        asyncio.get_running_loop().add_reader(self._pidfd, self._reap)

    def terminate(self) -> None:
        """Ask the process, not its group: what it started is its own to stop."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if not self.ended.is_set():
            signal.pidfd_send_signal(self._pidfd, number)

    def _reap(self) -> None:
        """The group is killed while its leader is still a zombie: until then nobody else can get the number."""
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.returncode = self._popen.wait()
        self.ended.set()
        self._on_end(self.pid)


def how_it_ended(returncode: int | None) -> str:
    """For people: `killed by SIGKILL`, `exit status 3`."""
    if returncode is not None and returncode < 0:
        return f"killed by {signal.Signals(-returncode).name}"
    return f"exit status {returncode}"
