"""What a new installation needs before anybody can use it: an account, a key, and a login for staff."""

import json
import secrets
from pathlib import Path

from django.contrib.auth import get_user_model
from django.db import transaction

from jobs.accounts import open_account
from jobs.models import Account, ApiKey, Membership

ACCOUNT, STAFF = "default", "admin"


@transaction.atomic
def first_run(note: Path, *, url: str) -> dict[str, str] | None:
    """Make account, key and login, and leave them in the file `note`, for its owner alone to read.

    None, and nothing done, if there is any account already. The note is there before the rows are: a crash
    in between leaves a note that the next run writes anew, never a key that nobody knows.
    """
    if Account.objects.exists():
        return None
    _, key = ApiKey.objects.issue(account=open_account(ACCOUNT, unlimited=True), name="first key")
    password = secrets.token_urlsafe(12)
    get_user_model().objects.create_superuser(STAFF, password=password)
    made = {"apiKey": key, "staffUser": STAFF, "staffPassword": password, "url": url}
    write_private(note, json.dumps(made, indent=2) + "\n")
    return made


def ensure_owner() -> None:
    """Where nobody is a member of anything, the first of staff owns the first account, and so may use the dashboard."""
    account, user = Account.objects.order_by("pk").first(), get_user_model().objects.filter(is_staff=True).first()
    if account and user and not Membership.objects.exists():
        Membership.objects.create(account=account, user=user, role=Membership.Role.OWNER)


def write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
