"""What people fill in, whether in the dashboard or in the staff's admin."""

from datetime import datetime

from django import forms
from django.utils import timezone

from jobs.intake import MOST_TEST_URLS
from jobs.models import ApiKey
from jobs.models.account import MOST_TEST_URLS_A_DAY
from jobs.models.api_key import SCOPES


def scopes_field(widget: type[forms.Widget] = forms.CheckboxSelectMultiple) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope, f"{scope}: {does}") for scope, does in SCOPES.items()],
        initial=list(SCOPES),
        widget=widget,
    )


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What `ApiKey.objects.issue` takes, but for the account."""

    scopes = scopes_field()

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = ("name", "test", "scopes", "expires_at")
        labels = {"test": "Test key", "expires_at": "Expires at"}
        help_texts = {
            "name": "What the key is for, so that it can be told apart.",
            "test": f"Jobs of {MOST_TEST_URLS} URLs at most, {MOST_TEST_URLS_A_DAY} a day, that cost nothing.",
            "expires_at": "In UTC. Without a date the key works until it is revoked.",
        }

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError("This time has passed.")
        return expires_at
