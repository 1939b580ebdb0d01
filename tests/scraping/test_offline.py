"""Kept pages, read again without a network: they give what they gave live, and touch nothing."""

from urllib.parse import quote

import pytest

from scraping import rules
from scraping.offline import Kept, offline, reread
from scraping.options import DEFAULT_PROFILE, FetchOptions, Output
from tests.scraping.corpus import SHEETS

BASE = "<base href='https://shop.example/page/'>"


@pytest.fixture
def read_kept(loop, pool):
    """Read a kept page, in a lane of its own owner."""

    async def reading(kept, selectors, profile, options):
        lane = await pool.borrow("alice", profile=offline(profile))
        try:
            return await reread(lane, kept, rules.parse(selectors, required=False), FetchOptions(**options))
        finally:
            await pool.give_back(lane)

    return lambda kept, selectors, profile=DEFAULT_PROFILE, **options: loop.run(
        reading(kept, selectors, profile, options)
    )


@pytest.fixture
def keep(visit):
    """Scrape a path of the site; the outcome, and the page as it was kept."""

    def keeping(path, selectors, **options):
        outcome = visit(path, selectors, keep_html=True, **options)
        [made] = [made for made in outcome.captures if made.output is Output.HTML]
        return outcome, Kept(outcome.final_url, made.content, made.content_type, outcome.status_code)

    return keeping


@pytest.fixture
def twice(keep, read_kept):
    """What some markup gives live, and what it gives when it is read again."""

    def both(markup, selectors, profile=DEFAULT_PROFILE, **options):
        path = f"/echo?html={quote(BASE + markup)}"
        live, kept = keep(path, selectors, profile=profile, wait_until="load", **options)
        return live, read_kept(kept, selectors, profile, **options)

    return both


# -- parity --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_each_rule_of_the_corpus_gives_its_value_again(twice, sheet):
    selectors = {str(number): rule for number, (rule, _) in enumerate(sheet.cases)}

    live, again = twice(sheet.html, selectors, **sheet.options)

    wrong = [
        (rule, value, again.data[str(n)]) for n, (rule, value) in enumerate(sheet.cases) if again.data[str(n)] != value
    ]
    assert wrong == []
    assert (again.data, again.reports) == (live.data, live.reports)
