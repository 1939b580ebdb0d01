"""Which people belong to an account, and what they may do there."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from jobs.models.account import Account


class Role(models.TextChoices):
    """Each may what those before it may, and more."""

    VIEWER = "viewer", "Viewer: looks at everything"
    MEMBER = "member", "Member: makes, changes and ends jobs, schedules and keys, too"
    OWNER = "owner", "Owner: decides about members and the webhook secret, too"

    def includes(self, other: "Role") -> bool:
        """Whether it may all that `other` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


class Membership(models.Model):
    """A person of an account. One person may belong to several."""

    Role = Role

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "account"], name="one_membership_per_account")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"
