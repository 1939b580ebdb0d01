"""`manage.py up`: all of scrpy on this machine, until Ctrl-C."""

from typing import Any

from django.core.management.base import BaseCommand

from scrpy.supervisor.checks import CannotStart
from scrpy.supervisor.run import run


class Command(BaseCommand):
    help = "Run everything on this machine (queue, web, workers, webhooks, clock) until Ctrl-C."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            run()
        except CannotStart as error:
            raise SystemExit(f"scrpy cannot start: {error}") from error
