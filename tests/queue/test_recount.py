"""The numbers against the rows, and the ledger in which nothing is ever changed."""

from functools import partial

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from jobs.accounts import grant, open_account
from jobs.models import Account, Job, LedgerEntry
from jobs.models.account import AppendOnly
from jobs.queue.dispatch import dispatch
from jobs.recording import cancel_job, record_success
from jobs.retention import purge_old_jobs
from tests.queue.making import DUE, start_all

pytestmark = pytest.mark.django_db(transaction=True)
ALL_RIGHT = "Counters, charges and balances are what the rows say.\n"


def complete(page):
    assert record_success(page, token=page.token, data="{}", status_code=200, final_url=page.url, duration_ms=1)


@pytest.fixture
def busy(make_job, make_worker, queue):
    """Accounts of both kinds, jobs live, ended and cancelled; the live job of the one that pays."""
    make_worker(16)
    paying, unlimited = open_account("paying", credits=100), open_account("unlimited", unlimited=True)
    grant(paying, amount=-10, reason="a correction")
    live, done, *_ = (make_job(3, account=account, host_concurrency=8) for account in (paying, paying, unlimited))
    cancelled = make_job(2, account=paying)
    dispatch()
    for page in start_all():
        if page.index == 0 or page.job_id == done.pk:
            complete(page)
    cancel_job(cancelled)
    return live


@pytest.fixture
def recount(capsys):
    def run():
        capsys.readouterr()
        try:
            call_command("recount")
        except SystemExit as end:
            return end.code, capsys.readouterr().out
        return 0, capsys.readouterr().out

    return run


def test_numbers_that_add_up_are_said_to_in_one_line(busy, recount):
    assert recount() == (0, ALL_RIGHT)


def test_an_account_that_was_unlimited_adds_up_when_it_is_not_any_more(busy, recount):
    Account.objects.update(unlimited=False)

    assert recount() == (0, ALL_RIGHT)


def test_jobs_that_are_deleted_leave_their_charges_and_balances_right(busy, recount, settings):
    settings.SCRPY_RETENTION_DAYS = 1
    Job.objects.filter(completed_at__isnull=False).update(completed_at=busy.created_at - 1000 * DUE)

    assert purge_old_jobs() == 2

    assert LedgerEntry.objects.filter(job=None, amount=-1).count() == 4
    assert recount() == (0, ALL_RIGHT)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda job: Job.objects.filter(pk=job.pk).update(completed_urls=2), "completed_urls is 2, its pages say 1"),
        (lambda job: Job.objects.filter(pk=job.pk).update(credits_used=0), "credits_used is 0, its pages say 1"),
        (lambda job: Job.objects.filter(pk=job.pk).update(kept_bytes=7), "kept_bytes is 7, its pages say 0"),
        (lambda job: Account.objects.filter(name="paying").update(credits=5), "the balance is 5, ledger and"),
        (
            lambda job: LedgerEntry.objects.create(
                account=job.account, job=job, page=job.pages.get(index=1), amount=-1, reason="page completed"
            ),
            "[1]: the ledger has -1 for it",
        ),
        (lambda job: job.pages.filter(index=2).update(status="completed"), "[2]: completed, and not charged"),
    ],
)
def test_what_does_not_add_up_is_named(busy, recount, spoil, told):
    spoil(busy)

    code, said = recount()

    assert code == 1
    assert told in said


@pytest.mark.parametrize(
    "change",
    [
        lambda: LedgerEntry.objects.update(amount=0),
        lambda: LedgerEntry.objects.all().delete(),
        lambda: LedgerEntry.objects.filter(amount=100).update(reason="another"),
        lambda: LedgerEntry.objects.earliest("pk").save(),
        lambda: LedgerEntry.objects.earliest("pk").delete(),
        lambda: LedgerEntry.objects.bulk_update([LedgerEntry.objects.earliest("pk")], ["reason"]),
    ],
)
def test_no_entry_of_the_ledger_is_changed_or_deleted(busy, change):
    before = list(LedgerEntry.objects.order_by("pk").values())

    with pytest.raises(AppendOnly):
        change()

    assert list(LedgerEntry.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE jobs_ledgerentry SET amount = 0",
        "UPDATE jobs_ledgerentry SET page_id = NULL, reason = ''",
        "DELETE FROM jobs_ledgerentry",
    ],
)
@pytest.mark.skipif("sqlite" in connection.vendor, reason="SQLite leaves it to the model")
def test_postgresql_itself_refuses_to_change_the_ledger(busy, statement):
    with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
        connection.cursor().execute(statement)


def test_a_page_is_charged_once_by_constraint(busy):
    charge = LedgerEntry.objects.filter(page__isnull=False).first()
    again = partial(LedgerEntry.objects.create, account=charge.account, amount=-1, reason="page completed")

    with pytest.raises(IntegrityError), transaction.atomic():
        again(page=charge.page)
