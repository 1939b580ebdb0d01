"""A child's output on disk: bounded, and never in the way of the child."""

import contextlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 16 * 2**20
TAIL_BYTES = 4_096


@dataclass(frozen=True)
class LogFile:
    """Written by the child itself, in append mode: no pipe that could fill up and stop it."""

    path: Path

    def trim(self) -> None:
        """Past 16 MiB, move what there is to `<name>.log.1`, over the one from before.

        By copy and truncate, since the child keeps the file open; a line written in between is lost.
        """
        with contextlib.suppress(OSError):
            if self.path.stat().st_size > MAX_BYTES:
                with contextlib.suppress(OSError):  # a full disk, say: then the room counts for more
                    shutil.copyfile(self.path, self.path.with_suffix(".log.1"))
                os.truncate(self.path, 0)

    def tail(self, lines: int) -> list[str]:
        """The last `lines` of it."""
        with self.path.open("rb") as log:
            log.seek(max(0, log.seek(0, 2) - TAIL_BYTES))
            return log.read().decode(errors="replace").splitlines()[-lines:]
