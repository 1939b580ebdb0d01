"""`manage.py clock`: see to it that nothing is forgotten."""

from django.core.management.base import BaseCommand

from jobs.clock import run


class Command(BaseCommand):
    help = "Every second: take back lost pages, dispatch, ring due webhooks. Any number may run at once."

    def handle(self, *args: object, **options: object) -> None:
        run()
