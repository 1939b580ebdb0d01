"""Who may open a page, and of which account: the one decorator of all views here."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from jobs.api.views import PUBLIC_ID
from jobs.models import Account, Job, Membership
from jobs.models.membership import Role

ACCOUNT = "account"
"""What a session calls the account that is looked at."""
STAFF_LOOK_WITH = ("jobs.view_account", "jobs.view_job", "jobs.view_page")
ENCLOSED = ("selectors", "options", "metadata", "webhook", "sealed_webhook", "sealed_options", "sealed_session")
"""Columns of a job that may be large, and that lists have no need of."""


class MemberRequest(HttpRequest):
    """A request by somebody who may look at `account`; `role` is what they may do there."""

    user: User
    htmx: HtmxDetails
    account: Account
    role: Role
    memberships: list[Membership]
    looks_in: bool
    """Whether it is a member of staff in an account that is not their own."""
    may: dict[str, bool]
    """Whether it may what each role may."""


View = Callable[..., HttpResponseBase]


def page(*methods: str, needs: Role = Role.VIEWER) -> Callable[[View], View]:
    """A view for those who have at least the role `needs` in the account they look at; by default one that is read.

    Whoever is not signed in is sent to do so. Two queries more than the view makes, beside session and user.
    """

    def decorate(view: View) -> View:
        @require_http_methods(methods or ("GET", "HEAD"))
        @cache_control(private=True, no_cache=True)
        @wraps(view)
        def guarded(request: HttpRequest, **named: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_sign_in(cast(MemberRequest, request))
            asked = cast(MemberRequest, request)
            if not enter(asked):
                return render(request, "dashboard/no_account.html", status=403)
            if not asked.may[needs]:
                raise PermissionDenied(f"This takes the role {needs.value} in {asked.account}.")
            return view(asked, **named)

        return guarded

    return decorate


def to_sign_in(request: MemberRequest) -> HttpResponse:
    """A part of a page cannot be a form to sign in: then all of it goes there."""
    if request.htmx:
        return HttpResponseClientRedirect(redirect_to_login(request.htmx.current_url_abs_path or "/").url)
    return redirect_to_login(request.get_full_path())


def enter(request: MemberRequest) -> bool:
    """Find out which account is looked at; False if there is none that this user may look at. One query, or two."""
    request.memberships = list(request.user.memberships.select_related("account").order_by("account__name"))
    chosen = request.session.get(ACCOUNT, 0)
    own = {membership.account_id: membership for membership in request.memberships}
    if chosen not in own and looks_into_all(request.user):
        account = Account.objects.filter(pk=chosen).first()
        if account or not own:
            return look_in(request, account or Account.objects.order_by("pk").first())
    membership = own.get(chosen) or next(iter(request.memberships), None)
    return membership is not None and let_in(request, membership.account, Role(membership.role))


def looks_into_all(user: User) -> bool:
    return user.is_staff and user.has_perms(STAFF_LOOK_WITH)


def look_in(request: MemberRequest, account: Account | None) -> bool:
    """Into an account of others, as a viewer."""
    return account is not None and let_in(request, account, Role.VIEWER, looks_in=True)


def let_in(request: MemberRequest, account: Account, role: Role, *, looks_in: bool = False) -> bool:
    request.account, request.role, request.looks_in = account, role, looks_in
    request.may = {other.value: role.includes(other) for other in Role}
    return True


def own_job(request: MemberRequest, public_id: str) -> Job:
    """The account's job; another account's is as if it were not there. One query. Raises: Http404."""
    own = Job.objects.filter(account=request.account, public_id=public_id).select_related("source")
    job = own.first() if PUBLIC_ID.fullmatch(public_id) else None
    if job is None:
        raise Http404(f"{request.account} has no job {public_id[:60]}.")
    return job
