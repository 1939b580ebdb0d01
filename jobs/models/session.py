"""Where people are signed in."""

import hashlib

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android")),
    *(("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux")),
)
"""Marks in what browsers call themselves, the more telling first: each claims to be its elders, too."""


class Session(AbstractBaseSession):
    """A browser in which somebody is, or was, signed in; the key is the cookie's text and so is never shown."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sessions")
    agent = models.CharField(max_length=300, blank=True, help_text="What the browser calls itself.")
    signed_in_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def get_session_store_class(cls) -> type["DatabaseStore"]:
        from jobs.sessions import SessionStore  # noqa: PLC0415 - the store is made of this model

        return SessionStore

    @property
    def browser(self) -> str:
        """`Firefox on Windows`, as far as it says so."""
        program = next((name for mark, name in BROWSERS if mark in self.agent), "A browser")
        system = next((name for mark, name in SYSTEMS if mark in self.agent), "")
        return f"{program} on {system}" if system else program

    @property
    def name(self) -> str:
        """What it may be called by on a page."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:20]
