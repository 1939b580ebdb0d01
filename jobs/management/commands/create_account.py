"""`manage.py create_account NAME [--credits N | --unlimited]`."""

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from jobs.accounts import open_account


class Command(BaseCommand):
    help = "Open an account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--credits", type=int, default=0, help="what it may spend, one credit per completed page")
        parser.add_argument("--unlimited", action="store_true", help="never refuse its jobs for credits")

    def handle(self, *args: object, name: str, credits: int, unlimited: bool, **options: object) -> None:  # noqa: A002
        if credits < 0:
            raise CommandError(f"--credits {credits}: a balance is never negative.")
        try:
            account = open_account(name, credits=credits, unlimited=unlimited)
        except IntegrityError as error:
            raise CommandError(f"There is an account named {name} already.") from error
        balance = "unlimited" if account.unlimited else f"{account.credits:,} credits"
        self.stdout.write(f"Account {account.name} opened: {balance}.")
