"""GET /v1/artifacts/:id, and how results name what was made of their pages."""

import gzip
from hashlib import sha256

import pytest

from jobs.artifacts import files, store
from jobs.models import Artifact
from jobs.recording import record_success
from jobs.retention import forget_artifacts
from scraping.capture import Capture
from scraping.options import Output
from tests.api.conftest import start_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept")]

HTML = Capture(Output.HTML, "text/html; charset=utf-8", "<script>alert('ü')</script>".encode() * 100)
MARKDOWN = Capture(Output.MARKDOWN, "text/markdown; charset=utf-8", b"# A")
PNG = Capture(Output.SCREENSHOT, "image/png", b"\x89PNG\r\n" * 100)
KINDS = [
    (HTML, "html.html"),
    (MARKDOWN, "markdown.md"),
    (Capture(Output.TEXT, "text/plain; charset=utf-8", b"A"), "text.txt"),
    (Capture(Output.LINKS, "application/json", b"[]"), "links.json"),
    (Capture(Output.METADATA, "application/json", b"{}"), "metadata.json"),
    (PNG, "screenshot.png"),
    (Capture(Output.FULL_PAGE_SCREENSHOT, "image/png", b"\x89PNG"), "fullPageScreenshot.png"),
    (Capture(Output.PDF, "application/pdf", b"%PDF"), "pdf.pdf"),
    (Capture(Output.SCREENSHOT, "image/png", b"\x89PNG", action=2), "action2-screenshot.png"),
]
ACTIONS = '[{"type":"click","status":"success","duration":1},{"type":"screenshot","status":"success","duration":2}]'


@pytest.fixture
def keep(db):
    """Completes the job's page at an index, with these captures asked for and kept; their rows."""

    def complete(job, index, *captures, wanted=None, actions=None):
        page, token = start_page(job, index)
        artifacts = store(page, captures, {one.output for one in captures} if wanted is None else wanted)
        found = {"data": "{}", "status_code": 200, "final_url": page.url, "duration_ms": 1, "actions": actions}
        assert record_success(page, token=token, artifacts=artifacts, **found)
        return list(Artifact.objects.filter(page=page).order_by("pk"))

    return complete


@pytest.fixture
def make_artifact(make_job, keep):
    return lambda capture=MARKDOWN, **more: keep(make_job(1), 0, capture, **more)[0]


def path_of(artifact):
    return f"/v1/artifacts/{artifact.public_id}"


@pytest.mark.parametrize(("capture", "name"), KINDS, ids=[name for _, name in KINDS])
def test_a_file_comes_as_it_was_made_and_only_as_a_download(api, make_artifact, capture, name):
    artifact = make_artifact(capture)

    answer = api.get(path_of(artifact))

    assert (answer.status_code, answer.content) == (200, capture.content)
    assert answer["Content-Type"] == capture.content_type
    assert answer["Content-Length"] == str(len(capture.content))
    assert answer["Content-Disposition"] == f'attachment; filename="{artifact.job.public_id}-0-{name}"'
    assert answer["ETag"] == f'"{sha256(capture.content).hexdigest()}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["Cache-Control"].startswith("private, immutable")


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "deflate , gzip ; q=1", "x-gzip"])
def test_texts_come_compressed_to_who_takes_that(api, make_artifact, accepted):
    artifact = make_artifact(HTML)

    answer = api.get(path_of(artifact), headers={"Accept-Encoding": accepted})

    assert answer["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer["Vary"]
    assert int(answer["Content-Length"]) == len(answer.content) == artifact.stored_bytes
    assert gzip.decompress(answer.content) == HTML.content


@pytest.mark.parametrize("accepted", ["", "br", "identity", "gzip;q=0", "gzip; q=0.000", "gzipped", "*;q=0"])
def test_and_plain_to_who_does_not(api, make_artifact, accepted):
    answer = api.get(path_of(make_artifact(HTML)), headers={"Accept-Encoding": accepted})

    assert (answer.content, answer.has_header("Content-Encoding")) == (HTML.content, False)
    assert "Accept-Encoding" in answer["Vary"]


def test_a_picture_is_not_compressed_again(api, make_artifact):
    answer = api.get(path_of(make_artifact(PNG)), headers={"Accept-Encoding": "gzip"})

    assert (answer.content, answer.has_header("Content-Encoding")) == (PNG.content, False)


@pytest.mark.parametrize("accepted", ["gzip", "br"])
def test_who_has_it_already_is_told_so(api, make_artifact, kept, accepted):
    artifact = make_artifact(HTML)
    etag = api.get(path_of(artifact), headers={"Accept-Encoding": accepted})["ETag"]
    (kept / artifact.name).unlink()

    answer = api.get(path_of(artifact), headers={"Accept-Encoding": accepted, "If-None-Match": f'"x", {etag}'})

    assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)


def test_who_has_it_in_another_coding_gets_it(api, make_artifact):
    artifact = make_artifact(HTML)
    etag = api.get(path_of(artifact))["ETag"]

    answer = api.get(path_of(artifact), headers={"Accept-Encoding": "gzip", "If-None-Match": etag})

    assert answer.status_code == 200
    assert answer["ETag"] != etag


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_real_server_sends_the_same_head_with_and_without_the_file(
    server, make_key, alice, make_artifact, method, recwarn
):
    connection = server.connect()
    headers = {"Authorization": f"Bearer {make_key(alice)}", "Accept-Encoding": "gzip"}
    artifact = make_artifact(HTML)

    connection.request(method, path_of(artifact), headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()

    assert (answer.status, answer.getheader("Content-Encoding")) == (200, "gzip")
    assert answer.getheader("Content-Length") == str(artifact.stored_bytes)
    assert (gzip.decompress(content) if content else b"") == (HTML.content if method == "GET" else b"")
    assert not recwarn.list


# -- refusals ------------------------------------------------------------------------------------------


def refused(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_another_accounts_file_does_not_exist(bobs_api, make_artifact):
    assert refused(bobs_api.get(path_of(make_artifact()))) == (404, "not_found")


def test_html_that_was_kept_for_reading_alone_is_not_given_out(api, make_artifact):
    assert refused(api.get(path_of(make_artifact(HTML, wanted=())))) == (404, "not_found")


@pytest.mark.parametrize("name", ["art_0", "art_" + "z" * 37, "job_0", "art_%00", "x" * 9_000])
def test_a_name_that_is_none_is_not_found(api, name):
    assert refused(api.get(f"/v1/artifacts/{name}")) == (404, "not_found")


def test_reading_needs_its_scope(make_client, alice, make_artifact):
    assert refused(make_client(alice, scopes=["jobs:write"]).get(path_of(make_artifact()))) == (
        403,
        "insufficient_scope",
    )


@pytest.mark.parametrize("method", ["post", "delete", "put", "patch"])
def test_a_file_can_only_be_read(api, make_artifact, method):
    assert refused(getattr(api, method)(path_of(make_artifact()))) == (405, "method_not_allowed")


def test_a_file_that_was_removed_by_hand_is_not_found_with_a_sentence(api, make_artifact, kept):
    artifact = make_artifact()
    (kept / artifact.name).unlink()

    answer = api.get(path_of(artifact))

    assert refused(answer) == (404, "not_found")
    assert answer.json()["error"]["message"] == f"The file of {artifact.public_id} is not kept any more."


def test_while_the_storage_is_away_the_answer_is_503(api, make_artifact, monkeypatch):
    class Away:
        def open(self, name):
            raise PermissionError(f"/inside/{name}")

    artifact = make_artifact()
    monkeypatch.setattr(files, "kept", Away)

    answer = api.get(path_of(artifact))

    assert refused(answer) == (503, "service_unavailable")
    assert b"/inside/" not in answer.content


def test_an_unknown_parameter_is_named(api, make_artifact):
    assert refused(api.get(path_of(make_artifact()) + "?inline=true")) == (400, "invalid_request")


# -- results -------------------------------------------------------------------------------------------

ASKING = '{"outputs":["markdown","screenshot"]}'


def results_of(api, job):
    return api.get(f"/v1/jobs/{job.public_id}").json()["job"]["results"]


def test_results_name_what_was_asked_for_by_output(api, make_job, keep, fail):
    job = make_job(2, options=ASKING)
    markdown, png, _ = keep(job, 0, MARKDOWN, PNG, HTML, wanted={Output.MARKDOWN, Output.SCREENSHOT})
    fail(job, 1)

    first, failed = results_of(api, job)

    assert first["outputs"] == {
        "markdown": {
            "id": markdown.public_id,
            "url": f"http://127.0.0.1:8000{path_of(markdown)}",
            "contentType": "text/markdown; charset=utf-8",
            "bytes": 3,
            "sha256": sha256(b"# A").hexdigest(),
        },
        "screenshot": {
            "id": png.public_id,
            "url": f"http://127.0.0.1:8000{path_of(png)}",
            "contentType": "image/png",
            "bytes": 600,
            "sha256": png.sha256,
        },
    }
    assert failed["outputs"] == {}


def test_without_outputs_results_have_none(api, make_job, keep):
    job = make_job(1)
    keep(job, 0, HTML, wanted=())

    [result] = results_of(api, job)

    assert "outputs" not in result
    assert {"actions", "reusedFrom"}.isdisjoint(result["metadata"])


def test_what_an_action_took_stands_with_it(api, make_job, keep):
    job = make_job(1, options=ASKING)
    of_page, of_action = keep(job, 0, PNG, Capture(Output.SCREENSHOT, "image/png", b"2", action=1), actions=ACTIONS)

    [result] = results_of(api, job)

    click, taken = result["metadata"]["actions"]
    assert click == {"type": "click", "status": "success", "duration": 1}
    assert (taken["type"], taken["artifact"]["id"]) == ("screenshot", of_action.public_id)
    assert list(result["outputs"]) == ["screenshot"]
    assert result["outputs"]["screenshot"]["id"] == of_page.public_id


def test_actions_that_took_nothing_are_shown_as_they_are_stored(api, make_job, keep):
    job = make_job(1)
    keep(job, 0, actions='[{"type":"evaluate","status":"success","duration":5, "value": 1.0}]')

    answer = api.get(f"/v1/jobs/{job.public_id}/results")

    assert b'"actions":[{"type":"evaluate","status":"success","duration":5, "value": 1.0}]' in answer.content


def test_files_that_made_room_are_named_no_more(api, make_job, keep):
    job = make_job(1, options=ASKING)
    keep(job, 0, MARKDOWN, PNG)

    forget_artifacts(job)

    assert [result["outputs"] for result in results_of(api, job)] == [{}]


@pytest.mark.parametrize(
    ("options", "actions", "queries"), [("{}", None, 3), (ASKING, None, 4), ("{}", ACTIONS, 4), (ASKING, ACTIONS, 4)]
)
def test_artifacts_cost_one_query_and_none_where_none_can_be(
    api, make_job, keep, django_assert_num_queries, options, actions, queries
):
    job = make_job(10, options=options)
    for index in range(10):
        keep(job, index, MARKDOWN, PNG, actions=actions)
    api.get("/v1/jobs")

    with django_assert_num_queries(queries):  # the key, the job, its results
        api.get(f"/v1/jobs/{job.public_id}")


def test_a_file_costs_two_queries_whatever_its_page_holds(api, make_artifact, django_assert_num_queries):
    artifact = make_artifact()
    api.get("/v1/jobs")

    with django_assert_num_queries(2) as asked:  # the key, the file
        api.get(path_of(artifact))

    assert '"data"' not in asked[1]["sql"]
