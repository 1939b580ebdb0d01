"""Accounts: their balance and its history, the webhook secret, the way to their jobs and keys."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from jobs.accounts import grant
from jobs.admin.html import copyable, inside_link, moment, once, side_by_side
from jobs.admin.jobs import LARGE
from jobs.admin.site import BigTableAdmin, ReadOnly, go_to
from jobs.models import Account, LedgerEntry, Membership

MOST_CREDITS = 1_000_000_000_000
ENTRIES_SHOWN = 20
LEADS_TO = (
    ("job", "Jobs"),
    ("schedule", "Schedules"),
    ("delivery", "Webhook deliveries"),
    ("apikey", "API keys"),
    ("ledgerentry", "Whole ledger"),
)
OPENED = moment("created_at", "opened")


class GrantForm(BaseDialogForm):
    amount = forms.IntegerField(
        min_value=-MOST_CREDITS,
        max_value=MOST_CREDITS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Credits to add; a negative number takes some off.",
    )
    reason = forms.CharField(
        max_length=200, widget=UnfoldAdminTextInputWidget, help_text="Kept in the account's ledger."
    )

    def clean_amount(self) -> int:
        amount: int = self.cleaned_data["amount"]
        if amount == 0:
            raise forms.ValidationError("Nothing would change.")
        return amount


class NewAccountForm(forms.ModelForm):
    opening_credits = forms.IntegerField(
        min_value=0,
        max_value=MOST_CREDITS,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="What can be spent from the start. More can be granted at any time.",
    )

    class Meta:
        model = Account
        fields = ("name", "unlimited", "opening_credits")


class MembershipInline(TabularInline):
    """Who may look at the account's pages, and do what there."""

    model = Membership
    verbose_name_plural = "members"
    fields = ("user", "role")
    autocomplete_fields = ("user",)
    extra = 0


@admin.register(Account)
class AccountAdmin(BigTableAdmin):
    keeps_history = True
    empty_text = "Every API key, job and credit belongs to an account. Open the first one."
    list_display = ("name", "balance", OPENED)
    search_fields = ("name",)
    search_help_text = "Name"
    list_filter = ("unlimited",)
    readonly_fields = ("balance", "secret", "rolled", "leads_to", "ledger", OPENED)
    fieldsets = (
        (None, {"fields": ("name", "unlimited", "balance", OPENED, "leads_to")}),
        ("Limits", {"fields": ("most_jobs", "most_pages")}),
        ("Webhooks", {"fields": ("secret", "rolled"), "description": "What deliveries are signed with."}),
        ("Ledger", {"fields": ("ledger",)}),
    )
    add_fieldsets = ((None, {"fields": ("name", "unlimited", "opening_credits")}),)
    actions_detail = ("grant_credits", "roll_secret")
    inlines = (MembershipInline,)

    def get_inlines(self, request: HttpRequest, obj: Account | None) -> tuple[type[TabularInline], ...]:
        """A new account has no members yet."""
        return self.inlines if obj else ()

    def has_delete_permission(self, *_args: object) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj: Account | None = None, **kwargs: Any) -> type[forms.ModelForm]:
        return super().get_form(request, obj, **kwargs if obj else {"form": NewAccountForm, **kwargs})

    def save_model(self, request: HttpRequest, obj: Account, form: forms.ModelForm, change: bool) -> None:
        """Of a stored account only what was edited is written: jobs move the balance at the same time."""
        if change:
            obj.save(update_fields=form.changed_data)
            return
        obj.save()
        if opening := form.cleaned_data["opening_credits"]:
            grant(obj, amount=opening, reason="opening balance")

    def has_grant_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("jobs.change_account")

    @admin.display(description="balance", ordering="credits")
    def balance(self, account: Account) -> str:
        return "unlimited" if account.unlimited else f"{account.credits:,} credits"

    @admin.display(description="secret")
    def secret(self, account: Account) -> str:
        return copyable(account.webhook_secret)

    @admin.display(description="rolled")
    def rolled(self, account: Account) -> str:
        if account.webhook_secret_rolled_at is None:
            return "never"
        both = account.both_secrets_until
        until = f"; the one before signs as well until {both:%Y-%m-%d %H:%M}" if both else ""
        return f"{account.webhook_secret_rolled_at:%Y-%m-%d %H:%M}{until}"

    @admin.display(description="see also")
    def leads_to(self, account: Account) -> str:
        query = f"?account__id__exact={account.pk}"
        return side_by_side(
            inside_link(reverse(f"admin:jobs_{model}_changelist") + query, title) for model, title in LEADS_TO
        )

    @admin.display(description="latest entries")
    @once
    def ledger(self, account: Account) -> str:
        entries = account.ledger.select_related("job").order_by("-id")[:ENTRIES_SHOWN]
        return SafeString(render_to_string("admin/ledger.html", {"entries": entries}))

    @action(
        description="Grant credits",
        icon="add_card",
        variant=ActionVariant.PRIMARY,
        permissions=["grant"],
        dialog={
            "title": "Grant credits",
            "description": "The balance changes at once, also for jobs that are waiting.",
            "form_class": GrantForm,
            "form_submit_text": "Grant",
        },
    )
    def grant_credits(self, request: HttpRequest, form: GrantForm, object_id: str) -> HttpResponse:
        account = get_object_or_404(Account, pk=object_id)
        amount, reason = form.cleaned_data["amount"], form.cleaned_data["reason"]
        try:
            grant(account, amount=amount, reason=reason)
        except IntegrityError:
            messages.error(request, f"Nothing was changed: the balance does not hold {-amount:,} credits.")
        else:
            self.log_change(request, account, f"Granted {amount:,} credits: {reason}")
            messages.success(request, f"{amount:+,} credits for {account.name}.")
        return go_to(request, reverse("admin:jobs_account_change", args=[account.pk]))

    @action(
        description="Roll webhook secret",
        icon="autorenew",
        permissions=["grant"],
        dialog={
            "title": "Roll the webhook secret?",
            "description": "Deliveries are signed with a new secret at once, and for 24 hours with the present one as "
            "well: tell the account's receivers the new one until then.",
            "form_class": None,
            "form_submit_text": "Roll",
        },
    )
    def roll_secret(self, request: HttpRequest, _form: forms.Form, object_id: str) -> HttpResponse:
        account = get_object_or_404(Account, pk=object_id)
        account.roll_webhook_secret()
        self.log_change(request, account, "Rolled the webhook secret")
        messages.success(request, f"{account.name} has a new webhook secret; the one before signs for 24 hours more.")
        return go_to(request, reverse("admin:jobs_account_change", args=[account.pk]))


@admin.register(LedgerEntry)
class LedgerAdmin(ReadOnly, BigTableAdmin):
    empty_text = "What is granted and charged is written down here."
    list_display = ("change", "account", "reason", "of_job", moment("created_at", "at"))
    list_select_related = ("account", "job")
    deferred_in_list = tuple(f"job__{field}" for field in LARGE)
    fieldsets = (
        (None, {"fields": ("change", "account", "reason", "of_job", "unlimited", moment("created_at", "at"))}),
    )

    @admin.display(description="credits")
    def change(self, entry: LedgerEntry) -> str:
        return f"{entry.amount:+,}"

    @admin.display(description="job")
    def of_job(self, entry: LedgerEntry) -> str:
        job = entry.job
        return "-" if job is None else inside_link(reverse("admin:jobs_job_change", args=[job.pk]), job.public_id)
