"""One platform per test process: alice and bob have no limits, and after each test everything must add up."""

from collections.abc import Iterator

import pytest

from tests.platform.client import Client
from tests.platform.running import Platform, running_platform
from tests.site import Site
from tests.webhooks.receiver import Receiver


@pytest.fixture(scope="session")
def web() -> Iterator[Site]:
    """The sites that are scraped."""
    with Site() as site:
        yield site


@pytest.fixture(scope="session")
def hooks() -> Iterator[Receiver]:
    """Where webhooks go."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="session")
def platform(web: Site, hooks: Receiver) -> Iterator[Platform]:
    with running_platform(allow=[web.pair, web.tls_pair, web.other_pair, hooks.pair]) as platform:
        yield platform


@pytest.fixture(scope="session")
def alice(platform: Platform) -> Client:
    return platform.open_account("alice")


@pytest.fixture(scope="session")
def bob(platform: Platform) -> Client:
    return platform.open_account("bob")


@pytest.fixture
def site(web: Site, platform: Platform) -> Iterator[Site]:
    """The same, with nothing on record and nothing held, and asked at no pace."""
    web.forget()
    platform.rows.forget_hosts()
    yield web
    web.release()


@pytest.fixture(autouse=True)
def invariants(platform: Platform) -> Iterator[None]:
    """What must hold at every moment holds after each test."""
    yield
    assert platform.rows.offences() == {}
