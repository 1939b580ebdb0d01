import threading

import pytest
from django.db import connection

from tests.queue import making


@pytest.fixture
def make_job(alice):
    """A job of `account` (alice's unless told) with so many pages at each of its hosts, not dispatched."""
    return lambda *pages_per_host, account=alice, **overrides: making.make_job(account, *pages_per_host, **overrides)


@pytest.fixture
def make_worker(db):
    return making.make_worker


@pytest.fixture
def bells(queue):
    """The runs that were rung for, in order."""
    import dramatiq

    def rung():
        ids = queue.client.lrange(f"{queue.namespace}:pages", 0, -1)
        bodies = queue.client.hmget(f"{queue.namespace}:pages.msgs", ids) if ids else []
        return [dramatiq.Message.decode(body).args[0] for body in bodies]

    return rung


@pytest.fixture
def at_once(transactional_db):
    """Call functions at the same moment, each in a thread with its own connection; what each gave or raised."""

    def run(*functions):
        barrier, outcomes = threading.Barrier(len(functions)), [None] * len(functions)

        def call(index, function):
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
