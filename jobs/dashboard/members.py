"""Who belongs to the account, for its owners: add somebody, change what they may do, let them go."""

from collections.abc import Callable
from functools import partial

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from jobs.dashboard.access import MemberRequest, page
from jobs.members import MembershipRefused, add_member, change_role, remove_member
from jobs.models import Membership
from jobs.models.membership import Role


class RoleForm(forms.Form):
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.MEMBER)


class NewMemberForm(RoleForm):
    called = forms.CharField(
        label="User name or mail address", max_length=254, help_text="Of somebody who can sign in here already."
    )
    field_order = ("called", "role")


@page(needs=Role.OWNER)
def members(request: MemberRequest) -> HttpResponse:
    """One query."""
    return shown(request, NewMemberForm(label_suffix=""))


def shown(request: MemberRequest, form: NewMemberForm) -> HttpResponse:
    people = request.account.memberships.select_related("user").order_by("user__username")
    return render(request, "dashboard/members.html", {"people": people, "roles": Role, "form": form})


@page("POST", needs=Role.OWNER)
def add(request: MemberRequest) -> HttpResponse:
    """Say what is wrong beside the form."""
    form = NewMemberForm(request.POST, label_suffix="")
    if not form.is_valid():
        return shown(request, form)
    try:
        member = add_member(request.account, form.cleaned_data["called"], Role(form.cleaned_data["role"]))
    except MembershipRefused as error:
        form.add_error("called", str(error))
        return shown(request, form)
    messages.success(request, f"{member.user} belongs to {request.account} now.")
    return redirect("dashboard:members")


@page("POST", needs=Role.OWNER)
def change(request: MemberRequest, member: int) -> HttpResponse:
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "There is no such role.")
        return redirect("dashboard:members")
    role = Role(form.cleaned_data["role"])
    return done(request, member, partial(change_role, role=role), f"has the role {role.value} now.")


@page("POST", needs=Role.OWNER)
def remove(request: MemberRequest, member: int) -> HttpResponse:
    return done(request, member, remove_member, "does not belong to the account any more.")


def done(request: MemberRequest, member: int, do: Callable[[Membership], None], what: str) -> HttpResponse:
    """Do it to a member, and tell so. Whoever did it to themselves may not come back here."""
    membership = get_object_or_404(request.account.memberships.select_related("user"), pk=member)
    try:
        do(membership)
    except MembershipRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{membership.user} {what}")
        if membership.user == request.user:
            return redirect("dashboard:overview")
    return redirect("dashboard:members")
