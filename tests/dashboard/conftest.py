"""People: ada owns alice's account, ben owns bob's; each in a browser of their own."""

import os

import pytest
from django.test import Client
from playwright.sync_api import sync_playwright

from scraping.browser import find_chromium
from tests.dashboard import making
from tests.dashboard.tabs import Tabs
from tests.server import Server


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Hashing them well takes half a second each time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def make_person(db):
    return making.make_person


@pytest.fixture
def make_job(db):
    return making.make_job


@pytest.fixture
def make_delivery(db):
    return making.make_delivery


@pytest.fixture
def browse(db):
    """A client in which somebody is signed in."""

    def sign_in(person, **how):
        client = Client(**how)
        client.force_login(person)
        return client

    return sign_in


@pytest.fixture
def ada(alice, make_person, browse):
    """The browser of the owner of alice's account."""
    return browse(make_person(alice, username="ada", email="ada@example.com"))


@pytest.fixture
def ben(bob, make_person, browse):
    return browse(make_person(bob, username="ben"))


@pytest.fixture(scope="module")
def chromium():
    """One for a module, not for the session: while it is there a loop runs in this thread, which others cannot have."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def server(transactional_db):
    """The real web server, on the test's database."""
    one = Server()
    one.start()
    yield one
    one.stop()


@pytest.fixture
def tabs(chromium, server):
    """Opens pages as people see them; in the end none of them may have complained, or asked anything of others."""
    opened = Tabs(chromium, f"http://127.0.0.1:{server.port}")
    yield opened
    opened.close()
    assert opened.complaints == []
