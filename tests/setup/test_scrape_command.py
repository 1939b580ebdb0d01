"""`manage.py scrape`: one URL, with the rules and options that the API takes."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from scraping.egress import Policy
from tests.site import Site


@pytest.fixture(scope="module")
def site():
    with Site() as site:
        yield site


@pytest.fixture
def scrape(site, settings):
    """Call the command on a path of the site; what it printed."""
    settings.EGRESS_POLICY = Policy(allow=frozenset({site.pair}))

    def scrape(path, *arguments):
        out = StringIO()
        call_command("scrape", site.url(path), *arguments, stdout=out)
        return json.loads(out.getvalue())

    return scrape


def test_the_result_is_printed_as_the_api_gives_it(scrape, site):
    printed = scrape("/spa/7", "--select", "title=h1", "--select", "tags[]=.tag")

    duration = printed["metadata"].pop("duration")
    assert duration > 0
    assert printed == {
        "url": site.url("/spa/7"),
        "data": {"title": "Product 7", "tags": ["tag-6", "tag-10"]},
        "index": 0,
        "metadata": {"statusCode": 200, "finalUrl": site.url("/spa/7"), "attempts": 1},
    }


def test_what_is_made_of_the_page_is_printed_where_it_is_text(scrape):
    printed = scrape("/static/7", "--options", '{"outputs": ["markdown", "screenshot"]}')

    assert printed["outputs"]["markdown"]["content"].startswith("# Product 7")
    assert "content" not in printed["outputs"]["screenshot"]


def test_what_is_made_of_the_page_can_be_saved(scrape, tmp_path):
    printed = scrape("/static/7", "--options", '{"outputs": ["screenshot"]}', "--save", str(tmp_path / "made"))

    assert printed["outputs"]["screenshot"]["file"] == f"{tmp_path}/made/screenshot.png"
    assert (tmp_path / "made/screenshot.png").read_bytes().startswith(b"\x89PNG")


def test_a_page_that_robots_txt_disallows_is_not_visited_where_that_is_heeded(scrape, site):
    site.robots = "User-agent: scrpy\nDisallow: /spa/"

    with pytest.raises(CommandError, match=r"robots\.txt asks not to visit"):
        scrape("/spa/9", "--select", "title=h1", "--options", '{"respectRobots": true}')

    assert scrape("/static/9", "--select", "title=h1", "--options", '{"respectRobots": true}')["data"]
    assert site.count("/spa/9") == 0


def test_rules_and_options_may_stand_in_files(scrape, tmp_path):
    (tmp_path / "rules.json").write_text('{"price": {"selector": ".price", "cast": "price"}}')
    (tmp_path / "options.json").write_text('{"explain": true}')

    printed = scrape("/static/7", "--rules", f"@{tmp_path}/rules.json", "--options", f"@{tmp_path}/options.json")

    assert printed["data"]["price"]["currency"] == "USD"
    assert printed["metadata"]["fields"]["price"]["status"] == "found"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--select", "title"], "expected FIELD=RULE"),
        (["--rules", "[]"], "--rules: expected a JSON object"),
        (["--rules", "@/nonexistent"], "--rules: "),
        (["--options", "{"], "--options: "),
        (["--options", '{"timeout": 1, "colour": 2}'], "options.colour: There is no such field"),
        (["--select", "title=h1["], "selectors.title: This is not a valid CSS selector"),
        ([], "selectors: There are 0 fields"),
    ],
)
def test_what_is_wrong_is_said(scrape, arguments, sentence):
    with pytest.raises(CommandError) as caught:
        scrape("/static/1", *arguments)

    assert sentence in str(caught.value)
