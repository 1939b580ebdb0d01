"""People: ada owns alice's account, ben owns bob's; each in a browser of their own."""

import pytest
from django.test import Client

from tests.dashboard import making


@pytest.fixture
def make_person(db):
    return making.make_person


@pytest.fixture
def make_job(db):
    return making.make_job


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
