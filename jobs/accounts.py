"""Opening accounts, and giving them credits."""

from django.db import transaction
from django.db.models import F

from jobs.models import Account, LedgerEntry


@transaction.atomic
def open_account(name: str, *, credits: int = 0, unlimited: bool = False) -> Account:  # noqa: A002 - the field's name
    """A new account with its first credits. Raises: IntegrityError if the name is taken."""
    account = Account.objects.create(name=name, unlimited=unlimited)
    if credits:
        grant(account, amount=credits, reason="opening balance")
        account.refresh_from_db(fields=["credits"])
    return account


@transaction.atomic
def grant(account: Account, *, amount: int, reason: str) -> None:
    """Add credits to a balance (take some off, if negative) and write down why.

    Raises: IntegrityError if the balance would become negative.
    """
    LedgerEntry.objects.create(account=account, amount=amount, reason=reason)
    Account.objects.filter(pk=account.pk).update(credits=F("credits") + amount)
