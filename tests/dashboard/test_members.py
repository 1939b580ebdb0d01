"""Members of an account, for its owners."""

import pytest
from django.utils.html import escape

from jobs.models import Membership
from tests.dashboard.hostile import HOSTILE

ADD = "/dashboard/members/add/"


def roles(account):
    return dict(account.memberships.values_list("user__username", "role"))


@pytest.fixture
def grace(alice, make_person):
    """The membership of a second person."""
    return make_person(alice, role="member", username="grace").memberships.get()


@pytest.mark.parametrize("called", ["linus", "linus@example.com", "LINUS@example.com", " linus "])
def test_somebody_is_added_by_name_or_mail_address(ada, alice, make_person, called):
    make_person(username="linus", email="linus@example.com")

    page = ada.post(ADD, {"called": called, "role": "viewer"}, follow=True).content

    assert b"linus belongs to alice now." in page
    assert roles(alice) == {"ada": "owner", "linus": "viewer"}


@pytest.mark.parametrize(
    ("called", "role", "says"),
    [
        ("nobody", "viewer", "Nobody called nobody may sign in here"),
        ("gone", "viewer", "Nobody called gone may sign in here"),
        ("both@example.com", "viewer", "give the user name"),
        ("ada", "viewer", "ada is a member already"),
        ("linus", "king", "is not one of the available choices"),
        ("", "viewer", "This field is required"),
        ("a\0b", "viewer", "Null characters are not allowed"),
    ],
)
def test_who_cannot_be_added_is_told_why(ada, alice, make_person, called, role, says):
    make_person(username="linus", email="both@example.com")
    make_person(username="lena", email="both@example.com")
    make_person(username="gone", is_active=False)

    page = ada.post(ADD, {"called": called, "role": role}).content.decode()

    assert says in page
    assert roles(alice) == {"ada": "owner"}


def test_a_role_is_changed(ada, alice, grace):
    ada.post(f"/dashboard/members/{grace.pk}/role/", {"role": "owner"})

    assert roles(alice) == {"ada": "owner", "grace": "owner"}


def test_a_role_that_is_none_changes_nothing(ada, alice, grace):
    page = ada.post(f"/dashboard/members/{grace.pk}/role/", {"role": "king"}, follow=True).content

    assert b"There is no such role" in page
    assert roles(alice)["grace"] == "member"


def test_who_is_removed_sees_no_more(ada, alice, grace, browse):
    theirs = browse(grace.user)

    ada.post(f"/dashboard/members/{grace.pk}/remove/")

    assert roles(alice) == {"ada": "owner"}
    assert theirs.get("/dashboard/").status_code == 403


@pytest.mark.parametrize(("what", "form"), [("remove", {}), ("role", {"role": "member"})])
def test_the_last_owner_stays_one(ada, alice, grace, what, form):
    own = Membership.objects.get(user__username="ada")

    page = ada.post(f"/dashboard/members/{own.pk}/{what}/", form, follow=True).content

    assert b"ada is the last owner" in page
    assert roles(alice) == {"ada": "owner", "grace": "member"}


def test_an_owner_leaves_where_there_is_another(ada, alice, grace):
    Membership.objects.filter(pk=grace.pk).update(role="owner")
    own = Membership.objects.get(user__username="ada")

    answer = ada.post(f"/dashboard/members/{own.pk}/role/", {"role": "viewer"})

    assert answer.url == "/dashboard/"
    assert roles(alice) == {"ada": "viewer", "grace": "owner"}


@pytest.mark.parametrize(("what", "form"), [("remove", {}), ("role", {"role": "viewer"})])
def test_members_of_other_accounts_are_not_there(ada, ben, bob, what, form):
    bens = Membership.objects.get(user__username="ben")

    answers = [ada.post(f"/dashboard/members/{pk}/{what}/", form).status_code for pk in (bens.pk, 0, 10**30)]

    assert answers == [404, 404, 404]
    assert roles(bob) == {"ben": "owner"}


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_only_owners_look(alice, make_person, browse, role):
    assert browse(make_person(alice, role=role)).get("/dashboard/members/").status_code == 403


def test_all_of_them_take_one_query(ada, alice, make_person, django_assert_num_queries):
    for _ in range(9):
        make_person(alice)

    with django_assert_num_queries(4):
        ada.get("/dashboard/members/")


@pytest.mark.parametrize("text", HOSTILE)
def test_names_are_escaped(ada, alice, make_person, text):
    text = text.replace("\0", "")[:150]
    make_person(alice, username=text)

    assert escape(text) in ada.get("/dashboard/members/").content.decode()
