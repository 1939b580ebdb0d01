"""docs/rules.md says what rules do; each of its examples does that."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

EXAMPLE = re.compile(r"```html\n(.*?)```\n```json\n(.*?)```\n```json\n(.*?)```", re.DOTALL)
TEXT = (Path(__file__).parents[2] / "docs/rules.md").read_text(encoding="utf-8")
EXAMPLES = EXAMPLE.findall(TEXT)
BASE = "<base href='https://shop.example/page/'>"


def test_every_block_belongs_to_an_example():
    assert len(EXAMPLES) >= 6
    assert TEXT.count("```html") == len(EXAMPLES)


@pytest.mark.parametrize(("html", "selectors", "data"), EXAMPLES)
def test_an_example_gives_what_it_says(visit, html, selectors, data):
    outcome = visit(f"/echo?html={quote(BASE + html)}", json.loads(selectors))

    assert list(outcome.data.items()) == list(json.loads(data).items())
