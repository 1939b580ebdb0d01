"""`manage.py webhooks`: send webhooks."""

import logging

from django.core.management.base import BaseCommand

from jobs import checks
from jobs.webhooks.posting import SENDERS
from jobs.worker.serve import serve

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Send webhooks until it is told to stop: a process of its own, so that silent receivers starve no page."

    def handle(self, *args: object, **options: object) -> None:
        import jobs.actors  # noqa: F401, PLC0415 - declares the actors to the broker

        if opened := checks.inside_opened():
            logger.warning(opened)
        serve(queue="webhooks", threads=SENDERS)
