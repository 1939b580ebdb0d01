"""What a client gets for its URLs."""

import json

import pytest

from scrpy.demo.catalogue import product
from tests.site.pages import product as on_site
from tests.until import until

RETURNED = {"title": "h1", "price": ".price", "image": "img.product@src", "tags": [".tags li"]}


def shown(number):
    """The fields that RETURNED asks for, of a product of the demo shop."""
    each = product(number)
    return {"title": each.title, "price": each.price, "image": each.image, "tags": list(each.tags)}


def test_three_products_rendered_by_script_come_back_as_the_contract_shows(platform, alice):
    urls = [platform.shop_url(f"/products/{number}") for number in (1, 2, 3)]

    made = alice.post(urls, RETURNED, name="Product Scrape")
    job = alice.wait(made["id"])

    assert list(made)[:6] == ["id", "name", "status", "totalUrls", "completedUrls", "createdAt"]
    assert (made["status"], made["totalUrls"], made["completedUrls"]) == ("pending", 3, 0)
    assert list(job)[:9] == [
        "id", "name", "status", "totalUrls", "completedUrls", "failedUrls", "results", "createdAt", "completedAt",
    ]  # fmt: skip
    assert (job["name"], job["status"], job["completedUrls"], job["failedUrls"]) == (
        "Product Scrape",
        "completed",
        3,
        0,
    )
    assert [result["url"] for result in job["results"]] == urls
    assert [result["data"] for result in job["results"]] == [shown(number) for number in (1, 2, 3)]


def test_results_keep_the_order_and_the_spelling_of_the_urls(alice, site):
    urls = [
        site.url("/slow?ms=300"),
        site.url("/static/2"),
        site.url("/static/a b"),
        site.url("/static/é?q=ü&empty=#part"),
        site.url("/spa/./x/../4"),
        site.url("/static/2"),
        site.url("/static/3").replace("http:", "HTTP:"),
    ]

    results = alice.scrape(urls)

    assert [result["url"] for result in results] == urls
    assert [result["index"] for result in results] == list(range(len(urls)))
    assert [result["data"]["title"] for result in results] == [
        "Slow", "Product 2", "Product a b", "Product é", "Product 4", "Product 2", "Product 3",
    ]  # fmt: skip


def test_every_form_of_rule_reads_a_page_that_its_script_renders(alice, site):
    rules = {
        "title": "h1",
        "image": "img@src",
        "next": "a.next::attr(href)",
        "price": ".price::text",
        "tags": [".tag"],
        "by xpath": "//li[@class='tag'][2]",
        "all by xpath": ["//li[@class='tag']/text()"],
        "nothing": ".missing",
        "none": [".missing"],
    }

    (result,) = alice.scrape([site.url("/spa/7?ms=50")], rules)

    tags = on_site("7")["tags"]
    assert list(result["data"].items()) == [
        ("title", "Product 7"),
        ("image", "/images/7.png"),
        ("next", "/static/next?after=7"),
        ("price", on_site("7")["price"]),
        ("tags", tags),
        ("by xpath", tags[1]),
        ("all by xpath", tags),
        ("nothing", None),
        ("none", []),
    ]
    assert result["metadata"]["statusCode"] == 200
    assert result["metadata"]["attempts"] == 1


def test_a_redirect_gives_the_address_at_its_end_and_the_url_at_its_start(alice, site):
    url = site.url("/redirect?to=/static/9")

    (result,) = alice.scrape([url])

    assert (result["url"], result["metadata"]["finalUrl"]) == (url, site.url("/static/9"))


def test_a_request_that_waits_is_answered_when_the_job_ends(alice, site):
    site.hold("/static/held")
    made = alice.post([site.url("/static/held")])
    site.wait_for_hit("/static/held")
    assert alice.job(made["id"], "?wait=0")["status"] == "running"

    site.release()
    job = alice.job(made["id"], "?wait=60")

    assert job["status"] == "completed"


def test_another_accounts_job_does_not_exist(alice, bob, site):
    made = alice.post([site.url("/static/1")])

    answers = [bob.ask(method, f"/v1/jobs/{made['id']}") for method in ("GET", "DELETE")]

    assert [(answer.status, answer.code) for answer in answers] == [(404, "not_found")] * 2
    assert alice.wait(made["id"])["status"] == "completed"


@pytest.mark.slow
def test_a_job_of_500_products_has_every_field_right_though_its_workers_are_killed_twice(platform, alice):
    numbers = [(step * 37) % 200 + 1 for step in range(500)]
    made = alice.post([platform.shop_url(f"/products/{number}") for number in numbers], RETURNED)

    for done in (100, 300):
        until(lambda n=done: alice.job(made["id"])["completedUrls"] >= n, what=f"{done} pages", within_s=120)
        platform.kill_all("worker")
    job = alice.wait(made["id"], within_s=300)

    assert job["status"] == "completed"
    assert [result["data"] for result in alice.all_results(job)] == [shown(number) for number in numbers]


def test_a_value_that_was_cut_is_marked_and_one_that_was_not_is_not(alice, site):
    long, short = alice.scrape([site.url("/long-text"), site.url("/static/1")], {"text": "p", "title": "h1"})

    assert (len(long["data"]["text"]), long["metadata"]["truncated"]) == (64 * 1024, ["text"])
    assert "truncated" not in short["metadata"]


def test_urls_with_rules_and_options_of_their_own_are_read_by_these(alice, site, hooks):
    hooks.received.clear()
    own = {"reference": "two", "selectors": {"tags": [".tag"]}, "options": {"javascript": False, "locale": "de-DE"}}

    job = alice.post([site.url("/static/1"), {"url": site.url("/static/2"), **own}], {"title": "h1"}, webhook=hooks.url)

    plain, other = alice.wait(job["id"])["results"]
    assert (plain["data"], "reference" in plain) == ({"title": "Product 1"}, False)
    assert (list(other["data"]), other["reference"]) == (["tags"], "two")
    assert other["data"]["tags"]
    told = until(
        lambda: [json.loads(one.body) for one in hooks.received if b'"reference":"two"' in one.body], what="told"
    )
    assert told[0]["data"]["results"] == other["data"]
