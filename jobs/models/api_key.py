"""Keys of the API: a public id to find the row by, and a secret of which only the hash is kept."""

import hashlib
import hmac
import logging
import re
import secrets
import string
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self

from django.db import OperationalError, models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from jobs.models.account import Account

logger = logging.getLogger(__name__)

LIVE_PREFIX, TEST_PREFIX = "sk_live_", "sk_test_"
PUBLIC_CHARS, SECRET_CHARS = 12, 32
FORM = re.compile(rf"({LIVE_PREFIX}|{TEST_PREFIX})([0-9A-Za-z]{{{PUBLIC_CHARS}}})_([0-9A-Za-z]{{{SECRET_CHARS}}})")
USE_IS_NOTED_EVERY = timedelta(minutes=1)
SCOPES = {
    "jobs:read": "look at jobs, their results and their files",
    "jobs:write": "make, change and end jobs, scrape single URLs, try rules",
    "schedules:read": "look at schedules and their runs",
    "schedules:write": "make, change, run and end schedules",
    "webhooks:read": "look at what was delivered to webhooks",
    "webhooks:write": "have deliveries made again",
    "account:read": "look at what the account has used and has left",
}
"""What a key may be allowed, and what that is. A view says what it is about, and so which of them it needs."""


def random_text(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


def hash_of(secret: str) -> str:
    """SHA-256 is enough here: the secret is 190 random bits, not a password."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self) -> Self:
        """Neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None)

    def issue(
        self,
        *,
        account: Account,
        name: str = "",
        scopes: Iterable[str] = tuple(SCOPES),
        test: bool = False,
        expires_at: datetime | None = None,
    ) -> tuple["ApiKey", str]:
        """A new key, and its text, which exists nowhere but in this answer."""
        public_id, secret = random_text(PUBLIC_CHARS), random_text(SECRET_CHARS)
        key = self.create(
            account=account,
            name=name,
            scopes=" ".join(scopes),
            test=test,
            public_id=public_id,
            secret_hash=hash_of(secret),
            expires_at=expires_at,
        )
        return key, f"{key.head}{public_id}_{secret}"

    def authenticate(self, text: str) -> "ApiKey | None":
        """The usable key that `text` is, its account loaded; None for any other text. One query."""
        found = FORM.fullmatch(text)
        if not found:
            return None
        named = self.usable().filter(public_id=found[2], test=found[1] == TEST_PREFIX)
        key = next(iter(named.select_related("account")), None)
        known = key.secret_hash if key else hash_of("")
        return key if hmac.compare_digest(known, hash_of(found[3])) else None


class ApiKey(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=100, blank=True)
    scopes = models.CharField(max_length=200, default=" ".join(SCOPES), help_text="What the key may do.")
    test = models.BooleanField(default=False, db_default=False, help_text="What is scraped with it costs nothing.")
    public_id = models.CharField(max_length=PUBLIC_CHARS, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.prefix

    @property
    def head(self) -> str:
        """How its text begins."""
        return TEST_PREFIX if self.test else LIVE_PREFIX

    @property
    def prefix(self) -> str:
        """What may be shown of the key."""
        return f"{self.head}{self.public_id}…"

    @property
    def status(self) -> str:
        """Whether it opens anything: `usable`, `revoked` or `expired`."""
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at and self.expires_at <= timezone.now() else "usable"

    @property
    def may_all(self) -> bool:
        return set(SCOPES) <= set(self.scopes.split())

    def allows(self, scope: str) -> bool:
        return scope in self.scopes.split()

    def revoke(self) -> None:
        """End the key, now and for good. Queries."""
        ApiKey.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=Now())

    def note_use(self) -> None:
        """Remember that the key was used, to the minute, so that reading does not write each time.

        In vain while the database takes no writes: it may still be read.
        """
        if self.last_used_at is None or self.last_used_at < timezone.now() - USE_IS_NOTED_EVERY:
            try:
                ApiKey.objects.filter(pk=self.pk).update(last_used_at=Now())
            except OperationalError as error:
                logger.warning("The use of key %s was not noted: %s", self, error)
