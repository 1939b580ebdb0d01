"""`manage.py worker`: render pages."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from dramatiq.middleware.asyncio import AsyncIO

from jobs.worker.process import PageWorker
from jobs.worker.serve import serve
from scraping.browser import ChromiumMissing


class Command(BaseCommand):
    help = "Render pages in a browser of its own until it is told to stop."

    def handle(self, *args: object, **options: object) -> None:
        import jobs.actors  # noqa: F401, PLC0415 - declares the actors to the broker

        try:
            serve(queue="pages", threads=settings.SCRPY_LANES, middleware=[AsyncIO(), PageWorker()])
        except ChromiumMissing as error:
            raise CommandError(str(error)) from error
