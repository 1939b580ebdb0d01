"""A short-named private directory for what lives no longer than `up`: the queue's socket, browsers' profiles."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "scrpy-"
LONGEST_BASE = 50
"""Bytes: a socket's path ends at 107, and Chromium makes sockets below ours."""


@contextmanager
def scratch_dir(home: Path) -> Iterator[Path]:
    """Made now, gone afterwards. `<home>/scratch` points to it, so that the next `up` can remove
    what one that was killed has left. Call while holding `home`."""
    pointer = home / "scratch"
    remove_leftovers(pointer)
    base = tempfile.gettempdir()
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base if len(base) <= LONGEST_BASE else "/tmp"))  # noqa: S108
    pointer.symlink_to(path)
    try:
        yield path
    finally:
        remove_leftovers(pointer)


def remove_leftovers(pointer: Path) -> None:
    """Follows the pointer only to where `scratch_dir` makes directories."""
    if pointer.is_symlink():
        left = pointer.readlink()
        if left.name.startswith(PREFIX):
            shutil.rmtree(left, ignore_errors=True)
        pointer.unlink()
