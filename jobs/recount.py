"""Whether counters, charges and balances are what the rows say: `manage.py recount`."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from jobs.models import Account, Artifact, Job, LedgerEntry, Page
from jobs.models.page import OPEN, PageStatus

CHARGED = Q(status=PageStatus.COMPLETED, reused_from=None, job__free=False)
"""The pages that cost a credit."""


def differences() -> Iterator[str]:
    """A line for each number that is stored and is not what the rows say, all of one moment. Queries."""
    with one_moment():
        yield from counters_off()
        yield from charges_off()
        yield from balances_off()


@contextmanager
def one_moment() -> Iterator[None]:
    """What is read within is as it was at the beginning; nobody is kept waiting."""
    isolation = " ISOLATION LEVEL REPEATABLE READ, READ ONLY" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"BEGIN{isolation}")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def counters_off() -> Iterator[str]:
    pages = Page.objects.filter(job=OuterRef("pk"))
    files = Artifact.objects.filter(job=OuterRef("pk")).order_by().values("job")
    rows = {
        "total_urls": counted(pages),
        "completed_urls": counted(pages.filter(status=PageStatus.COMPLETED)),
        "failed_urls": counted(pages.filter(status=PageStatus.FAILED)),
        "cancelled_urls": counted(pages.filter(status=PageStatus.CANCELLED)),
        "credits_used": counted(pages.filter(CHARGED)),
        "kept_bytes": Coalesce(Subquery(files.annotate(sum=Sum("stored_bytes")).values("sum")), 0),
    }
    for name, expected in rows.items():
        jobs = Job.objects.annotate(expected=expected).exclude(**{name: F("expected")}).order_by("pk")
        for public_id, stored, told in jobs.values_list("public_id", name, "expected").iterator():
            yield f"{public_id}: {name} is {stored:,}, its pages say {told:,}"


def counted(pages: QuerySet[Page]) -> Coalesce:
    return Coalesce(Subquery(pages.order_by().values("job").annotate(count=Count("pk")).values("count")), 0)


def charges_off() -> Iterator[str]:
    """One entry of one credit for each page that costs, none for any other."""
    missing = Page.objects.filter(CHARGED, charge=None).order_by("pk")
    for public_id, index in missing.values_list("job__public_id", "index").iterator():
        yield f"{public_id}[{index}]: completed, and not charged"
    costs = Q(page__in=Page.objects.filter(CHARGED), amount=-1)
    wrong = LedgerEntry.objects.filter(page__isnull=False).exclude(costs).order_by("pk")
    for public_id, index, amount in wrong.values_list("page__job__public_id", "page__index", "amount").iterator():
        yield f"{public_id}[{index}]: the ledger has {amount:+,} for it"


def balances_off() -> Iterator[str]:
    """What was granted, less what was charged and what live jobs have reserved."""
    entries = LedgerEntry.objects.filter(account=OuterRef("pk"), unlimited=False).order_by().values("account")
    reserved = Page.objects.filter(job__account=OuterRef("pk"), job__reserves_credits=True, status__in=OPEN)
    ledger = Coalesce(Subquery(entries.annotate(sum=Sum("amount")).values("sum")), 0)
    held = Coalesce(Subquery(reserved.order_by().values("job__account").annotate(n=Count("pk")).values("n")), 0)
    accounts = Account.objects.annotate(expected=ledger - held).exclude(credits=F("expected")).order_by("pk")
    for name, stored, told in accounts.values_list("name", "credits", "expected"):
        yield f"Account {name}: the balance is {stored:,}, ledger and reservations say {told:,}"
