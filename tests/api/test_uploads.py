"""Jobs whose URLs come as a file: NDJSON or CSV, as the body or as a part of a form."""

import io
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st

from jobs.api import uploads
from jobs.api.errors import MOST_PROBLEMS
from jobs.api.uploads import LONGEST_LINE
from jobs.models import IdempotencyKey, Job, Page
from scrpy.logs import json_formatter

pytestmark = pytest.mark.django_db

FULL = Path("/dev/full")
"""A disk without room."""
RULES = {"selectors": {"title": "h1"}}
NDJSON, CSV = "application/x-ndjson", "text/csv"
FORM_OF_X = "multipart/form-data; boundary=x"
OWN = {
    "url": "https://store.com/2",
    "reference": "sku-2",
    "selectors": {"name": ".name"},
    "options": {"timeout": 60_000},
}


@pytest.fixture
def send(api):
    """Posts a file as the body, and the rest of the job in the query."""

    def post(content, kind=NDJSON, *, job=RULES, client=api, key=None, **query):
        asked = urlencode({**({} if job is None else {"job": orjson.dumps(job)}), **query})
        headers = {"Idempotency-Key": key} if key else {}
        return client.post(f"/v1/jobs?{asked}", content, content_type=kind, headers=headers)

    return post


@pytest.fixture
def send_form(api):
    """Posts a form; `parts` are texts, or (file name, type, content)."""

    def post(parts, *, key=None, query=""):
        form = [(name, part if isinstance(part, str) else named(*part)) for name, part in parts]
        data = {name: [value for other, value in form if other == name] for name, _ in form}
        headers = {"Idempotency-Key": key} if key else {}
        return api.post(f"/v1/jobs{query}", data, format="multipart", headers=headers)

    return post


def named(name, kind, content):
    file = io.BytesIO(content)
    file.name, file.content_type = name, kind
    return file


def lines(*items):
    return b"\n".join(map(orjson.dumps, items))


def problems(answer):
    assert answer.status_code == 400, answer.content
    assert not Job.objects.exists()
    return [(one["field"], one["code"]) for one in answer.json()["error"]["details"]]


def made(answer):
    """What the pages of the job that was answered were asked for."""
    assert answer.status_code == 201, answer.json()
    job = Job.objects.get(public_id=answer.json()["job"]["id"])
    assert job.total_urls == job.pages.count()
    return [(page.url, page.reference) for page in job.pages.order_by("index")]


# -- what is taken -------------------------------------------------------------------------------------


def test_each_line_of_ndjson_is_a_url_or_an_object(send):
    answer = send(lines("https://store.com/1", OWN))

    assert made(answer) == [("https://store.com/1", None), ("https://store.com/2", "sku-2")]
    assert answer.json()["job"]["totalUrls"] == 2
    own = Page.objects.get(index=1)
    assert orjson.loads(own.asked.selectors) == {"name": ".name"}
    assert orjson.loads(own.asked.options)["timeout"] == 60_000


def test_each_row_of_csv_is_a_url_with_what_its_cells_say(send):
    content = (
        "reference,url,options,selectors\nsku-1,https://store.com/1,,\n"
        ',https://store.com/2,"{""timeout"": 60000}","{""name"": "".name""}"\n'
    )

    assert made(send(content, CSV)) == [("https://store.com/1", "sku-1"), ("https://store.com/2", None)]
    own = Page.objects.select_related("variant").get(index=1)
    assert orjson.loads(own.asked.selectors) == {"name": ".name"}


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (NDJSON, b'\xef\xbb\xbf"https://store.com/1"\r\n\r\n  \n"https://store.com/2"'),
        ("application/jsonl; charset=UTF-8", b'"https://store.com/1"\n"https://store.com/2"\n'),
        (CSV, b"\xef\xbb\xbfurl\r\nhttps://store.com/1\r\n\r\nhttps://store.com/2\r\n"),
        ('text/csv; charset="utf-8"', b"https://store.com/1\nhttps://store.com/2"),
        (CSV, b'"url"\n"https://store.com/1"\n"https://store.com/2"\n\n'),
    ],
)
def test_files_may_be_written_as_programs_write_them(send, kind, content):
    assert made(send(content, kind)) == [("https://store.com/1", None), ("https://store.com/2", None)]


@pytest.mark.parametrize(
    "part",
    [
        ("urls.ndjson", "application/octet-stream", lines("https://store.com/1")),
        ("URLS.JSONL", "application/octet-stream", lines("https://store.com/1")),
        ("list", "text/csv", b"https://store.com/1"),
        ("list.csv", "application/octet-stream", b"url\nhttps://store.com/1\n"),
    ],
)
def test_a_form_has_the_job_beside_the_file(send_form, part):
    answer = send_form([("job", orjson.dumps({**RULES, "name": "By form"}).decode()), ("urls", part)])

    assert made(answer) == [("https://store.com/1", None)]
    assert answer.json()["job"]["name"] == "By form"


def test_the_job_of_a_form_may_be_a_file_as_well(send_form):
    job = ("job.json", "application/json", orjson.dumps(RULES))

    assert made(send_form([("job", job), ("urls", ("a.csv", "text/csv", b"https://store.com/1"))]))


def test_later_copies_are_dropped_if_so_asked(send):
    job = {**RULES, "options": {"deduplicate": True}}

    answer = send(lines("https://store.com/1", "https://store.com/1"), job=job)

    assert (answer.json()["job"]["totalUrls"], answer.json()["job"]["duplicatesDropped"]) == (1, 1)


# -- what is refused -----------------------------------------------------------------------------------


def test_every_bad_line_is_told_with_its_number(send):
    content = (
        b'"https://store.com/1"\n\n{"url": "https://store.com/2", "selectors": {"a": ">>"}}\nnonsense\n"ftp://x"\n'
    )

    answer = send(content)

    assert problems(answer) == [
        ("urls[1].selectors.a", "invalid_selector"),
        ("urls[2]", "invalid"),
        ("urls[3]", "invalid_url"),
    ]
    details = answer.json()["error"]["details"]
    assert [one["line"] for one in details] == [3, 4, 5]
    assert [one["message"].partition(":")[0] for one in details] == ["Line 3", "Line 4", "Line 5"]


def test_after_a_bad_row_the_others_are_told_as_well(send):
    content = b'url,reference\nhttps://store.com/1,"two\nlines"\n"x"y,\nftp://x,\nhttps://store.com/\xff,\n"",3,4\n'

    answer = send(content + b"https://store.com/2,\n", CSV)

    assert problems(answer) == [
        ("urls[1]", "invalid"),
        ("urls[2].url", "invalid_url"),
        ("urls[3]", "invalid"),
        ("urls[4]", "too_many"),
    ]
    assert [one["line"] for one in answer.json()["error"]["details"]] == [4, 5, 6, 7]


def test_of_many_bad_lines_the_first_hundred_are_told_and_all_are_counted(send):
    answer = send(lines(*["ftp://x"] * 250))

    assert len(problems(answer)) == MOST_PROBLEMS
    assert "250 things are wrong" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", ("urls", "required")),
        (b"\n \n", ("urls", "required")),
        (b'{"url": "https://store.com/1", "url": "https://store.com/2"}', ("urls[0].url", "duplicate_key")),
        (b'{"url": "https://store.com/1", "reference": "\\u0000"}', ("urls[0].reference", "invalid_character")),
        (b'{"url": "https://store.com/1", "colour": "red"}', ("urls[0].colour", "unknown_field")),
        (b"[1]", ("urls[0]", "invalid_type")),
        (b"NaN", ("urls[0]", "invalid")),
        (b"[" * 100_000, ("urls[0]", "invalid")),
        (b'"\xff"', ("urls[0]", "invalid")),
        (b"\x00\x01\x02\xfe", ("urls[0]", "invalid")),
        (b'"http://127.0.0.1/"', ("urls[0]", "blocked_address")),
        (b'"' + b"x" * LONGEST_LINE + b'"', ("urls", "invalid")),
    ],
)
def test_bad_ndjson_is_told_by_its_place(send, content, found):
    assert problems(send(content)) == [found]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", ("urls", "required")),
        (b"url\n", ("urls", "required")),
        (b"address\nhttps://store.com/1\n", ("urls", "invalid")),
        (b"url,url\nhttps://store.com/1,\n", ("urls", "invalid")),
        (b"reference\nsku-1\n", ("urls", "invalid")),
        (b"url\nhttps://store.com/1,more\n", ("urls[0]", "too_many")),
        (b"url,options\nhttps://store.com/1,{\n", ("urls[0].options", "invalid")),
        (b"url,reference\n,sku-1\n", ("urls[0].url", "required")),
        (b'url\n"https://store.com/1"x\n', ("urls[0]", "invalid")),
        (b'url\n"https://store.com/1\n', ("urls[0]", "invalid")),
        (b"url\nhttps://store.com/\xff\n", ("urls[0]", "invalid")),
        (b"url\nhttps://store.com/\r/\n", ("urls[0]", "invalid")),
        (b"url,reference\nhttps://store.com/1,\xed\xa0\x80\n", ("urls[0]", "invalid")),
        (b"url,reference\nhttps://store.com/1," + b"x" * 131_073, ("urls[0]", "invalid")),
        (b"\xff\xfeu\0r\0l\0\n\0", ("urls", "invalid")),
        (b'"url"x\nhttps://store.com/1', ("urls", "invalid")),
        (b"url\n" + b'"\n",' * (LONGEST_LINE // 4 + 1), ("urls", "invalid")),
        (b"url,reference\nhttps://store.com/1,\x00\n", ("urls[0].reference", "invalid_character")),
        (b"url,reference\nhttps://store.com/1," + b"x" * 501, ("urls[0].reference", "too_long")),
        (b"url\n" + b"x" * (LONGEST_LINE + 1), ("urls", "invalid")),
    ],
)
def test_bad_csv_is_told_by_its_place(send, content, found):
    assert problems(send(content, CSV)) == [found]


def test_what_is_wrong_with_the_job_and_with_lines_is_told_at_once(send):
    answer = send(lines("https://store.com/1", "ftp://x"), job={**RULES, "colour": "red"})

    assert problems(answer) == [("colour", "unknown_field"), ("urls[1]", "invalid_url")]


def test_what_is_wrong_with_the_job_is_told_as_well(send):
    answer = send(lines("https://store.com/1"), job={"urls": [], "selectors": {}, "colour": "red"})

    assert set(problems(answer)) == {("urls", "unknown_field"), ("colour", "unknown_field"), ("selectors", "invalid")}


@pytest.mark.parametrize("job", ["[]", "1", '"x"'])
def test_the_job_is_an_object(send_form, job):
    file = ("a.csv", "text/csv", b"https://store.com/1")

    assert problems(send_form([("job", job), ("urls", file)])) == [("job", "invalid_type")]


def test_a_job_that_is_not_json_is_refused(api):
    answer = api.post("/v1/jobs?job=%7B", b"", content_type=NDJSON)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert "`job` is not valid JSON" in answer.json()["error"]["message"]


FILE = ("urls", ("a.csv", "text/csv", b"https://store.com/1"))
JOB = ("job", '{"selectors": {"title": "h1"}}')


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([FILE], [("job", "required")]),
        ([JOB], [("urls", "required")]),
        ([JOB, JOB, FILE], [("job", "duplicate_key")]),
        ([JOB, FILE, FILE], [("urls", "duplicate_key")]),
        ([JOB, FILE, ("more", "x")], [("more", "unknown_field")]),
        ([JOB, ("urls", ("a.pdf", "application/pdf", b""))], [("urls", "invalid_choice")]),
        ([JOB, ("urls", "https://store.com/1")], [("urls", "required")]),
    ],
)
def test_a_form_has_one_job_and_one_file(send_form, parts, found):
    assert problems(send_form(parts)) == found


def test_a_form_takes_no_job_from_the_query(send_form):
    assert problems(send_form([JOB, FILE], query="?job=%7B%7D")) == [("job", "unknown_field")]


def test_a_job_in_the_query_goes_with_a_file_alone(api):
    answer = api.post("/v1/jobs?job=%7B%7D", b"{}", content_type="application/json")

    assert problems(answer) == [("job", "unknown_field")]


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=é"])
def test_a_form_that_is_none_is_refused(api, kind):
    answer = api.post("/v1/jobs", b"nonsense", content_type=kind)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("kind", "headers"),
    [
        ("text/plain", {}),
        ("text/csv; charset=latin-1", {}),
        (CSV, {"Content-Encoding": "gzip"}),
        ("multipart/form-data; boundary=x", {"Content-Encoding": "gzip"}),
    ],
)
def test_other_types_and_encodings_are_refused(api, kind, headers):
    answer = api.post("/v1/jobs", b"https://store.com/1", content_type=kind, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(("count", "status"), [(2, 201), (3, 201), (4, 400)])
def test_a_file_has_so_many_urls_at_most(send, settings, count, status):
    settings.SCRPY_MAX_URLS_PER_JOB, settings.SCRPY_MAX_URLS_PER_UPLOAD = 1, 3

    answer = send(lines(*(f"https://store.com/{n}" for n in range(count))))

    assert answer.status_code == status
    if status == 400:
        assert problems(answer) == [("urls", "too_many")]


# -- as with JSON --------------------------------------------------------------------------------------


def test_a_file_needs_credits_like_any_job(make_account, make_client, send):
    client = make_client(make_account("carol", unlimited=False, credits=1))

    answer = send(lines("https://store.com/1", "https://store.com/2"), client=client)

    assert (answer.status_code, Job.objects.count()) == (402, 0)


def test_a_test_key_has_small_files(alice, make_client, send):
    client = make_client(alice, test=True)

    answer = send(lines(*(f"https://store.com/{n}" for n in range(26))), client=client)

    assert problems(answer) == [("urls", "too_many")]


def test_a_dry_run_tells_what_the_file_would_be(send):
    answer = send(lines("https://store.com/1", "https://store.com/1", "ftp://x"), dryRun="true")

    told = answer.json()["dryRun"]
    assert (told["totalUrls"], told["duplicateUrls"], told["refusedUrls"]) == (2, 1, 1)
    assert told["refused"][0]["message"].startswith("Line 3: ")
    assert not Job.objects.exists()


def test_the_same_file_under_the_same_key_is_one_job(send):
    first, again = (send(lines("https://store.com/1"), key="k") for _ in range(2))

    assert again.content == first.content
    assert (Job.objects.count(), again["Idempotent-Replayed"]) == (1, "true")


@pytest.mark.parametrize("change", [{"content": b'"https://store.com/2"'}, {"job": {"selectors": {"name": "h1"}}}])
def test_another_file_or_job_under_the_same_key_is_a_conflict(send, change):
    send(lines("https://store.com/1"), key="k")

    answer = send(**{"content": lines("https://store.com/1"), "key": "k", **change})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_conflict")


def test_the_same_form_under_the_same_key_is_one_job_whatever_its_boundary(api):
    def post(boundary, url):
        parts = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="job"\r\n\r\n{JOB[1]}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="urls"; filename="a.csv"\r\n\r\n{url}\r\n'
            f"--{boundary}--\r\n"
        )
        kind = f"multipart/form-data; boundary={boundary}"
        return api.post("/v1/jobs", parts.encode(), content_type=kind, headers={"Idempotency-Key": "k"})

    first, again, other = (
        post("one", "https://store.com/1"),
        post("two", "https://store.com/1"),
        post("two", "http://x.com/"),
    )

    assert (first.status_code, again.content, other.status_code) == (201, first.content, 409)
    assert (Job.objects.count(), IdempotencyKey.objects.count()) == (1, 1)


@pytest.mark.parametrize(("host", "more"), [("store.com", 29), ("s{}.example.com", 58)])
def test_a_hundred_thousand_urls_take_a_few_statements_for_each_ten_thousand(send, host, more):
    few, many = (lines(*(f"https://{host.format(n)}/{n}" for n in range(count))) for count in (3, 100_000))

    with CaptureQueriesContext(connection) as for_few:
        assert send(few).status_code == 201
    with CaptureQueriesContext(connection) as for_many:
        answer = send(many)

    assert answer.json()["job"]["totalUrls"] == Page.objects.count() - 3 == 100_000
    assert len(for_many) <= len(for_few) + more


def test_what_is_wanted_of_a_job_is_in_no_log(send, caplog):
    send(b"x", job={"options": {"proxy": {"server": "http://proxy.example.com", "password": "of mine"}}})

    logged = "".join(map(json_formatter().format, caplog.records))
    assert '"POST /v1/jobs"' in logged
    assert "proxy.example.com" not in logged


def form_bytes(name, content, job=b'{"selectors":{"title":"h1"}}'):
    """A form as it goes over the wire, with boundary x."""
    parts = (b"name=job", job), (b'name=urls; filename="%s"\r\nContent-Type: text/csv' % name, content)
    shown = (b"--x\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % part for part in parts)
    return b"".join(shown) + b"--x--\r\n"


@pytest.mark.parametrize("name", [b"x" * 300 + b".csv", b"x." + b"y" * 300, "ü.csv".encode(), b"../a&#47;b\0.csv"])
def test_a_file_may_have_any_name(api, name, settings):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10

    answer = api.generic("POST", "/v1/jobs", form_bytes(name, b"https://store.com/1"), FORM_OF_X)

    assert made(answer) == [("https://store.com/1", None)]


@pytest.mark.parametrize("job", [b'{"name":"\xff"}', b"\xff", b'{"name":"\xed\xa0\x80"}'])
def test_the_job_of_a_form_is_utf_8_or_refused(api, job):
    answer = api.generic("POST", "/v1/jobs", form_bytes(b"a.csv", b"https://store.com/1", job), FORM_OF_X)

    assert problems(answer) == []


@pytest.mark.parametrize("name", [b"Gr\xc3\xb6\xc3\x9fe", "日本".encode()])
def test_the_job_of_a_form_keeps_its_letters(api, name):
    job = b'{"name":"%s","selectors":{"title":"h1"}}' % name

    answer = api.generic("POST", "/v1/jobs", form_bytes(b"a.csv", b"https://store.com/1", job), FORM_OF_X)

    assert answer.json()["job"]["name"].encode() == name


@pytest.mark.parametrize("kind", [NDJSON, CSV])
@given(content=st.binary(max_size=200) | st.text('url,reference\n\r"{}[]:h\\ \0é', max_size=60).map(str.encode))
@of_hypothesis(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_job_or_refused(kind, content, send):
    assert send(content, kind).status_code in (201, 400)


@given(
    content=st.binary(max_size=300), head=st.sampled_from([b"", b"--x\r\n", b"--x\r\nContent-Disposition: form-data; "])
)
@of_hypothesis(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_in_a_form_are_refused(content, head, api):
    assert api.generic("POST", "/v1/jobs", head + content + b"\r\n--x--\r\n", FORM_OF_X).status_code == 400


@pytest.mark.parametrize(
    "disposition",
    [
        b"form-data; name*=nonsense''urls; filename=a.csv",
        b"form-data; name=urls; filename*=nonsense''a.csv",
        b"form-data; name=urls; filename*=utf-8''%ff",
        b"form-data; name=\xff; filename=\xff.csv",
        b"form-data",
        b"",
    ],
)
def test_odd_headers_of_a_part_are_the_clients_fault(disposition, api):
    content = b"--x\r\nContent-Disposition: %s\r\n\r\nhttps://store.com/\r\n--x--\r\n" % disposition

    assert api.generic("POST", "/v1/jobs", content, FORM_OF_X).status_code == 400


@pytest.mark.parametrize("boundary", ["", "; boundary", "; boundary=", "; boundary=\u00ff", "; boundary=" + "x" * 300])
def test_a_form_without_a_boundary_is_refused(boundary, api):
    assert api.generic("POST", "/v1/jobs", b"x", f"multipart/form-data{boundary}").status_code == 400


def test_an_account_has_few_files_read_at_once(alice, bob, make_client, send, monkeypatch):
    monkeypatch.setitem(uploads.reading, alice.pk, uploads.MOST_OF_ACCOUNT)

    answer = send(b"https://store.com/", CSV)

    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limited")
    assert answer["Retry-After"] == str(uploads.AGAIN_IN_S)
    assert send(b"https://store.com/", CSV, client=make_client(bob)).status_code == 201


@pytest.mark.parametrize("content", [b"https://store.com/", b"?"])
def test_a_file_that_has_been_read_makes_room(content, send):
    for _ in range(uploads.MOST_OF_ACCOUNT + 1):
        assert send(content, CSV).status_code in (201, 400)


@pytest.mark.parametrize("length", [10, uploads.CHUNK_BYTES * 10])
def test_a_full_disk_is_told_and_leaves_nothing(length, send, monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: FULL.open("w+b"))

    answer = send(b"https://store.com/\n".ljust(length), CSV)

    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "service_unavailable")
    assert "disk" in answer.json()["error"]["message"]
    assert not Job.objects.exists()
