"""Where the files of a form are kept while it is read."""

from typing import Any

from django.core.files.uploadhandler import TemporaryFileUploadHandler

LONGEST_NAME = 50


class OnDisk(TemporaryFileUploadHandler):
    """In a file whose name ends as the client's does: that may be of any length, a name on disk may not."""

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, file_name[-LONGEST_NAME:], *args, **kwargs)
