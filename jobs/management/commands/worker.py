"""`manage.py worker`: render pages."""

import logging

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from jobs import checks
from jobs.queue.dispatch import try_dispatch
from jobs.worker.process import page_worker
from jobs.worker.serve import serve
from scraping.browser import ChromiumMissing
from scraping.errors import ScrapeError

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Render pages in a browser of its own until it is told to stop."

    def handle(self, *args: object, **options: object) -> None:
        import jobs.actors  # noqa: F401, PLC0415 - declares the actors to the broker

        if impossible := checks.sandbox_impossible():
            raise CommandError(impossible)
        for notice in filter(None, [checks.inside_opened(), checks.sandbox_off()]):
            logger.warning(notice)
        try:
            with page_worker() as worker:
                serve(queue="pages", threads=settings.SCRPY_LANES, on_ready=try_dispatch, on_stop=worker.hand_back)
        except ChromiumMissing as error:
            raise CommandError(str(error)) from error
        except ScrapeError as error:
            raise CommandError(checks.explained(error)) from error
