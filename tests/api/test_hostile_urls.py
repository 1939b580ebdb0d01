"""A URL that must not be fetched is refused where it is posted, by its place, a code and a sentence."""

import pytest

from jobs.models import Job, Page
from tests.hostile_urls import HOSTILE_URLS

pytestmark = pytest.mark.django_db

GOOD = "https://store.com/p1"


def refusal(answer):
    """Where the only thing wrong with a request is, and its code; what makes it none is told instead."""
    if answer.status_code != 400:
        return answer.status_code
    [detail] = answer.json()["error"]["details"]
    return (detail["field"], detail["code"]) if detail["message"].endswith(".") else detail["message"]


def test_no_hostile_url_is_scraped(post):
    refusals = {url: refusal(post(urls=[url])) for url in HOSTILE_URLS}

    assert refusals == {url: ("urls[0]", code) for url, code in HOSTILE_URLS.items()}
    assert not Job.objects.exists()
    assert post().status_code == 201


def test_no_hostile_url_is_a_webhook(post):
    refusals = {url: refusal(post(webhook=url)) for url in HOSTILE_URLS}

    assert refusals == {url: ("webhook", code) for url, code in HOSTILE_URLS.items()}
    assert not Job.objects.exists()
    assert post(webhook="https://receiver.com/hook").status_code == 201


@pytest.mark.parametrize("value", [None, True, 80, 1.5, ["http://8.8.8.8/"]])
def test_what_is_no_string_is_no_url(value, post):
    assert refusal(post(urls=[value])) == ("urls[0]", "invalid_type")
    assert not Job.objects.exists()


@pytest.mark.parametrize("place", [0, 500, 999])
@pytest.mark.parametrize("url", ["http://0X7F.1/", "http://example.com:22/", "http://example.com/\n"])
def test_the_one_hostile_url_among_a_thousand_is_named(url, place, post):
    urls = [GOOD] * 999
    urls.insert(place, url)

    assert refusal(post(urls=urls)) == (f"urls[{place}]", HOSTILE_URLS[url])
    assert not Page.objects.exists()


def test_every_hostile_url_of_a_job_is_named(post):
    hostile = list(HOSTILE_URLS)[:100]

    details = post(urls=hostile).json()["error"]["details"]

    assert [detail["field"] for detail in details] == [f"urls[{index}]" for index in range(100)]
    assert [detail["code"] for detail in details] == [HOSTILE_URLS[url] for url in hostile]
