"""GET /v1/jobs/:id/results?format=…: all results in a file, through the real web server."""

import csv
import gc
import gzip
import http.client
import io
from contextlib import closing

import openpyxl
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.api import exports, streaming
from jobs.exports import formats, lines, parquet, reading, xlsx
from jobs.models import Artifact, Job, Page
from tests.until import until, until_settled

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = ["index", "url", "status"]
TAIL = [
    *("error.code", "error.message", "metadata.statusCode", "metadata.finalUrl", "metadata.duration"),
    *("metadata.attempts", "metadata.truncated"),
]
RICH = {
    "title": "h1",
    "price": {"selector": ".price", "cast": "price"},
    "stock": {"selector": ".stock", "cast": "integer"},
    "weight": {"selector": ".weight", "cast": "number"},
    "new": {"selector": ".new", "output": "exists"},
    "seller": {"selector": ".seller", "output": {"name": "b", "score": {"selector": "i", "cast": "integer"}}},
    "tags": [".tag"],
    "sizes": {"selector": "table", "output": "table_json"},
    "rating": {"selector": ".rating", "cast": "number", "default": "none"},
}
RICH_COLUMNS = [
    *("title", "price.amount", "price.currency", "stock", "weight", "new", "seller.name", "seller.score", "tags"),
    *("sizes", "rating"),
]
RICH_DATA = {
    "title": 'Äh, "a"\r\nb',
    "price": {"amount": "1299.00", "currency": None},
    "stock": -5,
    "weight": 1.5,
    "new": True,
    "seller": {"name": "Ann", "score": 7},
    "tags": ["a", "b"],
    "sizes": [{"S": "1"}],
    "rating": "none",
}


@pytest.fixture
def download(server, make_key, alice):
    key = make_key(alice)

    def get(job, query, *, method="GET", **headers):
        with closing(server.connect()) as connection:
            path = f"/v1/jobs/{job.public_id}/results?{query}"
            connection.request(method, path, headers={"Authorization": f"Bearer {key}", **headers})
            with closing(connection.getresponse()) as response:
                response.body = response.read()
        return response

    return get


def records(response):
    return list(csv.reader(io.StringIO(response.body.decode(), newline="")))


def cells(response):
    """The rows of a workbook of one sheet."""
    book = openpyxl.load_workbook(io.BytesIO(response.body))
    assert book.sheetnames == ["results"]
    return [list(row) for row in book["results"].iter_rows(values_only=True)]


def table(response):
    return pq.read_table(pa.BufferReader(response.body))


@pytest.fixture
def rich_job(make_job, complete, fail):
    """One completed page with every kind of field, and one that failed."""
    job = make_job(2, selectors=orjson.dumps(RICH).decode())
    complete(job, 0, orjson.dumps(RICH_DATA).decode())
    fail(job, 1)
    return job


def test_ndjson_has_each_result_as_json_gives_it_on_a_line(download, rich_job):
    answer = download(rich_job, "format=ndjson")

    paged = orjson.loads(download(rich_job, "").body)["results"]
    assert [orjson.loads(line) for line in answer.body.splitlines()] == paged
    assert answer.body.endswith(b"\n")
    assert answer.headers["Content-Type"] == "application/x-ndjson"


def test_csv_has_a_header_known_from_the_rules_and_nested_values_in_columns_of_their_own(download, rich_job):
    answer = download(rich_job, "format=csv&order=index")

    assert records(answer) == [
        [*HEADER, *RICH_COLUMNS, *TAIL],
        [
            *("0", "https://store.com/p0", "completed", 'Äh, "a"\r\nb', "1299.00", "", "-5", "1.5", "true", "Ann", "7"),
            *('["a","b"]', '[{"S":"1"}]', "none", "", "", "200", "https://store.com/p0", "1234", "1", ""),
        ],
        [
            *("1", "https://store.com/p1", "failed", *[""] * len(RICH_COLUMNS)),
            *("http_error", "The site answered 404 Not Found.", "404", "https://store.com/p1", "321", "1", ""),
        ],
    ]
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{rich_job.public_id}-results.csv"'
    assert b'"\xc3\x84h, ""a""\r\nb"' in answer.body
    assert not answer.body.startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_starts_a_formula_is_quoted_in_csv(start, download, make_job, complete):
    name = f"{start}cmd()"
    job = make_job(1, selectors=orjson.dumps({name: "h1"}).decode())
    complete(job, 0, orjson.dumps({name: f"{start}1+1"}).decode())

    header, row = records(download(job, "format=csv"))

    assert (header[3], row[3]) == (f"'{name}", f"'{start}1+1")


def test_fields_with_the_names_of_our_columns_are_numbered(download, make_job, complete):
    job = make_job(1, selectors='{"url":"a","error.code":"b","url 2":"c"}')
    complete(job, 0, '{"url":"A","error.code":"B","url 2":"C"}')

    header, row = records(download(job, "format=csv"))

    assert dict(zip(header, row, strict=True)) | {"url 2": "A", "error.code 2": "B", "url 2 2": "C"} == dict(
        zip(header, row, strict=True)
    )


def test_a_job_without_fields_has_a_column_for_each_output(download, make_job, complete):
    job = make_job(1, selectors="{}", options='{"outputs":["text","pdf"]}')
    complete(job, 0, "{}")
    Artifact.objects.create(
        job=job, page=job.pages.get(), output="text", shown=True, content_type="text/plain", bytes=1, sha256="0",
        name="x", compressed=False, stored_bytes=1, public_id="art_1",
    )  # fmt: skip

    header, row = records(download(job, "format=csv"))

    assert header[:5] == [*HEADER, "outputs.pdf.url", "outputs.text.url"]
    assert row[3:5] == ["", "http://127.0.0.1:8000/v1/artifacts/art_1"]


def test_xlsx_keeps_numbers_and_truths_and_writes_text_as_text(download, make_job, complete):
    job = make_job(4, selectors=orjson.dumps(RICH).decode())
    complete(job, 0, orjson.dumps(RICH_DATA).decode())
    for index, title in enumerate(("=1+1", "<r><t>x</y></r>", "http://a.b/ \x01 _x0041_ \ufffe & <b>"), start=1):
        complete(job, index, orjson.dumps({**RICH_DATA, "title": title, "stock": 2**60}).decode())

    header, *rows = cells(download(job, "format=xlsx"))

    assert header == [*HEADER, *RICH_COLUMNS, *TAIL]
    assert rows[0][:3] == [0, "https://store.com/p0", "completed"]
    assert rows[0][4:14] == ["1299.00", None, -5, 1.5, True, "Ann", 7, '["a","b"]', '[{"S":"1"}]', "none"]
    assert [row[3] for row in rows[1:3]] == ["=1+1", "<r><t>x</y></r>"]
    assert rows[3][3].startswith("http://a.b/ ")
    assert rows[3][3].endswith(" & <b>")
    assert rows[1][6] == str(2**60)


@pytest.mark.parametrize("text", ["x" * 32_768, "😀" * 16_384])
def test_a_cell_longer_than_excel_takes_is_cut_with_a_mark_and_named(text, download, make_job, complete):
    job = make_job(2)
    complete(job, 0, orjson.dumps({"title": text, "price": "1"}).decode())
    Page.objects.filter(job=job, index=0).update(truncated='["price"]')
    complete(job, 1, orjson.dumps({"title": text[:-1], "price": "1"}).decode())

    _, cut, whole = cells(download(job, "format=xlsx"))

    assert cut[3] == text[: (32_766 if text[0] == "x" else 16_383)] + "…"
    assert orjson.loads(cut[-1]) == ["price", "title"]
    assert (whole[3], whole[-1]) == (text[:-1], None)


def test_more_rows_than_a_sheet_has_are_refused(download, make_job, complete, monkeypatch):
    monkeypatch.setattr(xlsx, "MOST_ROWS", 2)
    job = make_job(2)
    complete(job, 0)
    fits = download(job, "format=xlsx")
    complete(job, 1)

    refused = download(job, "format=xlsx")

    assert len(cells(fits)) == 2
    assert refused.status == 400
    assert "2 rows" in orjson.loads(refused.body)["error"]["message"]


def test_parquet_is_typed_by_the_casts(download, rich_job):
    answer = table(download(rich_job, "format=parquet"))

    types = {field.name: str(field.type) for field in answer.schema}
    assert list(types) == [*HEADER, *RICH_COLUMNS, *TAIL]
    assert {name: kind for name, kind in types.items() if kind != "string"} == {
        "index": "int64",
        "stock": "int64",
        "weight": "double",
        "new": "bool",
        "seller.score": "int64",
        **{f"metadata.{name}": "int64" for name in ("statusCode", "duration", "attempts")},
    }
    first = answer.to_pylist()[0]
    assert (first["stock"], first["weight"], first["new"], first["seller.score"]) == (-5, 1.5, True, 7)
    assert (first["price.amount"], first["tags"], first["rating"]) == ("1299.00", '["a","b"]', "none")


def test_parquet_gathers_chunks_in_row_groups(download, make_job, complete, monkeypatch):
    monkeypatch.setattr(reading, "FIRST_ROWS", 2)
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    monkeypatch.setattr(parquet, "GROUP_ROWS", 4)
    job = make_job(7)
    for index in range(7):
        complete(job, index)

    file = pq.ParquetFile(pa.BufferReader(download(job, "format=parquet").body))

    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [4, 3]
    assert file.read().column("index").to_pylist() == list(range(7))


def test_without_pyarrow_parquet_is_refused_with_what_to_install(download, make_job, monkeypatch):
    monkeypatch.setattr(formats, "find_spec", lambda name: None)

    answer = download(make_job(1), "format=parquet")

    detail = orjson.loads(answer.body)["error"]["details"][0]
    assert (answer.status, detail["field"], detail["code"]) == (400, "format", "unsupported_option")
    assert "requirements-parquet.in" in detail["message"]


@pytest.mark.parametrize("form", ["ndjson", "csv", "xlsx", "parquet"])
def test_an_export_of_nothing_is_a_whole_file(form, download, make_job):
    answer = download(make_job(1), f"format={form}")

    rows = {
        "ndjson": lambda: indexes(answer),
        "csv": lambda: records(answer)[1:],
        "xlsx": lambda: cells(answer)[1:],
        "parquet": lambda: table(answer).to_pylist(),
    }[form]()
    assert (answer.status, rows) == (200, [])


@pytest.mark.parametrize("form", ["ndjson", "csv", "xlsx", "parquet"])
def test_a_head_request_has_the_headers_alone(form, download, make_job):
    answer = download(make_job(1), f"format={form}", method="HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Content-Disposition"].endswith(f'-results.{form}"')


def indexes(answer):
    return [orjson.loads(line)["index"] for line in answer.body.splitlines()]


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(reading, "FIRST_ROWS", 2)
    monkeypatch.setattr(reading, "MOST_ROWS", 3)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [7, 6, 5, 4, 3, 2, 1, 0]),
        ("&order=index", [0, 1, 2, 3, 4, 5, 6, 7]),
        ("&status=completed", [6, 4, 2, 0]),
        ("&status=failed&order=index", [1, 3, 5, 7]),
        ("&limit=3", [7, 6, 5]),
        ("&limit=8", [7, 6, 5, 4, 3, 2, 1, 0]),
        ("&limit=2&after=c2VxdWVuY2U6Mw", [4, 3]),  # sequence:3
    ],
)
def test_an_export_has_all_that_match_and_each_once(query, expected, small_chunks, download, make_job, complete, fail):
    job = make_job(8)
    for index in reversed(range(8)):
        (fail if index % 2 else complete)(job, index)

    assert indexes(download(job, f"format=ndjson{query}")) == expected


def test_chunks_end_early_where_the_data_is_large(monkeypatch, download, make_job, complete):
    monkeypatch.setattr(reading, "MOST_CHARS", 100)
    job = make_job(5)
    for index in range(5):
        complete(job, index, '{"title":"%s"}' % ("x" * 60))

    chunks = list(reading.Selection(job=Job.objects.get()).chunks())

    assert [len(chunk) for chunk in chunks] == [2, 2, 1]


def test_an_export_of_a_live_job_has_what_had_ended_when_it_was_asked_for(small_chunks, make_job, complete):
    job = make_job(6)
    for index in range(4):
        complete(job, index)
    chunks = reading.Selection(job=Job.objects.get()).chunks()
    first = next(chunks)

    complete(job, 4)

    assert [page.index for chunk in (first, *chunks) for page in chunk] == [0, 1, 2, 3]


def test_each_chunk_is_one_query_and_none_has_an_offset(small_chunks, make_job, complete, django_assert_num_queries):
    job = make_job(8)
    for index in range(8):
        complete(job, index)
    job.refresh_from_db()

    with django_assert_num_queries(4) as queries:  # 2 + 3 + 3 pages, and whether the job is still there
        list(lines.ndjson(reading.Selection(job=job)))

    assert not any("OFFSET" in query["sql"] for query in queries)


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_text_is_compressed_where_the_client_takes_that(form, download, rich_job):
    plain = download(rich_job, f"format={form}")

    packed = download(rich_job, f"format={form}", **{"Accept-Encoding": "br, gzip"})

    assert (plain.headers["Content-Encoding"], packed.headers["Content-Encoding"]) == (None, "gzip")
    assert gzip.decompress(packed.body) == plain.body
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_what_is_compressed_already_is_sent_as_it_is(download, rich_job):
    assert download(rich_job, "format=xlsx", **{"Accept-Encoding": "gzip"}).headers["Content-Encoding"] is None


def test_only_the_fields_that_are_named_have_columns_in_that_order(download, rich_job):
    header, *_ = records(download(rich_job, "format=csv&fields=tags,price"))

    assert header == [*HEADER, "tags", "price.amount", "price.currency", *TAIL]


def test_the_export_of_a_job_that_is_deleted_meanwhile_breaks_off(
    small_chunks, download, make_job, complete, monkeypatch, caplog
):
    job = make_job(6)
    for index in range(6):
        complete(job, index)
    taken = reading.take

    def take(*arguments, **named):
        pages = taken(*arguments, **named)
        Job.objects.all().delete()
        return pages

    monkeypatch.setattr(reading, "take", take)

    with pytest.raises(http.client.IncompleteRead):
        download(job, "format=ndjson")
    assert "was deleted while its results were read" in caplog.text


def big_job(make_job, complete, pages):
    job = make_job(pages)
    for index in range(pages):
        complete(job, index, '{"title":"%s"}' % ("x" * 200_000))
    return job


def test_a_slow_client_holds_no_database_connection_and_no_more_than_a_chunk(
    server,
    make_key,
    alice,
    make_job,
    complete,
    opened,
    monkeypatch,
):
    job, steps = big_job(make_job, complete, 60), []
    step = streaming.next_step
    monkeypatch.setattr(streaming, "next_step", lambda it: (steps.append(1), step(it))[1])
    connection = server.connect()
    headers = {"Authorization": f"Bearer {make_key(alice)}"}
    opened.clear()

    connection.request("GET", f"/v1/jobs/{job.public_id}/results?format=ndjson", headers=headers)
    response = connection.getresponse()
    response.read(1)

    until_settled(steps)
    assert opened
    assert all(one.connection is None for one in opened)
    assert 1 <= len(steps) <= 8  # of some 12: what fits into the buffers of the sockets
    assert len(response.read().splitlines()) == 60
    assert len(steps) > 8
    connection.close()


def test_a_client_that_goes_away_leaves_no_temporary_file(server, make_key, alice, make_job, complete, monkeypatch):
    made = []
    folder = xlsx.tempfile.TemporaryDirectory

    def noted(**named):
        made.append(folder(**named))
        return made[-1]

    monkeypatch.setattr(xlsx.tempfile, "TemporaryDirectory", noted)
    monkeypatch.setattr(xlsx, "SENT_AT_ONCE", 10)
    job = make_job(200)
    for index in range(200):
        complete(job, index)
    connection = server.connect()
    path = f"/v1/jobs/{job.public_id}/results?format=xlsx"
    connection.request("GET", path, headers={"Authorization": f"Bearer {make_key(alice)}"})
    connection.getresponse().read(1)

    connection.close()

    until(lambda: made and not xlsx.Path(made[0].name).exists(), what="the folder is removed")


def test_an_account_has_so_many_files_sent_at_once_and_another_when_one_of_them_is_gone(
    download, server, make_key, alice, bob, make_job, complete, monkeypatch
):
    monkeypatch.setattr(exports, "MOST_OF_ACCOUNT", 1)
    job = big_job(make_job, complete, 60)
    connection = server.connect()
    headers = {"Authorization": f"Bearer {make_key(alice)}"}
    connection.request("GET", f"/v1/jobs/{job.public_id}/results?format=ndjson", headers=headers)
    connection.getresponse().read(1)

    refused = download(job, "format=csv")
    heads = download(job, "format=csv", method="HEAD")
    others = download(make_job(1, account=bob), "format=csv", Authorization=f"Bearer {make_key(bob)}")
    connection.close()

    assert (refused.status, orjson.loads(refused.body)["error"]["code"]) == (429, "rate_limited")
    assert int(refused.headers["Retry-After"]) > 0
    assert (heads.status, others.status) == (200, 200)
    until(lambda: download(job, "format=csv").status == 200, what="the place is free")


def test_a_file_that_was_sent_makes_room_at_once_whenever_memory_is_tidied(
    download, make_job, complete, monkeypatch, never_tidied
):
    monkeypatch.setattr(exports, "MOST_OF_ACCOUNT", 1)
    job = big_job(make_job, complete, 60)

    for _ in range(3):
        until(lambda: download(job, "format=ndjson").status == 200, what="the place is free", within_s=5)


@pytest.fixture
def never_tidied():
    """What is in a circle of references stays."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("form", formats.FORMATS.values(), ids=lambda form: form.name)
def test_an_export_that_is_given_up_half_way_leaves_nothing_open(form, small_chunks, make_job, complete):
    job = make_job(8)
    for index in range(8):
        complete(job, index)
    steps = form.write(reading.Selection(job=Job.objects.get()))
    next(steps)

    steps.close()

    del steps
    gc.collect()  # a file that is still open is an error here


def test_another_accounts_results_are_not_there(server, make_key, bob, make_job):
    connection = server.connect()
    path = f"/v1/jobs/{make_job(1).public_id}/results?format=csv"
    connection.request("GET", path, headers={"Authorization": f"Bearer {make_key(bob)}"})

    response = connection.getresponse()

    assert (response.status, orjson.loads(response.read())["error"]["code"]) == (404, "not_found")
    connection.close()


def test_the_order_of_urls_waits_for_the_end_in_a_file_too(download, make_job):
    assert download(make_job(1), "format=csv&order=index").status == 409
