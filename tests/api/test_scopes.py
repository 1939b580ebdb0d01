"""What a key may do: each route and method needs one scope, and no other."""

from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from jobs.api import urls
from jobs.models import ApiKey
from jobs.models.api_key import SCOPES

pytestmark = pytest.mark.django_db

ABOUT = {"schedules": "schedules", "usage": "account", "deliveries": "webhooks", "webhooks": "webhooks"}
"""What addresses with this part are about; all others are about jobs."""
ROUTES = [
    (method, str(route.pattern))
    for route in urls.urlpatterns
    for view in [vars(route.callback)["cls"]]
    for method in view.http_method_names
    if view.permission_classes and hasattr(view, "get" if method == "head" else method)
]


def needed(method, pattern):
    about = [ABOUT[part] for part in pattern.split("/") if part in ABOUT]
    return f"{(about or ['jobs'])[0]}:{'read' if method in ('get', 'head') else 'write'}"


def ask(client, method, pattern):
    return getattr(client, method)("/v1/" + pattern.replace("<str:public_id>", "none").replace("<str:index>", "0"))


def test_the_walk_sees_every_kind_of_route():
    assert {needed(*route) for route in ROUTES} >= {
        f"{about}:{does}" for about in ("jobs", "schedules", "webhooks") for does in ("read", "write")
    }
    assert ("get", "jobs/<str:public_id>") in ROUTES


def test_the_document_alone_takes_no_key():
    asked = {str(route.pattern) for route in urls.urlpatterns} - {pattern for _, pattern in ROUTES}

    assert asked == {"openapi.json"}


@pytest.mark.parametrize(("method", "pattern"), ROUTES)
def test_a_key_with_every_scope_but_the_one_needed_is_refused(method, pattern, alice, make_client):
    scope = needed(method, pattern)

    answer = ask(make_client(alice, scopes=set(SCOPES) - {scope}), method, pattern)

    assert answer.status_code == 403
    if method != "head":
        assert answer.json()["error"]["code"] == "insufficient_scope"
        assert f"scope {scope}." in answer.json()["error"]["message"]


@pytest.mark.parametrize(("method", "pattern"), ROUTES)
def test_a_key_with_just_the_scope_needed_is_heard(method, pattern, alice, make_client):
    answer = ask(make_client(alice, scopes=[needed(method, pattern)]), method, pattern)

    assert answer.status_code in (200, 201, 400, 404, 415)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("jobs:read jobs:write", " ".join(SCOPES)),
        ("jobs:read", "jobs:read schedules:read"),
        ("jobs:write", "jobs:write schedules:write"),
        ("schedules:read", "schedules:read"),
    ],
)
def test_keys_from_before_there_were_more_scopes_can_do_what_they_could(before, after, alice):
    key, _ = ApiKey.objects.issue(account=alice, scopes=before.split())

    for _ in range(2):
        import_module("jobs.migrations.0014_older_keys_keep_their_rights").keep_rights(apps, None)

    key.refresh_from_db()
    assert key.scopes == after


def test_a_key_made_by_command_has_the_scopes_that_are_named(alice, capsys):
    call_command("create_key", "--account", "alice", "--scopes", "jobs:read", "account:read")

    key = ApiKey.objects.authenticate(capsys.readouterr().out.split()[-1])
    assert key.scopes == "jobs:read account:read"


def test_a_scope_that_is_none_is_refused_with_those_that_there_are(alice):
    with pytest.raises(CommandError, match=r"invalid choice: 'jobs:red' \(choose from 'jobs:read', 'jobs:write', 'sch"):
        call_command("create_key", "--account", "alice", "--scopes", "jobs:red")
