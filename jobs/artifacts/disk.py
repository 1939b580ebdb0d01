"""Kept files on this machine, or on a file system that all machines share."""

from contextlib import suppress
from pathlib import Path

from django.core.files.storage import FileSystemStorage


class Disk(FileSystemStorage):
    """Folders that the owner alone may enter."""

    def folders(self, within: str) -> list[str]:
        with suppress(FileNotFoundError):
            return self.listdir(within)[0]
        return []

    def remove_folder(self, folder: str) -> None:
        """With the files in it; in vain if it is not there. Two may do so at once."""
        path = Path(self.path(folder))
        with suppress(FileNotFoundError):
            for file in path.iterdir():
                file.unlink(missing_ok=True)
            path.rmdir()
