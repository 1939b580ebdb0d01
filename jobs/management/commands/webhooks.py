"""`manage.py webhooks`: send webhooks."""

from django.core.management.base import BaseCommand

from jobs.worker.serve import serve

SENDERS = 16
"""Threads: how many deliveries may be on their way at once."""


class Command(BaseCommand):
    help = "Send webhooks until it is told to stop: a process of its own, so that silent receivers starve no page."

    def handle(self, *args: object, **options: object) -> None:
        import jobs.actors  # noqa: F401, PLC0415 - declares the actors to the broker

        serve(queue="webhooks", threads=SENDERS)
