import pytest

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
