"""Where kept files are: `<two letters>/<job>/<random>`, so that what was made of a job goes with its folder.

The two letters, the first that are random in the job's id, keep lists of folders short.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from typing import cast

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from jobs.artifacts.disk import Disk
from jobs.ids import ALPHABET, make_id
from jobs.models import Job
from scraping.errors import InternalError

logger = logging.getLogger(__name__)

SHELVES = tuple(f"{first}{second}" for first, second in product(ALPHABET, repeat=2))


class StorageAway(InternalError):
    """The storage is full, or away, or does not let us in."""

    sentence = "What was made of the page could not be kept: the storage is full or away. Ask the operator."


class FileGone(Exception):
    """There is no such file any more."""


def write(job: Job, content: bytes) -> str:
    """Keep `content` among the job's files, under the name that is given back. Raises: StorageAway."""
    with translated():
        return kept().save(f"{folder_of(job.public_id)}/{make_id('file')}", ContentFile(content))


def read(name: str) -> bytes:
    """Raises: FileGone, StorageAway."""
    with translated():
        try:
            with kept().open(name) as file:
                return cast(bytes, file.read())
        except FileNotFoundError as exc:
            raise FileGone(name) from exc


def try_to_remove(name: str) -> None:
    """In vain if it is not there, or the storage is away."""
    try:
        with translated():
            kept().delete(name)
    except StorageAway:
        logger.warning("A file nobody names could not be removed; it goes with its job", exc_info=True)


def remove_all(job_id: str) -> None:
    """Remove whatever was kept of a job, by its public id. Raises: StorageAway."""
    with translated():
        kept().remove_folder(folder_of(job_id))


def jobs_on(shelf: str) -> list[str]:
    """The public ids of the jobs of which something is kept on one of the `SHELVES`. Raises: StorageAway."""
    with translated():
        return kept().folders(shelf)


def folder_of(job_id: str) -> str:
    return f"{job_id.partition('_')[2][:2]}/{job_id}"


def kept() -> Disk:
    """The storage of kept files; one in a bucket does the same."""
    return cast(Disk, storages["kept"])


@contextmanager
def translated() -> Iterator[None]:
    """Whatever a storage raises becomes ours. Raises: StorageAway."""
    try:
        yield
    except foreign_errors() as exc:
        raise StorageAway from exc


def foreign_errors() -> tuple[type[Exception], ...]:
    if not settings.SCRPY_STORAGE:
        return (OSError,)
    from boto3.exceptions import Boto3Error  # noqa: PLC0415 - there only if it is used
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    return (OSError, Boto3Error, BotoCoreError, ClientError)
