"""Bad bodies of POST /v1/jobs: never a 5xx, never half a job; a code, a place, a sentence."""

import orjson
import pytest

from jobs.api.body_limit import MAX_BODY_BYTES
from jobs.models import Job

pytestmark = pytest.mark.django_db

URLS = b'"urls":["https://store.com/p1"]'
RULES = b'"selectors":{"title":"h1"}'


def send(api, body, content_type="application/json", **headers):
    return api.generic("POST", "/v1/jobs", body, content_type=content_type, **headers)


def places(answer):
    return [(one["field"], one["code"]) for one in answer.json()["error"]["details"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"null",
        b"[]",
        b'"urls"',
        b"1",
        b"true",
        b"{",
        b"{]",
        b"{'urls':1}",
        b'{"urls":[1,]}',
        b"{} {}",
        b"{}\n{}",
        b"{}garbage",
        b"\xef\xbb\xbf{}",
        b"{\xff}",
        b'{"name":"\xed\xa0\x80"}',
        b'{"name":"\\ud800"}',
        b'{"name":"\\udc00\\ud800"}',
        b'{"name":"\x00"}',
        b'{"name":"\x1f"}',
        b'{"name":NaN}',
        b'{"name":Infinity}',
        b'{"name":-Infinity}',
        b'{"name":1e400}',
        b'{"name":01}',
        b'{"name":' + b"1" * 5_000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
        "{}".encode("utf-16"),
        "{}".encode("utf-32"),
        b"urls=https%3A%2F%2Fstore.com",
    ],
)
def test_a_body_that_is_not_one_json_object_is_refused(body, api):
    answer = send(api, body)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"name":"a","name":"b",' + URLS + b"," + RULES + b"}", [("name", "duplicate_key")]),
        (b"{" + URLS + b"," + URLS + b"," + RULES + b"}", [("urls", "duplicate_key")]),
        (b"{" + URLS + b',"selectors":{"a":"h1","a":"h2"}}', [("selectors.a", "duplicate_key")]),
        (b"{" + URLS + b',"selectors":{"a":"h1","\\u0061":"h2"}}', [("selectors.a", "duplicate_key")]),
        (b'{"a":[{"b":1,"b":1}]}', [("a[0].b", "duplicate_key")]),
        (b'{"options":{"timeout":18446744073709551616}}', [("options.timeout", "out_of_range")]),
        (b'{"options":{"timeout":-9223372036854775809}}', [("options.timeout", "out_of_range")]),
        (b'{"urls":[' + b"9" * 200 + b"]}", [("urls[0]", "out_of_range")]),
        (b'{"name":"a\\u0000b"}', [("name", "invalid_character")]),
        (b'{"urls":["https://store.com/\\u0000"]}', [("urls[0]", "invalid_character")]),
        (b'{"metadata":{"a\\u0000":"b"}}', [("metadata.a\0", "invalid_character")]),
        (b'{"name":"\\u0000","urls":["\\u0000"]}', [("name", "invalid_character"), ("urls[0]", "invalid_character")]),
        (b'{"a":' * 700 + b'"\\u0000"' + b"}" * 700, [("a" + ".a" * 99 + ".…", "invalid_character")]),
    ],
)
def test_what_json_readers_do_not_agree_on_is_refused_by_place(body, expected, api):
    answer = send(api, body)

    assert answer.status_code == 400
    assert places(answer) == expected


def test_an_escaped_backslash_before_u0000_is_just_text(api):
    answer = send(api, b'{"name":"a\\\\u0000b",' + URLS + b"," + RULES + b"}")

    assert (answer.status_code, answer.json()["job"]["name"]) == (201, "a\\u0000b")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/jsonp",
        "application/json; charset=latin-1",
        "application/json, application/json",
    ],
)
def test_another_content_type_is_415(content_type, api):
    answer = send(api, b"{" + URLS + b"," + RULES + b"}", content_type)

    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON", "application/json; charset=utf-8", 'application/json;charset="UTF-8"'],
)
def test_json_in_utf8_is_taken_however_it_is_spelled(content_type, api):
    assert send(api, b"{" + URLS + b"," + RULES + b"}", content_type).status_code == 201


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "x"])
def test_a_compressed_body_is_415(encoding, api):
    answer = send(api, b"\x1f\x8b", HTTP_CONTENT_ENCODING=encoding)

    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


def test_a_body_one_byte_too_large_is_413(api):
    answer = send(api, b" " * (MAX_BODY_BYTES + 1))

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "payload_too_large")


def test_a_body_at_the_limit_is_read(api):
    body = b"{" + URLS + b"," + RULES + b"}"

    assert send(api, body + b" " * (MAX_BODY_BYTES - len(body))).status_code == 201


def test_a_client_without_a_key_gets_no_body_read(client):
    assert send(client, b"{").status_code == 401


@pytest.mark.parametrize(("query", "code"), [("dryRun=1", "invalid_choice"), ("foo=1", "unknown_field")])
def test_a_query_of_post_is_refused(query, code, api):
    answer = api.post(f"/v1/jobs?{query}", orjson.dumps({}), content_type="application/json")

    assert [one["code"] for one in answer.json()["error"]["details"]] == [code]
