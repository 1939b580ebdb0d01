"""API keys: made here and shown once, revoked here, never edited."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from jobs.dashboard.access import MemberRequest, page
from jobs.dashboard.paging import part_of
from jobs.forms import KeyForm
from jobs.models import ApiKey
from jobs.models.membership import Role


class NewKeyForm(KeyForm):
    class Meta(KeyForm.Meta):
        widgets = {"expires_at": forms.DateTimeInput(attrs={"type": "datetime-local"})}


@page()
def keys(request: MemberRequest) -> HttpResponse:
    """One query."""
    return render(request, "dashboard/keys.html", {"part": part_of(request.account.keys.all(), request)})


@page("GET", "HEAD", "POST", needs=Role.MEMBER)
def new(request: MemberRequest) -> HttpResponse:
    """The form; then the key, whose text lives from here to the end of the answer, and is kept nowhere."""
    form = NewKeyForm(request.POST or None, label_suffix="")
    if not form.is_valid():
        return render(request, "dashboard/key_new.html", {"form": form})
    key, text = ApiKey.objects.issue(account=request.account, **form.cleaned_data)
    answer = render(request, "dashboard/key_made.html", {"key": key, "text": text})
    answer["Cache-Control"] = "no-store"
    return answer


@page("POST", needs=Role.MEMBER)
def revoke(request: MemberRequest, public_id: str) -> HttpResponse:
    key = get_object_or_404(request.account.keys, public_id=public_id)
    key.revoke()
    messages.success(request, f"{key.prefix} is revoked.")
    return redirect("dashboard:keys")
