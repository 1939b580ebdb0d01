"""`manage.py create_key --account NAME [--name N] [--scopes …]`: the key alone is on the last line."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.models import Account, ApiKey
from jobs.models.api_key import SCOPES


class Command(BaseCommand):
    help = "Make an API key and print it, this once, on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", required=True, help="name of the account that the key is for")
        parser.add_argument(
            "--test", action="store_true", help="a key to try things with: small jobs that cost nothing"
        )
        parser.add_argument("--name", default="", help="what the key is for, for people")
        parser.add_argument(
            "--scopes",
            nargs="+",
            choices=SCOPES,
            default=list(SCOPES),
            metavar="SCOPE",
            help=f"what the key may do; unless told, all of {', '.join(SCOPES)}",
        )

    def handle(self, *args: object, account: str, name: str, scopes: list[str], test: bool, **options: object) -> None:
        owner = Account.objects.filter(name=account).first()
        if not owner:
            raise CommandError(f"There is no account named {account}. Open it: manage.py create_account {account}")
        key, text = ApiKey.objects.issue(account=owner, name=name, scopes=scopes, test=test)
        self.stdout.write(f"Key {key.prefix} for {owner.name}; it is not shown again:")
        self.stdout.write(text)
