"""Clients of the API: alice's has a key for everything, bob's is another account's."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.db.backends.signals import connection_created
from rest_framework.test import APIClient

from jobs.api import middleware
from jobs.intake import JobRequest, Wanted, create_job
from jobs.models import ApiKey, Page
from jobs.recording import record_failure, record_start, record_success
from scraping.egress import check
from scraping.errors import HttpError
from tests.server import Server

SELECTORS = {"title": "h1", "price": ".price"}


@pytest.fixture
def make_key(db: None) -> Callable[..., str]:
    """The text of a new key of an account."""
    return lambda account, **overrides: ApiKey.objects.issue(account=account, **overrides)[1]


@pytest.fixture
def make_client(make_key: Callable[..., str]) -> Callable[..., APIClient]:
    def make(account: Any, **overrides: Any) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_key(account, **overrides)}")
        return client

    return make


@pytest.fixture
def api(alice: Any, make_client: Callable[..., APIClient]) -> APIClient:
    """Alice's client."""
    return make_client(alice)


@pytest.fixture
def bobs_api(bob: Any, make_client: Callable[..., APIClient]) -> APIClient:
    return make_client(bob)


@pytest.fixture
def post(api: APIClient) -> Callable[..., Any]:
    """Posts a job: good fields, changed by `overrides`; None leaves a field as JSON null, `...` leaves it out."""

    def send(**overrides: Any) -> Any:
        fields = {"urls": ["https://store.com/p1"], "selectors": SELECTORS, **overrides}
        given = {name: value for name, value in fields.items() if value is not ...}
        return api.post("/v1/jobs", orjson.dumps(given), content_type="application/json")

    return send


@pytest.fixture
def make_job(alice: Any) -> Callable[..., Any]:
    def make(urls: int = 3, *, account: Any = None, **overrides: Any) -> Any:
        fields = {
            "name": None,
            "wanted": [Wanted(check(f"https://store.com/p{number}")) for number in range(urls)],
            "selectors": orjson.dumps(SELECTORS).decode(),
            "options": "{}",
            "metadata": "{}",
            "webhook": None,
            "max_attempts": 3,
            "host_concurrency": 8,
        }
        return create_job(account=account or alice, request=JobRequest(**{**fields, **overrides}))

    return make


@pytest.fixture
def complete(db: None) -> Callable[..., None]:
    """Completes the job's page at an index, as a worker would; later on `data` is what it found."""

    def record(job: Any, index: int, data: str = '{"title":"A","price":null}') -> None:
        page, token = start_page(job, index)
        found = {"status_code": 200, "final_url": page.canonical_url, "duration_ms": 1234}
        assert record_success(page, token=token, data=data, **found)

    return record


@pytest.fixture
def fail(db: None) -> Callable[..., None]:
    """Fails the job's page at an index for good, as a worker would."""

    def record(job: Any, index: int) -> None:
        page, token = start_page(job, index)
        error = HttpError("The site answered 404 Not Found.", status_code=404, final_url=page.canonical_url)
        assert record_failure(page, error, token=token, duration_ms=321)

    return record


def start_page(job: Any, index: int) -> tuple[Any, Any]:
    """A page on its first attempt under a claim."""
    token = uuid4()
    pages = Page.objects.filter(job=job, index=index)
    pages.update(status=Page.Status.RUNNING, token=token, attempts=1)
    page = pages.select_related("job").get()
    record_start(page)
    return page, token


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    one = Server()
    one.start()
    yield one
    one.stop()


@pytest.fixture
def opened(make_job: Callable[..., Any]) -> Iterator[list[Any]]:
    """The connections to the database that other threads open from now on."""
    made: list[Any] = []

    def note(connection: Any, **kwargs: Any) -> None:
        made.append(connection)

    connection_created.connect(note)
    yield made
    connection_created.disconnect(note)


@pytest.fixture(autouse=True)
def conforming(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Whatever is answered under /v1, in whichever test and by whichever server, the document foresees."""
    from tests.api.conforming import faults

    finished, found = middleware.finished, list[str]()

    def checked(request: Any, response: Any, **more: Any) -> Any:
        response = finished(request, response, **more)
        if request.path_info.startswith("/v1/"):
            route = request.resolver_match.route if request.resolver_match else None
            content = None if response.streaming or request.method == "HEAD" else response.content
            told = faults(request.method, route, response.status_code, dict(response.items()), content)
            found.extend(f"{request.method} {request.path_info} {response.status_code}: {one}" for one in told)
        return response

    monkeypatch.setattr(middleware, "finished", checked)
    yield found
    assert found == []
