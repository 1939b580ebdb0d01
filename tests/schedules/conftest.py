import orjson
import pytest
from rest_framework.test import APIClient

from jobs.models import ApiKey, Schedule
from jobs.queue.clock import database_now
from tests.queue.making import DUE

JOB = {"urls": ["https://store.com/p1", "https://store.com/p2"], "selectors": {"title": "h1"}}


class Client:
    """The API, as one account's key opens it."""

    def __init__(self, account):
        self._client = APIClient()
        self._client.credentials(HTTP_AUTHORIZATION=f"Bearer {ApiKey.objects.issue(account=account)[1]}")

    def ask(self, method, path, body=None, **headers):
        content = None if body is None else orjson.dumps(body)
        answer = self._client.generic(method, f"/v1/{path}", content or b"", "application/json", **headers)
        return answer.status_code, orjson.loads(answer.content)

    def make(self, **overrides):
        """A schedule, as the answer shows it."""
        status, body = self.ask("POST", "schedules", {"cron": "0 6 * * *", "job": JOB, **overrides})
        assert status == 201, body
        return body["schedule"]

    def schedule(self, public_id):
        return self.ask("GET", f"schedules/{public_id}")[1]["schedule"]

    def runs(self, public_id):
        return self.ask("GET", f"schedules/{public_id}/runs")[1]["runs"]


@pytest.fixture
def api(alice):
    return Client(alice)


@pytest.fixture
def bobs_api(bob):
    return Client(bob)


@pytest.fixture
def make_due(db):
    """As if its next time had come."""
    return lambda schedule: Schedule.objects.filter(public_id=schedule["id"]).update(next_at=database_now() - DUE)
