"""docs/api.md names every route, code, parameter and option there is."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from jobs.api import exports, urls, waiting
from jobs.api.errors import STATUSES
from jobs.api.job_requests import FIELDS
from jobs.intake import MOST_TEST_URLS
from jobs.models.account import MOST_TEST_URLS_A_DAY
from jobs.models.api_key import SCOPES
from jobs.options import READERS
from scraping.errors import ScrapeError

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "docs" / "api.md").read_text()
SOURCES = "".join(
    path.read_text()
    for path in (
        *(ROOT / "jobs/api").glob("*.py"),
        *(ROOT / "jobs/options").glob("*.py"),
        ROOT / "jobs/reading.py",
        ROOT / "scraping/rules/parse.py",
    )
)


@pytest.mark.parametrize("pattern", urls.urlpatterns, ids=lambda pattern: str(pattern.pattern))
def test_every_route_is_documented(pattern):
    path = str(pattern.pattern).replace("<str:public_id>", ":id").replace("<str:index>", ":index")
    assert f" /v1/{path}\n" in TEXT


@pytest.mark.parametrize(("code", "status"), STATUSES.items())
def test_every_code_is_documented_with_its_status(code, status):
    assert f"| `{code}` | {status} |" in TEXT


def leaves(error):
    return [leaf for child in error.__subclasses__() for leaf in (child, *leaves(child))]


@pytest.mark.parametrize("error", leaves(ScrapeError), ids=lambda error: error.__name__)
def test_every_code_of_a_page_that_failed_is_documented_and_whether_it_is_retried(error):
    *_, retried = re.findall(rf"^\| `{error.code}` \|([^|]*)\|", TEXT, re.MULTILINE)

    sometimes = "if" in retried or "5xx" in retried
    assert sometimes or (retried.strip() == "yes") == error.retryable


@pytest.mark.parametrize("name", [*FIELDS, *(f"options.{option}" for option in READERS)])
def test_every_field_of_a_job_is_documented(name):
    assert f"`{name}`" in TEXT or f'"{name}"' in TEXT


@pytest.mark.parametrize(
    "code", sorted(set(re.findall(r'(?:Refused\(|(?:add|_note|noting|Problem)\(\s*[^,]+,\s+)"([a-z_]+)"', SOURCES)))
)
def test_every_code_in_details_is_documented(code):
    assert f"`{code}`" in TEXT


@pytest.mark.parametrize("scope", SCOPES)
def test_every_scope_is_documented(scope):
    assert f"| `{scope}` | " in TEXT


@pytest.mark.parametrize(
    "said",
    [
        f"has {MOST_TEST_URLS} URLs at most",
        f"have {MOST_TEST_URLS_A_DAY} in all",
        f"an account has {waiting.MOST_OF_ACCOUNT} answers held back",
        f"an account has {exports.MOST_OF_ACCOUNT} files of results being sent",
        f"as many live ones as it may ({settings.SCRPY_ACCOUNT_JOBS:,}",
    ],
)
def test_limits_are_documented_as_they_are(said):
    assert said in TEXT
