"""Fixtures that every suite shares: alice owns, bob must not see; the queue is a real Valkey."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.valkey import running_valkey

# A machine that has other things to do fails no test.
hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("patient")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """On disk, so that threads and processes of a test share it; one for each worker of pytest-xdist."""
    database = settings.DATABASES["default"]
    if "sqlite3" in database["ENGINE"]:
        database["TEST"]["NAME"] = str(Path(settings.SCRPY_HOME) / "tests.sqlite3")
    request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


def pytest_runtest_call() -> None:
    """A test that runs within one transaction, to be undone, may think for longer than a process of scrpy may."""
    from django.db import connection

    if connection.in_atomic_block and connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


@pytest.fixture
def make_account(db: None) -> Callable[..., Any]:
    from jobs.accounts import open_account

    return lambda name="alice", **overrides: open_account(name, **{"unlimited": True, **overrides})


@pytest.fixture(scope="module")
def many(django_db_setup: None, django_db_blocker: Any) -> Iterator[Any]:
    """An account with very many rows, on PostgreSQL."""
    from tests.many_rows import many_rows

    with django_db_blocker.unblock(), many_rows() as account:
        yield account


@pytest.fixture
def alice(make_account: Callable[..., Any]) -> Any:
    return make_account("alice")


@pytest.fixture
def bob(make_account: Callable[..., Any]) -> Any:
    return make_account("bob")


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    with running_valkey() as url:
        yield url


@pytest.fixture
def queue(valkey_url: str, settings: Any) -> Iterator[Any]:
    """A real, empty queue; the broker that rings into it."""
    import dramatiq

    from jobs.queue import bell
    from scrpy import broker

    previous: Any = dramatiq.get_broker()
    settings.REDIS_URL = valkey_url
    bell.client.cache_clear()
    broker.install()
    installed: Any = dramatiq.get_broker()
    bell.client().flushall()
    yield installed
    bell.client().close()
    bell.client.cache_clear()
    installed.client.close()
    dramatiq.set_broker(previous)


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    """The folder of kept files, empty and this test's own."""
    storage = settings.STORAGES["kept"]
    folder = tmp_path / "kept"
    settings.STORAGES = {
        **settings.STORAGES,
        "kept": {**storage, "OPTIONS": {**storage["OPTIONS"], "location": folder}},
    }
    return folder


@pytest.fixture
def at_once(transactional_db: None) -> Callable[..., list[Any]]:
    """Call functions at the same moment, each in a thread with its own connection; what each gave or raised."""

    from django.db import connection

    def run(*functions: Callable[[], Any]) -> list[Any]:
        barrier = threading.Barrier(len(functions))
        outcomes: list[Any] = [None] * len(functions)

        def call(index: int, function: Callable[[], Any]) -> None:
            barrier.wait(timeout=30)
            try:
                outcomes[index] = function()
            except Exception as error:  # noqa: BLE001 - the test judges what each caller saw
                outcomes[index] = error
            finally:
                connection.close()

        threads = [threading.Thread(target=call, args=item) for item in enumerate(functions)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert not any(thread.is_alive() for thread in threads), "a deadlock"
        return outcomes

    return run
