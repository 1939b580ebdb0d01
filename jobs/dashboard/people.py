"""Signing in and out, one's own sessions, and which account is looked at."""

from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse_lazy

from jobs.dashboard.access import ACCOUNT, MemberRequest, looks_into_all, page
from jobs.models import Account, Session

ACCOUNTS_SHOWN = 50


class SignIn(views.LoginView):
    template_name = "dashboard/sign_in.html"
    redirect_authenticated_user = True


class SignOut(views.LogoutView):
    next_page = "dashboard:sign-in"


class ForgottenPassword(views.PasswordResetView):
    template_name = "dashboard/forgotten_password.html"
    email_template_name = "dashboard/mail/reset.txt"
    subject_template_name = "dashboard/mail/reset_subject.txt"
    success_url = reverse_lazy("dashboard:reset-sent")


class ResetSent(views.PasswordResetDoneView):
    template_name = "dashboard/reset_sent.html"


class NewPassword(views.PasswordResetConfirmView):
    template_name = "dashboard/new_password.html"
    success_url = reverse_lazy("dashboard:sign-in")

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        answer = super().form_valid(form)
        messages.success(self.request, "Your password is changed. Sign in with it.")
        return answer


class ChangePassword(LoginRequiredMixin, views.PasswordChangeView):
    """Whoever knows the old password elsewhere is signed out there."""

    template_name = "dashboard/change_password.html"
    success_url = reverse_lazy("dashboard:profile")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        answer = super().form_valid(form)
        others(self.request).delete()
        messages.success(self.request, "Your password is changed. Everywhere else you are signed out.")
        return answer


@page()
def profile(request: MemberRequest) -> HttpResponse:
    """Who one is, and where one is signed in. One query."""
    sessions = request.user.sessions.order_by("-signed_in_at", "-expire_date").defer("session_data")
    current = request.session.session_key
    return render(
        request, "dashboard/profile.html", {"sessions": [(one, one.session_key == current) for one in sessions]}
    )


@page("POST")
def end_session(request: MemberRequest) -> HttpResponse:
    """One of one's sessions, or with `all` every other."""
    sessions = others(request)
    ended = [one.pk for one in sessions if "all" in request.POST or one.name == request.POST.get("session")]
    sessions.filter(pk__in=ended).delete()
    messages.success(request, "Signed out there." if ended else "That session had ended already.")
    return redirect("dashboard:profile")


def others(request: HttpRequest) -> QuerySet[Session]:
    """The sessions of the same user in other browsers."""
    return Session.objects.filter(user=request.user.pk).exclude(session_key=request.session.session_key)


@page()
def accounts(request: MemberRequest) -> HttpResponse:
    """The accounts that one may look at: one's own, and for staff the others by name. One query."""
    asked = request.GET.get("q", "")[:100].replace("\0", "")
    found = Account.objects.filter(name__icontains=asked).order_by("name")[:ACCOUNTS_SHOWN]
    every = found if looks_into_all(request.user) else ()
    own = {membership.account_id for membership in request.memberships}
    return render(
        request,
        "dashboard/accounts.html",
        {"others": [account for account in every if account.pk not in own], "asked": asked, "most": ACCOUNTS_SHOWN},
    )


@page("POST")
def switch(request: MemberRequest) -> HttpResponse:
    """Look at another account from now on. Raises: Http404 if it is not one's own, and one is not staff."""
    mine = {membership.account_id for membership in request.memberships}
    asked = request.POST.get("account", "")
    allowed = Account.objects.all() if looks_into_all(request.user) else Account.objects.filter(pk__in=mine)
    account = get_object_or_404(allowed, pk=int(asked) if asked.isdecimal() and len(asked) < 16 else 0)  # noqa: PLR2004 - what the database takes
    request.session[ACCOUNT] = account.pk
    return redirect("dashboard:overview")
