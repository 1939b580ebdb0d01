"""Who may see and do what."""

import re

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from jobs.dashboard import urls
from jobs.dashboard.access import STAFF_LOOK_WITH
from jobs.models import Job, Membership

OPEN = {"sign-in", "sign-out", "forgotten-password", "reset-sent", "new-password"}
OF_A_JOB = [one.name for one in urls.urlpatterns if "<job:" in str(one.pattern)]
NAMES = {
    "job": "job_00000000000000000000",
    "key": "0" * 12,
    "delivery": "dlv_00000000000000000000",
    "int": 1,
    "artifact": "art_0",
    "index": 0,
    "slug": "csv",
    "schedule": "sch_0",
}
"""Of what an address may be about, what nothing is called."""
CHANGES_JOBS = ["cancel-job", "retry-job", "duplicate-job", "purge-job"]
OF_OWNERS = ["secret", "roll-secret", "add-member", "change-member", "remove-member"]
OF_MEMBERS = ["demo", "test-delivery", "create-job", "preview", "try-rules", *CHANGES_JOBS]
CHANGES_SCHEDULES = ["pause-schedule", "resume-schedule", "run-schedule", "delete-schedule"]
CHANGES = [
    "switch-account",
    "end-session",
    "revoke-key",
    "resend-delivery",
    *CHANGES_SCHEDULES,
    *OF_MEMBERS,
    *OF_OWNERS,
]
FORMS = ["new-key", "new-schedule", "edit-schedule"]
"""They are read, and sent; viewers may neither."""


def address(name, job=NAMES["job"]):
    pattern = next(str(one.pattern) for one in urls.urlpatterns if one.name == name)
    kinds = re.findall(r"<(\w+):", pattern)
    return reverse(f"dashboard:{name}", args=[{**NAMES, "job": job}[kind] for kind in kinds])


@pytest.mark.parametrize("name", [one.name for one in urls.urlpatterns if one.name not in OPEN])
def test_a_stranger_is_sent_to_sign_in(client, db, name):
    answer = getattr(client, "post" if name in CHANGES else "get")(address(name))

    assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/dashboard/sign-in/")


@pytest.mark.parametrize("name", OF_A_JOB)
def test_the_job_of_another_account_is_not_there(ada, bob, make_job, name):
    job = make_job(bob, completed=2, failed=1)

    answer = getattr(ada, "post" if name in CHANGES else "get")(address(name, job.public_id))

    assert answer.status_code == 404
    assert Job.objects.count() == 1


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_something_wants_a_token_of_our_own_pages(alice, make_person, make_job, browse, name):
    strict = browse(make_person(alice), enforce_csrf_checks=True)

    assert strict.post(address(name, make_job(alice, completed=1).public_id)).status_code == 403


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_something_is_not_done_by_a_link(ada, alice, make_job, name):
    assert ada.get(address(name, make_job(alice, completed=1).public_id)).status_code == 405


@pytest.mark.parametrize("name", OF_MEMBERS)
def test_a_viewer_looks_and_does_nothing(alice, make_person, make_job, browse, name):
    viewer = browse(make_person(alice, role="viewer"))
    job = make_job(alice, completed=1, failed=1)

    refused = viewer.post(address(name, job.public_id))

    assert refused.status_code == 403
    assert b"takes the role member" in refused.content
    assert Job.objects.get().status == "partial"
    assert b"data-dialog" not in viewer.get(address("job", job.public_id)).content


@pytest.mark.parametrize("name", OF_OWNERS)
def test_what_owners_decide_is_decided_by_nobody_else(alice, make_person, browse, name):
    refused = browse(make_person(alice, role="member")).post(address(name))

    assert refused.status_code == 403
    assert b"takes the role owner" in refused.content


@pytest.mark.parametrize("role", ["viewer", "member", "owner"])
def test_the_sidebar_leads_nowhere_that_is_closed(alice, make_person, browse, role):
    client = browse(make_person(alice, role=role))

    addresses = set(re.findall(r'href="(/dashboard/[a-z]+/)"', client.get("/dashboard/").content.decode()))

    assert {path for path in addresses if client.get(path).status_code != 200} == set()
    assert ("/dashboard/members/" in addresses) == (role == "owner")


@pytest.mark.parametrize("name", FORMS)
def test_a_viewer_is_given_no_form(alice, make_person, browse, name):
    viewer = browse(make_person(alice, role="viewer"))

    assert [viewer.get(address(name)).status_code, viewer.post(address(name)).status_code] == [403, 403]


@pytest.mark.parametrize("name", FORMS)
def test_a_form_wants_a_token_of_our_own_pages(alice, make_person, browse, name):
    assert browse(make_person(alice), enforce_csrf_checks=True).post(address(name)).status_code == 403


def test_a_member_may_what_a_viewer_may_not(alice, make_person, make_job, browse):
    member = browse(make_person(alice, role="member"))

    member.post(address("cancel-job", make_job(alice, waiting=2).public_id))

    assert Job.objects.get().status == "cancelled"


def test_who_belongs_to_no_account_is_told_so(alice, make_person, browse):
    answer = browse(make_person()).get("/dashboard/")

    assert answer.status_code == 403
    assert b"You belong to no account yet" in answer.content


def test_who_belongs_to_two_accounts_changes_between_them(alice, bob, make_person, browse):
    person = make_person(alice)
    Membership.objects.create(user=person, account=bob, role="viewer")
    client = browse(person)

    before = client.get("/dashboard/").wsgi_request.account
    client.post("/dashboard/accounts/switch/", {"account": bob.pk})

    assert (before, client.get("/dashboard/").wsgi_request.account) == (alice, bob)


@pytest.mark.parametrize("asked", ["{bob}", "0", "", "x", "9" * 30, "-1"])
def test_nobody_changes_to_an_account_of_others(ada, bob, asked):
    assert ada.post("/dashboard/accounts/switch/", {"account": asked.format(bob=bob.pk)}).status_code == 404


def test_who_was_a_member_sees_no_more_of_the_account(ada, alice):
    ada.get("/dashboard/")
    ada.post("/dashboard/accounts/switch/", {"account": alice.pk})

    Membership.objects.all().delete()

    assert ada.get("/dashboard/").status_code == 403


def test_staff_look_into_any_account_and_change_nothing(bob, admin_client, make_job):
    job = make_job(bob, waiting=1, name="Lamps")

    admin_client.post("/dashboard/accounts/switch/", {"account": bob.pk})
    page = admin_client.get(address("job", job.public_id)).content

    assert b"as staff" in page
    assert b"Lamps" in page
    assert b"data-dialog" not in page
    assert admin_client.post(address("cancel-job", job.public_id)).status_code == 403


def test_staff_without_the_permission_look_into_none(alice, bob, make_person, browse, make_job):
    support = make_person(is_staff=True)
    client = browse(support)

    assert client.get("/dashboard/").status_code == 403
    names = [permission.partition(".")[2] for permission in STAFF_LOOK_WITH]
    support.user_permissions.set(Permission.objects.filter(codename__in=names))
    assert client.get("/dashboard/").status_code == 200


def test_an_open_tab_that_is_signed_out_goes_to_sign_in_as_a_whole(client, db):
    asks = {"HX-Request": "true", "HX-Current-URL": "http://testserver/dashboard/jobs/"}

    answer = client.get("/dashboard/now/", headers=asks)

    assert answer.headers["HX-Redirect"] == "/dashboard/sign-in/?next=/dashboard/jobs/"


def test_no_page_lets_scripts_or_styles_of_others_in(ada, client):
    for answer in (ada.get("/dashboard/"), client.get("/dashboard/sign-in/"), ada.get("/dashboard/jobs/job_0/")):
        policy = answer.headers["Content-Security-Policy"]

        assert "default-src 'self'" in policy
        assert "unsafe" not in policy


def test_the_admin_and_the_documentation_have_their_own_policies(admin_client):
    assert "unsafe-eval" in admin_client.get("/admin/").headers["Content-Security-Policy"]
    assert "worker-src" in admin_client.get("/docs").headers["Content-Security-Policy"]


def test_no_page_is_kept_by_shared_caches(ada):
    assert "private" in ada.get("/dashboard/").headers["Cache-Control"]
