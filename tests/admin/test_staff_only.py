"""Who may see and do what."""

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from jobs.models import Account, ApiKey

MACHINE_MADE = ["job", "page", "delivery", "worker", "schedule", "ledgerentry"]
MODELS = ["account", "apikey", *MACHINE_MADE]
LISTS = [f"admin:jobs_{model}_changelist" for model in MODELS]


@pytest.mark.parametrize("name", ["admin:index", "admin:auth_user_changelist", *LISTS])
def test_a_stranger_is_sent_to_the_login(client, db, name):
    answer = client.get(reverse(name))

    assert (answer.status_code, answer.url.partition("?")[0]) == (302, reverse("admin:login"))


@pytest.mark.parametrize("name", ["admin:index", *LISTS])
def test_a_user_who_is_not_staff_is_sent_to_the_login(client, db, name):
    client.force_login(User.objects.create_user("bob"))

    assert client.get(reverse(name)).status_code == 302


def test_staff_may_do_no_more_than_they_are_permitted(client, make_account, make_job):
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__in=["view_account", "view_job", "view_apikey"]))
    client.force_login(viewer)
    job = make_job()
    key, _ = ApiKey.objects.issue(account=job.account)

    refused = [
        client.post(f"/admin/jobs/account/{job.account_id}/grant_credits/", {"amount": 5, "reason": "x", **SUBMITTED}),
        client.post(f"/admin/jobs/account/{job.account_id}/roll_secret/", SUBMITTED),
        client.post(f"/admin/jobs/apikey/{key.pk}/revoke/", SUBMITTED),
        client.post(f"/admin/jobs/job/{job.pk}/cancel/", SUBMITTED),
        client.post(f"/admin/jobs/job/{job.pk}/retry/", SUBMITTED),
        client.post(f"/admin/jobs/job/{job.pk}/purge/", SUBMITTED),
        client.post("/admin/jobs/delivery/1/send_again/", SUBMITTED),
        client.post("/admin/jobs/schedule/1/run/", SUBMITTED),
        client.post("/admin/jobs/schedule/1/pause/", SUBMITTED),
        client.get(reverse("admin:jobs_apikey_add")),
        client.get(reverse("admin:jobs_page_changelist")),
    ]

    assert [answer.status_code for answer in refused] == [403] * 11
    assert client.get(reverse("admin:jobs_job_change", args=[job.pk])).status_code == 200
    assert b"Grant credits" not in client.get(f"/admin/jobs/account/{job.account_id}/change/").content
    job.refresh_from_db()
    assert job.status == "pending"
    assert Account.objects.get(pk=job.account_id).credits == 0


@pytest.mark.parametrize("model", MODELS)
def test_an_id_that_cannot_be_is_not_found_politely(admin_client, model):
    answer = admin_client.get(f"/admin/jobs/{model}/x/change/")

    assert (answer.status_code, answer.url) == (302, "/admin/")


SUBMITTED = {"_form_submitted": "on"}


@pytest.mark.parametrize("model", MACHINE_MADE)
def test_what_the_machine_writes_can_be_neither_added_nor_deleted(staff, model):
    assert staff.get(f"/admin/jobs/{model}/add/").status_code == 403
    assert staff.post(f"/admin/jobs/{model}/1/delete/").status_code in (302, 403)


def test_a_job_cannot_be_edited(staff, make_job):
    job = make_job()

    answer = staff.post(reverse("admin:jobs_job_change", args=[job.pk]), {"status": "completed"})

    job.refresh_from_db()
    assert (answer.status_code, job.status) == (403, "pending")


@pytest.mark.parametrize(
    "path",
    [
        "account/{}/grant_credits/",
        "account/{}/roll_secret/",
        "apikey/{}/revoke/",
        "delivery/{}/send_again/",
        "job/{}/cancel/",
        "job/{}/purge/",
        "job/{}/retry/",
        "schedule/{}/pause/",
        "schedule/{}/run/",
    ],
)
def test_what_changes_something_wants_a_token_of_our_own_pages(admin_user, path, make_job):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin_user)

    assert strict.post(f"/admin/jobs/{path.format(make_job().pk)}", SUBMITTED).status_code == 403
