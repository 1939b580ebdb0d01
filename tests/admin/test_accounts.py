"""Accounts: a balance moves by grants alone."""

from datetime import timedelta

from django.db.models import F
from django.urls import reverse

from jobs.models import Account, LedgerEntry, Membership

NO_MEMBERS = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}


def grant(staff, account, **fields):
    data = {"amount": "500", "reason": "goodwill", "_form_submitted": "on", **fields}
    return staff.post(f"/admin/jobs/account/{account.pk}/grant_credits/", data, headers={"HX-Request": "true"})


def test_an_account_is_opened_with_its_first_credits(staff):
    answer = staff.post(reverse("admin:jobs_account_add"), {"name": "alice", "opening_credits": "1000"})

    account = Account.objects.get(name="alice")
    assert (answer.status_code, account.credits, account.unlimited) == (302, 1000, False)
    assert [(entry.amount, entry.reason) for entry in account.ledger.all()] == [(1000, "opening balance")]


def test_credits_are_granted_with_a_reason(staff, make_account):
    account = make_account("alice", unlimited=False, credits=10)

    answer = grant(staff, account)

    account.refresh_from_db()
    assert answer.headers["HX-Redirect"] == reverse("admin:jobs_account_change", args=[account.pk])
    assert account.credits == 510
    assert account.ledger.latest("id").reason == "goodwill"
    page = staff.get(answer.headers["HX-Redirect"]).content.decode()
    assert "510 credits" in page
    assert "goodwill" in page


def test_more_than_the_balance_cannot_be_taken_off(staff, make_account):
    account = make_account("alice", unlimited=False, credits=10)

    answer = grant(staff, account, amount="-11")

    account.refresh_from_db()
    assert (account.credits, LedgerEntry.objects.count()) == (10, 1)
    assert "does not hold 11 credits" in staff.get(answer.headers["HX-Redirect"]).content.decode()


def test_a_grant_wants_an_amount_and_a_reason(staff, make_account):
    account = make_account("alice", unlimited=False)

    for fields in ({"amount": ""}, {"amount": "0"}, {"amount": "x"}, {"reason": ""}, {"amount": "9" * 20}):
        assert "HX-Redirect" not in grant(staff, account, **fields).headers

    account.refresh_from_db()
    assert (account.credits, LedgerEntry.objects.count()) == (0, 0)


def test_looking_at_the_grant_form_grants_nothing(staff, make_account):
    account = make_account("alice", unlimited=False)

    answer = staff.get(f"/admin/jobs/account/{account.pk}/grant_credits/?amount=5&reason=x&_form_submitted=on")

    assert answer.status_code == 200
    assert not LedgerEntry.objects.exists()


def test_saving_an_account_leaves_credits_that_jobs_have_reserved_meanwhile_alone(staff, make_account, monkeypatch):
    account = make_account("alice", unlimited=False, credits=10)
    save = Account.save

    def save_after_a_reservation(self, *args, **kwargs):
        Account.objects.filter(pk=self.pk).update(credits=F("credits") - 3)
        save(self, *args, **kwargs)

    monkeypatch.setattr(Account, "save", save_after_a_reservation)
    staff.post(
        reverse("admin:jobs_account_change", args=[account.pk]), {"name": "Alice & Co", "credits": "99", **NO_MEMBERS}
    )

    account.refresh_from_db()
    assert (account.name, account.credits) == ("Alice & Co", 7)


def test_a_rolled_secret_is_a_new_one_and_the_one_before_signs_for_a_day(staff, make_account):
    account = make_account("alice")
    before = account.webhook_secret

    asked = staff.get(f"/admin/jobs/account/{account.pk}/roll_secret/")
    assert b"for 24 hours" in asked.content
    staff.post(f"/admin/jobs/account/{account.pk}/roll_secret/", {"_form_submitted": "on"})

    account.refresh_from_db()
    assert account.webhook_secret != before
    assert account.webhook_secrets == [account.webhook_secret, before]
    account.webhook_secret_rolled_at -= timedelta(hours=24)
    assert account.webhook_secrets == [account.webhook_secret]


def test_the_webhook_secret_is_shown_and_cannot_be_changed(staff, make_account):
    account = make_account("alice")
    secret, page = account.webhook_secret, reverse("admin:jobs_account_change", args=[account.pk])

    staff.post(page, {"name": "alice", "webhook_secret": "whsec_x"})

    account.refresh_from_db()
    assert account.webhook_secret == secret
    assert secret in staff.get(page).content.decode()


def test_the_ledger_shows_the_latest_entries_only(staff, make_account):
    account = make_account("alice")
    LedgerEntry.objects.bulk_create(
        LedgerEntry(account=account, amount=1, reason=f"entry number {n}.") for n in range(30)
    )

    page = staff.get(reverse("admin:jobs_account_change", args=[account.pk])).content.decode()

    assert "entry number 29." in page
    assert "entry number 10." in page
    assert "entry number 9." not in page


def edit(staff, account, **fields):
    data = {"name": account.name, "most_jobs": "", "most_pages": "", **NO_MEMBERS, **fields}
    return staff.post(reverse("admin:jobs_account_change", args=[account.pk]), data)


def test_an_account_may_have_limits_of_its_own_and_lose_them_again(staff, make_account):
    account = make_account("alice", unlimited=False)

    edit(staff, account, most_jobs="7", most_pages="3")
    account.refresh_from_db()
    assert (account.job_limit, account.page_limit) == (7, 3)

    edit(staff, account)
    account.refresh_from_db()
    assert (account.most_jobs, account.most_pages) == (None, None)
    assert (account.job_limit, account.page_limit) == (5_000, 1_000)


def test_a_limit_is_one_at_least(staff, make_account):
    account = make_account("alice", unlimited=False)

    for bad in ("0", "-1", "x", "1.5", "9" * 20):
        assert edit(staff, account, most_jobs=bad).status_code == 200

    account.refresh_from_db()
    assert account.most_jobs is None


def test_staff_make_somebody_a_member_of_an_account(staff, make_account, django_user_model):
    account, ada = make_account("alice"), django_user_model.objects.create_user("ada")
    one = {"memberships-TOTAL_FORMS": "1", "memberships-0-user": ada.pk, "memberships-0-role": "viewer"}

    edit(staff, account, **{**one, "memberships-0-account": account.pk})

    membership = Membership.objects.get()
    assert (membership.user, membership.account, membership.role) == (ada, account, "viewer")
    assert b"ada" in staff.get(reverse("admin:jobs_account_change", args=[account.pk])).content
