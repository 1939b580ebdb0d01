"""Settings of a platform that lacks a part: `SABOTAGE` names the class below that takes it out.

The product has no switch for this: the part is replaced in each process before anyone has taken hold of it.
"""

import os
import sys
import time
from typing import Any
from uuid import UUID

from django.apps import AppConfig
from django.db.models import QuerySet

from scrpy.settings import *  # noqa: F403
from scrpy.settings import INSTALLED_APPS as APPS

INSTALLED_APPS = [f"{__name__}.{os.environ['SABOTAGE']}", *APPS]
GAP_S, IN_HAND_S = 0.3, 3.0


class Sabotage(AppConfig):
    name, label = "tests.chaos", "sabotage"

    def ready(self) -> None:
        assert "jobs.recording" not in sys.modules
        self.take_out()

    def take_out(self) -> None:
        raise NotImplementedError


class WithoutGuard(Sabotage):
    """Who holds a page, and whether it is still open, is not looked at when its end is recorded.

    A page that was read is kept in hand for a moment, so that who stops a worker stops it with such pages.
    """

    def take_out(self) -> None:
        from jobs import failpoints
        from jobs.models import Page
        from jobs.queue import moves

        guarded = moves.movable

        def movable(page: Page, to: Any, *, token: UUID) -> QuerySet[Page]:
            within = to in ("pending", "running")
            return guarded(page, to, token=token) if within else Page.objects.filter(pk=page.pk)

        moves.movable = movable
        failpoints.failpoint = lambda place: time.sleep(IN_HAND_S) if place == "extracted" else None


class WithoutSweep(Sabotage):
    """Nobody takes back what the dead had in hand."""

    def take_out(self) -> None:
        from jobs.queue import sweep

        sweep.sweep = lambda: 0


class WithSplitTransaction(Sabotage):
    """A page, its job's counters and its charge are each committed by themselves, with time between them."""

    def take_out(self) -> None:
        from jobs.queue import moves

        moved = moves.move

        def move(*arguments: Any, **named: Any) -> bool:
            ours = moved(*arguments, **named)
            time.sleep(GAP_S)
            return ours

        moves.move = move
        from jobs import recording

        recording.record_success = recording.record_success.__wrapped__  # type: ignore[attr-defined]
