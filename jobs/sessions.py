"""Sessions that know whose they are, so that people can see and end their own. Django's `SESSION_ENGINE`."""

from datetime import datetime
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.http import HttpRequest
from django.utils import timezone

from jobs.models import Session

LONGEST_AGENT = 300
AGENT, SIGNED_IN_AT = "agent", "signed_in_at"


class SessionStore(DatabaseStore):
    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        session = cast(Session, super().create_model_instance(data))
        session.user_id = data.get(SESSION_KEY)
        session.agent = data.get(AGENT, "")
        session.signed_in_at = datetime.fromisoformat(data[SIGNED_IN_AT]) if SIGNED_IN_AT in data else None
        return session


def note_sign_in(sender: object, request: HttpRequest, **_more: object) -> None:
    """Remember with which browser somebody signs in, and when."""
    request.session[AGENT] = request.headers.get("User-Agent", "")[:LONGEST_AGENT]
    request.session[SIGNED_IN_AT] = timezone.now().isoformat()
