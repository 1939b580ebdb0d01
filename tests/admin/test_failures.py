"""What people see when something fails: a page that asks nothing of the database and lets in nothing but its style."""

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from scrpy import urls
from tests.environment import ON_POSTGRES


@pytest.fixture
def visitor(client):
    """Sees what the site answers, where a test client would have the exception."""
    client.raise_request_exception = False
    return client


@pytest.fixture
def database_gone(transactional_db, tmp_path):
    """Nobody can open it from here on."""
    where = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict["NAME"] = tmp_path / "no folder" / "scrpy.sqlite3"
    yield
    connection.close()
    connection.settings_dict.update(where)


def break_down(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("a secret of ours")


urlpatterns = [path("broken", break_down)]
handler500 = urls.handler500


def lets_in_its_style_alone(answer):
    page = answer.content.decode()
    return "<script" not in page and "<style" not in page and "style=" not in page and "http" not in page


@pytest.mark.skipif(ON_POSTGRES, reason="its outages are in tests/platform")
@pytest.mark.parametrize("address", ["/admin/", "/admin/jobs/page/", "/admin/login/?next=/admin/"])
def test_while_the_database_is_away_a_page_says_so(visitor, database_gone, address):
    visitor.cookies["sessionid"] = "s" * 32

    answer = visitor.get(address)

    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "5", "no-store")
    assert "The database is away or busy" in answer.content.decode()
    assert answer["X-Request-Id"] in answer.content.decode()
    assert lets_in_its_style_alone(answer)


@pytest.mark.skipif(ON_POSTGRES, reason="its outages are in tests/platform")
def test_the_api_goes_on_saying_it_in_its_own_words(visitor, database_gone):
    answer = visitor.get("/v1/jobs", headers={"Authorization": f"Bearer sk_live_{'a' * 12}_{'b' * 32}"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "service_unavailable")


def test_what_nobody_foresaw_says_nothing_of_what_is_inside(visitor, settings):
    settings.ROOT_URLCONF = __name__

    answer = visitor.get("/broken")

    page = answer.content.decode()
    assert (answer.status_code, "a secret of ours" in page, answer["X-Request-Id"] in page) == (500, False, True)
    assert "style-src 'self'" in answer["Content-Security-Policy"]
    assert lets_in_its_style_alone(answer)


def test_where_nothing_is_a_page_says_so_without_a_question(visitor, db, django_assert_num_queries):
    visitor.cookies["sessionid"] = "s" * 32

    with django_assert_num_queries(0):
        answer = visitor.get("/nowhere")

    assert (answer.status_code, "There is nothing at this address" in answer.content.decode()) == (404, True)
    assert lets_in_its_style_alone(answer)


def test_their_style_is_served_by_this_site():
    assert finders.find("jobs/failure.css")
