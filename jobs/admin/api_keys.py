"""API keys: made here and shown once, revoked here, never edited."""

import re
from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from jobs.admin.html import badge, moment
from jobs.admin.site import BigTableAdmin, StateActions, go_to
from jobs.forms import KeyForm, scopes_field
from jobs.models import ApiKey
from jobs.models.api_key import LIVE_PREFIX, TEST_PREFIX

HEADS = re.compile(f"^(?:{LIVE_PREFIX}|{TEST_PREFIX})")


class NewKeyForm(KeyForm):
    scopes = scopes_field(UnfoldAdminCheckboxSelectMultipleWidget)

    class Meta(KeyForm.Meta):
        fields = ("account", *KeyForm.Meta.fields)


@admin.register(ApiKey)
class ApiKeyAdmin(StateActions, BigTableAdmin):
    keeps_history = True
    empty_text = "Clients of the API show a key. Make the first one."
    list_display = (
        "prefix",
        "account",
        "name",
        "status",
        moment("last_used_at", "last used"),
        moment("expires_at", "expires"),
        moment("created_at", "made"),
    )
    list_select_related = ("account",)
    search_fields = ("public_id__startswith", "name", "account__name")
    search_help_text = "Key, name or account"
    form = NewKeyForm
    autocomplete_fields = ("account",)
    fieldsets = (
        (None, {"fields": ("prefix", "account", "name", "status", "scopes")}),
        (
            "Times",
            {
                "fields": (
                    moment("created_at", "made"),
                    moment("last_used_at", "last used"),
                    moment("expires_at", "expires"),
                    moment("revoked_at", "revoked"),
                )
            },
        ),
    )
    add_fieldsets = ((None, {"fields": ("account", "name", "test", "scopes", "expires_at")}),)
    actions_detail = ("revoke",)

    def has_change_permission(self, *_args: object) -> bool:
        return False

    def has_delete_permission(self, *_args: object) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[Any, ...]:
        return tuple(field for _, options in self.fieldsets for field in options["fields"]) if obj else ()

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """A whole key, pasted, finds its row as well: of its text only the public part is looked for."""
        public_id = HEADS.sub("", search_term.strip()).partition("_")[0].rstrip("…")
        return super().get_search_results(request, queryset, public_id)

    def has_revoke_permission(self, request: HttpRequest, _object_id: str | None = None) -> bool:
        return request.user.has_perm("jobs.change_apikey")

    @admin.display(description="status")
    def status(self, key: ApiKey) -> str:
        return badge(key.status)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm, change: bool) -> None:
        """The key's text is in no row, session or log: it lives from here to the answer of this request."""
        key, text = ApiKey.objects.issue(**form.cleaned_data)
        obj.pk, obj.public_id = key.pk, key.public_id
        obj._state.adding = False
        vars(obj)["text"] = text

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """One button: what was made is shown at once, and only then."""
        one_button = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, {**context, **one_button}, **kwargs)

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": "API key",
            "opts": self.opts,
            "key": obj,
            "text": vars(obj)["text"],
        }
        return TemplateResponse(request, "admin/key_made.html", context)

    def actions_now(self, row: ApiKey) -> Collection[str]:
        """A key is revoked once."""
        return () if row.revoked_at else {"revoke"}

    @action(
        description="Revoke",
        icon="key_off",
        variant=ActionVariant.DANGER,
        permissions=["revoke"],
        dialog={
            "title": "Revoke this key?",
            "description": "Whoever uses it is refused from the next request on. This cannot be undone.",
            "form_class": None,
            "form_submit_text": "Revoke",
        },
    )
    def revoke(self, request: HttpRequest, _form: forms.Form, object_id: str) -> HttpResponse:
        key = get_object_or_404(ApiKey, pk=object_id)
        key.revoke()
        self.log_change(request, key, "Revoked")
        messages.success(request, f"{key.prefix} is revoked.")
        return go_to(request, reverse("admin:jobs_apikey_change", args=[key.pk]))
