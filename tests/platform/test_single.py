"""One URL at once, rules tried, and kept pages read again: what a client gets, and what the site sees of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

RULES = {"title": "h1", "tags": [".tag"]}


def single(client, path, query="", **body):
    """The answer, which is a success."""
    answer = client.ask("POST", f"/v1/{path}{query}", body)
    assert answer.status == 200, answer
    return answer.body


# -- scrape --------------------------------------------------------------------------------------------


def test_a_page_is_answered_in_the_response_as_results_show_it(alice, site):
    body = single(alice, "scrape", url=site.url("/spa/3?ms=50"), selectors=RULES, metadata={"batch": "7"})

    assert body["result"]["data"] == {"title": "Product 3", "tags": ["tag-2", "tag-11"]}
    job = alice.job(body["job"]["id"])
    assert (job["kind"], job["status"], job["creditsUsed"], job["metadata"]) == (
        "scrape",
        "completed",
        1,
        {"batch": "7"},
    )
    assert job["results"] == [body["result"]]


def test_a_page_that_fails_is_an_answer_too(alice, site):
    body = single(alice, "scrape", url=site.url("/status/404"), selectors=RULES)

    assert (body["result"]["data"], body["result"]["error"]["code"]) == (None, "http_error")
    assert (body["job"]["status"], body["job"]["creditsUsed"]) == ("failed", 0)


def test_texts_made_of_the_page_come_along_and_pictures_can_be_fetched(alice, site):
    options = {"outputs": ["markdown", "links", "screenshot"]}

    outputs = single(alice, "scrape", url=site.url("/static/3"), options=options)["result"]["outputs"]

    assert "# Product 3" in outputs["markdown"]["content"]
    assert outputs["links"]["content"][0]["text"] == "Next"
    assert "content" not in outputs["screenshot"]
    assert outputs["screenshot"]["url"].endswith(f"/v1/artifacts/{outputs['screenshot']['id']}")


def test_a_page_that_takes_longer_is_answered_later(alice, site):
    answer = alice.ask("POST", "/v1/scrape?wait=1", {"url": site.url("/slow?ms=2500"), "selectors": RULES})

    assert (answer.status, answer.body["result"]) == (202, None)
    assert answer.headers["location"].endswith(f"/v1/jobs/{answer.body['job']['id']}")
    assert alice.wait(answer.body["job"]["id"])["results"][0]["data"]["title"] == "Slow"


def test_many_at_once_each_get_their_own(alice, site):
    def title(number):
        return single(alice, "scrape", url=site.url(f"/spa/{number}"), selectors=RULES)["result"]["data"]["title"]

    with ThreadPoolExecutor(8) as clients:
        assert list(clients.map(title, range(24))) == [f"Product {number}" for number in range(24)]


# -- preview -------------------------------------------------------------------------------------------


def test_rules_are_tried_on_html_without_a_visit(alice, site):
    html = (
        f"<h1>Chair</h1><img src='{site.url('/picture')}'><script>fetch('{site.url('/beat')}')</script><a href=x>X</a>"
    )
    rules = {"title": "h1", "link": {"selector": "a@href", "cast": "url"}, "none": "#none"}

    body = single(alice, "preview", html=html, url=site.url("/shop/"), selectors=rules)

    assert body["result"]["data"] == {"title": "Chair", "link": site.url("/shop/x"), "none": None}
    fields = body["result"]["metadata"]["fields"]
    assert (fields["title"]["status"], fields["none"]["status"]) == ("found", "no_match")
    assert not site.hits
    assert body["job"]["creditsUsed"] == 0


def test_rules_are_tried_on_a_url_by_a_visit(alice, site):
    body = single(alice, "preview", url=site.url("/static/3"), selectors=RULES)

    assert body["result"]["metadata"]["fields"]["tags"]["matches"] == 2
    assert body["job"]["creditsUsed"] == 1


def test_previews_are_not_listed(alice, site):
    previewed = single(alice, "preview", html="<h1>A</h1>", selectors=RULES)["job"]["id"]

    listed = [job["id"] for job in alice.ask("GET", "/v1/jobs").body["jobs"]]

    assert previewed not in listed
    assert alice.job(previewed)["kind"] == "preview"


# -- reextract -----------------------------------------------------------------------------------------


def test_kept_pages_are_read_by_other_rules_without_a_visit(alice, site):
    urls = [site.url(path) for path in ("/static/1", "/status/404", "/spa/2?ms=20", "/redirect?to=/static/3")]
    first = alice.wait(alice.post(urls, {"title": "h1"})["id"])
    site.forget()

    answer = alice.ask("POST", f"/v1/jobs/{first['id']}/reextract", {"selectors": RULES})
    job = alice.wait(answer.body["job"]["id"])

    assert (answer.status, job["kind"], job["sourceJobId"]) == (201, "reextract", first["id"])
    assert (job["status"], job["totalUrls"], job["creditsUsed"]) == ("completed", 3, 0)
    assert [result["url"] for result in job["results"]] == [urls[0], urls[2], urls[3]]
    assert [result["data"] for result in job["results"]] == alice_reads(alice, [urls[0], urls[2], urls[3]])
    assert [result["metadata"]["finalUrl"] for result in job["results"]][2] == site.url("/static/3")


def alice_reads(alice, urls):
    return [result["data"] for result in alice.scrape(urls, RULES)]


def test_a_page_of_a_kept_job_asks_nothing_of_the_site(alice, site):
    first = alice.wait(alice.post([site.url("/static/1")], {"title": "h1"})["id"])
    site.forget()

    again = alice.ask("POST", f"/v1/jobs/{first['id']}/reextract", {"selectors": {"images": ["img@src"]}})
    job = alice.wait(again.body["job"]["id"])

    assert job["results"][0]["data"]["images"]
    assert not site.hits


@pytest.mark.parametrize("options", [{"keepHtml": False}])
def test_what_was_not_kept_cannot_be_read_again(alice, site, options):
    first = alice.wait(alice.post([site.url("/static/1")], {"title": "h1"}, options=options)["id"])

    answer = alice.ask("POST", f"/v1/jobs/{first['id']}/reextract", {"selectors": RULES})

    assert (answer.status, answer.code) == (409, "nothing_kept")
