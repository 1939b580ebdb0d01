"""`manage.py setup`: everything that `up` needs, once; again, it finds everything done."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from scrpy.management.chromium import CannotSetUp, ensure_chromium
from scrpy.management.first_run import ensure_owner, first_run
from scrpy.supervisor.banner import nearby

FIRST_RUN = """
This is your first run. What follows is not shown again, but it is in {note}.
  API key      {apiKey}
  Staff login  {staffUser} / {staffPassword}   at {url}
"""


class Command(BaseCommand):
    help = "Have a working Chromium, an up-to-date database, and a first account with its key. Asks nothing."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only-chromium", action="store_true", help="leave the database alone")

    def handle(self, *_args: Any, only_chromium: bool, **_options: Any) -> None:
        try:
            self.say(f"Chromium: {ensure_chromium(settings.SCRPY_CHROMIUM_PATH, say=self.say)}")
        except CannotSetUp as error:
            raise SystemExit(str(error)) from error
        if not only_chromium:
            self.fill_database()

    def fill_database(self) -> None:
        settings.SCRPY_HOME.mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        self.say(f"Database: {settings.DATABASES['default']['NAME']}")
        note = settings.SCRPY_HOME / "first-run.json"
        made = first_run(note, url=settings.SCRPY_PUBLIC_URL)
        ensure_owner()
        self.say(FIRST_RUN.format(note=nearby(note), **made) if made else f"Address:  {settings.SCRPY_PUBLIC_URL}")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
