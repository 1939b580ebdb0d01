"""Whatever a client sends is a request or is refused: nothing else is raised."""

from contextlib import suppress
from functools import partial

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.api.bodies import read_document
from jobs.api.errors import ApiError
from jobs.api.job_requests import (
    FIELDS,
    PREVIEW_FIELDS,
    SCRAPE_FIELDS,
    read_job_request,
    read_preview_request,
    read_scrape_request,
)
from jobs.api.queries import Refused
from jobs.api.results import Cursor, read_cursor, read_names
from jobs.intake import JobRequest
from jobs.options import READERS

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
documents = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from([*{*FIELDS, *SCRAPE_FIELDS, *PREVIEW_FIELDS}, *READERS, "title"]) | texts
objects = st.dictionaries(names, documents | st.dictionaries(names, documents, max_size=4), max_size=6)


def outcome(call, *arguments):
    """What the call returns, or how it refuses."""
    try:
        return call(*arguments)
    except ApiError as error:
        return error


@given(objects)
@example({"urls": ["https://store.com/p1"], "selectors": {"title": "h1"}})
def test_any_object_is_a_request_for_a_job_or_refused(body):
    became = outcome(read_job_request, body)

    assert isinstance(became, JobRequest) or (became.status == 400 and became.problems)


@given(objects, st.sampled_from([read_scrape_request, read_preview_request]))
@example({"url": "https://store.com/p1", "selectors": {"title": "h1"}}, read_scrape_request)
@example({"html": "<h1>A</h1>", "selectors": {"title": "h1"}}, read_preview_request)
@example({"options": 1}, read_scrape_request)
def test_any_object_is_a_request_for_a_page_or_refused(body, read):
    became = outcome(read, body)

    assert isinstance(became, JobRequest | tuple) or (became.status == 400 and became.problems)


read_body = partial(read_document, what="The body")


@given(st.binary() | documents.map(orjson.dumps))
def test_any_bytes_are_a_document_or_refused(body):
    refused = outcome(read_body, body)

    assert not isinstance(refused, ApiError) or refused.status == 400


@given(documents)
def test_a_document_is_read_as_it_was_written(document):
    assert orjson.dumps(read_body(orjson.dumps(document))) == orjson.dumps(document)


@given(st.sampled_from(["sequence", "index"]), st.integers(0, 999_999_999))
def test_a_cursor_is_read_as_it_was_written(order, position):
    assert read_cursor(str(Cursor(order, position))) == Cursor(order, position)


@pytest.mark.parametrize("body", [b'"\xf0\x9f\x98\x80"', b'"\\ud83d\\ude00"'])
def test_a_whole_surrogate_pair_is_the_character_it_stands_for(body):
    assert read_body(body) == "😀"


@given(st.lists(texts.filter(lambda name: not set(name) & set("\r\n")), min_size=1, max_size=5))
def test_names_written_as_csv_are_read_back(names):
    text = ",".join('"{}"'.format(name.replace('"', '""')) for name in names)

    assert read_names(text) == names


@given(st.text())
def test_any_text_names_fields_or_is_refused(text):
    with suppress(Refused):
        assert read_names(text)
