"""What becomes of what was made of pages: a client downloads it, and it is given again instead of a visit."""

import http.client
from contextlib import closing
from hashlib import sha256
from urllib.parse import urlsplit

HOUR_MS = 3_600_000


def download(client, url):
    """The status, and the bytes."""
    with closing(http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)) as connection:
        connection.request("GET", urlsplit(url).path, headers={"Authorization": f"Bearer {client.key}"})
        answer = connection.getresponse()
        return answer.status, answer.read()


def kept_of(platform, job_id):
    return sorted(path for path in (platform.home / "kept").rglob(f"{job_id}/*") if path.is_file())


def test_what_a_client_asks_for_is_downloaded_by_the_urls_in_its_results(platform, alice, bob, site):
    asked = {"outputs": ["html", "markdown", "text", "links", "metadata", "screenshot"]}

    (result,) = alice.scrape([site.url("/static/4")], options=asked)

    outputs = result["outputs"]
    assert sorted(outputs) == sorted(asked["outputs"])
    for one in outputs.values():
        status, content = download(alice, one["url"])
        assert (status, len(content), sha256(content).hexdigest()) == (200, one["bytes"], one["sha256"])
        assert download(bob, one["url"])[0] == 404
    assert b"Product 4" in download(alice, outputs["html"]["url"])[1]
    assert download(alice, outputs["screenshot"]["url"])[1].startswith(b"\x89PNG")


def test_html_is_kept_unless_it_is_not_to_be_and_named_to_nobody(platform, alice, site):
    kept = alice.post([site.url("/static/1")])
    not_kept = alice.post([site.url("/static/1")], options={"keepHtml": False})

    results = alice.wait(kept["id"])["results"] + alice.wait(not_kept["id"])["results"]

    assert ["outputs" in result for result in results] == [False, False]
    assert (len(kept_of(platform, kept["id"])), kept_of(platform, not_kept["id"])) == (1, [])


def test_a_young_result_is_given_again_with_its_files_and_without_a_visit_or_a_charge(platform, alice, site):
    url = site.url("/static/11")
    options = {"outputs": ["markdown"], "maxAge": HOUR_MS}
    first = alice.wait(alice.post([url], options=options)["id"])

    again = alice.wait(alice.post([url], options=options | {"retries": 0})["id"])

    assert site.count("/static/11") == 1
    assert (first["creditsUsed"], again["creditsUsed"], again["status"]) == (1, 0, "completed")
    (visited,), (given,) = first["results"], again["results"]
    assert (given["data"], given["metadata"]["statusCode"]) == (visited["data"], 200)
    assert given["metadata"]["reusedFrom"]
    mine, copied = visited["outputs"]["markdown"], given["outputs"]["markdown"]
    assert mine["id"] != copied["id"]
    assert download(alice, copied["url"]) == download(alice, mine["url"])


def test_who_asks_for_something_else_or_is_someone_else_visits(alice, bob, site):
    url, options = site.url("/static/12"), {"maxAge": HOUR_MS}
    alice.scrape([url], options=options)

    alice.scrape([url], {"price": ".price"}, options=options)
    alice.scrape([url], options=options | {"locale": "de-DE"})
    alice.scrape([url])
    bob.scrape([url], options=options)

    assert site.count("/static/12") == 5
