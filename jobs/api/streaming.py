"""Answers that are made while they are sent; no database connection is held while the client is slow."""

import asyncio
import logging
from collections.abc import AsyncIterator, Generator, Iterator
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import DatabaseError, OperationalError, connections

from jobs.exports import JobGone
from jobs.outages import driver_errors

logger = logging.getLogger(__name__)
T = TypeVar("T")


async def streamed(steps: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What the steps give. Each is done in the request's thread, once the client has taken what came before.

    Where that breaks off, so does the connection: what is not whole must not end like what is.
    """
    try:
        while (piece := await sync_to_async(next_step)(steps)) is not None:
            if piece:
                yield piece
    except (DatabaseError, JobGone) as error:
        logger.warning("An answer breaks off: %s", error)
        raise asyncio.CancelledError from error
    finally:
        await sync_to_async(finish)(steps)


def next_step(steps: Iterator[T]) -> T | None:
    """What the next step gives, None after the last one. Gives the database connection back. Raises: DatabaseError."""
    try:
        return next(steps, None)
    except driver_errors() as error:
        raise OperationalError(str(error)) from error
    finally:
        connections.close_all()


def finish(steps: Iterator[bytes]) -> None:
    """Let go of what the steps hold, however far they came."""
    if isinstance(steps, Generator):
        steps.close()
