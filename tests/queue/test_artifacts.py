"""What is made of pages: files, the rows that name them, and how both go."""

import gzip
import stat
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import OperationalError
from django.db.models import F

from jobs import recording, retention
from jobs.artifacts import StorageAway, content_of, copies, discard, files, keeping, store
from jobs.artifacts.files import FileGone
from jobs.ids import make_job_id
from jobs.models import Artifact, Job, Page
from jobs.queue.dispatch import dispatch
from jobs.recording import cancel_job, record_success
from jobs.retention import kept_bytes, make_room, purge_old_jobs, remove_litter
from scraping.capture import Capture
from scraping.options import Output
from tests.queue.making import start_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kept")]

HTML = Capture(Output.HTML, "text/html; charset=utf-8", "<p>Grüße".encode() * 1_000)
PNG = Capture(Output.SCREENSHOT, "image/png", bytes(range(256)) * 10)


@pytest.fixture
def make_running(make_job, make_worker, queue):
    """A page that has started, of a job of its own."""
    make_worker(100)

    def make(**overrides):
        job = make_job(1, **overrides)
        dispatch()
        return start_all(job=job)[0]

    return make


@pytest.fixture
def make_kept(make_running):
    """A job that has ended after its only page was completed, and these captures kept of it."""

    def make(*captures, ended_before=timedelta(0)):
        page = make_running()
        assert succeed(page, store(page, captures or [PNG], ()))
        Job.objects.filter(pk=page.job_id).update(completed_at=F("completed_at") - ended_before)
        return Job.objects.get(pk=page.job_id)

    return make


def succeed(page, artifacts):
    return record_success(
        page,
        token=page.token,
        data="{}",
        status_code=200,
        final_url=page.url,
        duration_ms=1,
        artifacts=artifacts,
    )


def files_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


CAPTURES = [
    Capture(Output.HTML, "text/html; charset=utf-8", "<p>Grüße\x00\u2028".encode()),
    Capture(Output.MARKDOWN, "text/markdown; charset=utf-8", b"# A"),
    Capture(Output.TEXT, "text/plain; charset=utf-8", b""),
    Capture(Output.LINKS, "application/json", b"[]"),
    Capture(Output.METADATA, "application/json", b'{"title":null}'),
    Capture(Output.SCREENSHOT, "image/png", bytes(range(256)), action=3),
    Capture(Output.FULL_PAGE_SCREENSHOT, "image/png", b"\x89PNG" * 100_000),
    Capture(Output.PDF, "application/pdf", b"%PDF-1.7"),
]


@pytest.mark.parametrize("capture", CAPTURES, ids=lambda capture: capture.output)
def test_what_is_kept_is_given_back_as_it_was(make_running, capture):
    page = make_running()

    [row] = store(page, [capture], {capture.output})
    succeed(page, [row])

    row = Artifact.objects.get()
    assert content_of(row) == capture.content
    assert (row.output, row.action, row.shown) == (capture.output, capture.action, True)
    assert (row.content_type, row.bytes) == (capture.content_type, len(capture.content))
    assert row.sha256 == sha256(capture.content).hexdigest()
    assert (row.job, row.page) == (page.job, page)


def test_texts_are_compressed_the_same_each_time_and_pictures_are_not(make_running, kept):
    page = make_running()

    html, png = store(page, [HTML, PNG], ())

    packed = (kept / html.name).read_bytes()
    assert gzip.decompress(packed) == HTML.content
    assert packed[4:8] == bytes(4)  # where gzip says when it was
    assert html.stored_bytes == (kept / html.name).stat().st_size < html.bytes
    assert (kept / png.name).read_bytes() == PNG.content


def test_html_that_nobody_asked_for_is_kept_and_not_shown(make_running):
    html, png, by_action = store(
        make_running(), [HTML, PNG, Capture(Output.SCREENSHOT, "image/png", b"x", action=0)], {Output.SCREENSHOT}
    )

    assert (html.shown, png.shown, by_action.shown) == (False, True, True)


def test_files_are_for_the_owner_alone_and_all_of_a_job_in_its_folder(make_running, kept):
    page = make_running()

    rows = store(page, [HTML, PNG], ())

    assert {(kept / row.name).parent for row in rows} == {kept / page.job.public_id[4:6] / page.job.public_id}
    assert {stat.S_IMODE((kept / row.name).stat().st_mode) for row in rows} == {0o600}
    folders = {path for row in rows for path in (kept / row.name).parents if path.is_relative_to(kept)}
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_job_knows_what_its_files_take(make_kept, kept):
    job = make_kept(HTML, PNG)

    assert job.kept_bytes == kept_bytes() == sum(path.stat().st_size for path in files_in(kept))


# -- faults --------------------------------------------------------------------------------------------


def test_a_claim_that_was_lost_leaves_no_file(make_running, kept):
    page = make_running()
    rows = store(page, [HTML, PNG], ())
    cancel_job(page.job)

    assert not succeed(page, rows)
    discard(page, rows)

    assert files_in(kept) == []
    assert not Artifact.objects.exists()


def test_what_was_stored_although_the_answer_was_lost_is_not_discarded(make_running, kept):
    page = make_running()
    rows = store(page, [HTML], ())
    succeed(page, rows)

    assert not succeed(page, rows)
    discard(page, rows)

    assert [str(path.relative_to(kept)) for path in files_in(kept)] == [Artifact.objects.get().name]


def test_rows_are_stored_though_the_database_first_took_them_and_then_was_away(make_running, monkeypatch):
    page, other = make_running(), make_running()
    rows, others = store(page, [PNG], ()), store(other, [PNG], ())

    def away(*args, **kwargs):
        raise OperationalError("gone away")

    with monkeypatch.context() as patch:
        patch.setattr(recording, "write_counts_or_end", away)
        with pytest.raises(OperationalError):
            succeed(page, rows)
    assert succeed(other, others)

    assert succeed(page, rows)
    assert {(row.page, row.name) for row in Artifact.objects.all()} == {(page, rows[0].name), (other, others[0].name)}


def test_a_storage_that_is_full_fails_the_attempt_and_keeps_nothing(make_running, kept, monkeypatch):
    page = make_running()
    write, left = files.write, [None, OSError(28, "No space left on device")]

    def failing(job, content):
        if error := left.pop(0):
            raise StorageAway from error
        return write(job, content)

    monkeypatch.setattr(keeping.files, "write", failing)

    with pytest.raises(StorageAway) as raised:
        store(page, [HTML, PNG], ())

    assert raised.value.retryable
    assert files_in(kept) == []


def test_a_storage_that_lets_nobody_in_is_away(make_running, kept):
    kept.write_text("a file where the folder should be")

    with pytest.raises(StorageAway, match="full or away"):
        store(make_running(), [PNG], ())


def test_a_file_of_a_worker_that_died_goes_with_its_job(make_running, kept, settings):
    settings.SCRPY_RETENTION_DAYS = 1
    page = make_running()
    store(page, [PNG], ())  # and no row: the worker is dead
    cancel_job(page.job)
    Job.objects.update(completed_at=F("completed_at") - timedelta(days=2))

    assert purge_old_jobs() == 1

    assert files_in(kept) == []


# -- retention -----------------------------------------------------------------------------------------


def test_what_was_kept_of_an_old_job_goes_with_it(make_kept, kept, settings):
    settings.SCRPY_RETENTION_DAYS = 30
    old, young = make_kept(ended_before=timedelta(days=31)), make_kept()

    assert purge_old_jobs() == 1

    assert not (kept / files.folder_of(old.public_id)).exists()
    assert [path.parent.name for path in files_in(kept)] == [young.public_id]
    assert Artifact.objects.get().job == young


def test_a_purge_that_died_after_the_files_is_done_again(make_kept, kept, settings, monkeypatch):
    settings.SCRPY_RETENTION_DAYS = 30
    old = make_kept(ended_before=timedelta(days=31))
    files.remove_all(old.public_id)

    assert purge_old_jobs() == 1

    assert not Job.objects.exists()


def test_a_purge_that_cannot_remove_the_files_keeps_the_job(make_kept, settings, monkeypatch):
    settings.SCRPY_RETENTION_DAYS = 30
    make_kept(ended_before=timedelta(days=31))

    def away(job_id):
        raise StorageAway

    monkeypatch.setattr(retention.files, "remove_all", away)

    with pytest.raises(StorageAway):
        purge_old_jobs()

    assert Job.objects.count() == 1


def test_past_the_cap_files_of_the_jobs_that_ended_first_go_and_their_results_stay(make_kept, kept, settings):
    jobs = [make_kept(ended_before=timedelta(hours=hours)) for hours in (1, 3, 2)]
    settings.SCRPY_KEPT_BYTES = 2 * jobs[0].kept_bytes - 1

    assert make_room() == 2
    assert make_room() == 0

    assert [path.parent.name for path in files_in(kept)] == [jobs[0].public_id]
    assert [Job.objects.get(pk=job.pk).kept_bytes > 0 for job in jobs] == [True, False, False]
    assert Artifact.objects.get().job == jobs[0]
    assert Page.objects.filter(data="{}", status="completed").count() == 3


def test_at_the_cap_nothing_goes(make_kept, settings):
    settings.SCRPY_KEPT_BYTES = make_kept().kept_bytes

    assert make_room() == 0


def test_without_a_cap_nothing_goes(make_kept, settings, django_assert_num_queries):
    make_kept()
    settings.SCRPY_KEPT_BYTES = 0

    with django_assert_num_queries(0):
        assert make_room() == 0


def test_a_live_job_keeps_its_files_whatever_the_cap(make_running, make_job, make_worker, kept, settings):
    make_worker(100)
    job = make_job(2)
    dispatch()
    page = start_all(job=job)[0]
    succeed(page, store(page, [PNG], ()))
    settings.SCRPY_KEPT_BYTES = 1

    assert make_room() == 0

    assert len(files_in(kept)) == 1


def test_a_job_that_a_live_one_reads_again_keeps_its_files(make_kept, make_job, kept, settings):
    source = make_kept(ended_before=timedelta(days=9))
    reading = make_job(1)
    Job.objects.filter(pk=reading.pk).update(source=source, kind=Job.Kind.REEXTRACT)
    settings.SCRPY_KEPT_BYTES, settings.SCRPY_RETENTION_DAYS = 1, 1

    assert (make_room(), purge_old_jobs()) == (0, 0)
    cancel_job(reading)
    assert (make_room(), purge_old_jobs()) == (1, 1)

    assert files_in(kept) == []


def test_a_job_that_is_tried_again_does_not_keep_its_files_for_that(make_kept, make_job, kept, settings):
    source = make_kept(ended_before=timedelta(days=9))
    Job.objects.filter(pk=make_job(1).pk).update(source=source)
    settings.SCRPY_RETENTION_DAYS = 1

    assert purge_old_jobs() == 1
    assert files_in(kept) == []


def test_folders_of_jobs_that_are_no_more_go_in_the_round_after_they_were_seen(make_kept, kept, monkeypatch):
    job, strayed = make_kept(), Job(public_id=make_job_id())
    files.write(strayed, b"x")
    shelves = [strayed.public_id[4:6], job.public_id[4:6], job.public_id[4:6]]
    monkeypatch.setattr(retention.random, "choice", lambda _: shelves.pop(0))
    monkeypatch.setattr(retention, "suspects", [])

    assert [remove_litter(), remove_litter(), remove_litter()] == [0, 1, 0]

    assert [path.parent.name for path in files_in(kept)] == [job.public_id]


def test_a_folder_that_was_seen_before_its_job_is_left_alone(make_running, kept, monkeypatch):
    page = make_running()
    store(page, [PNG], ())
    monkeypatch.setattr(retention, "suspects", [page.job.public_id])

    assert remove_litter() == 0

    assert len(files_in(kept)) == 1


def test_every_job_has_a_shelf():
    assert {files.folder_of(make_job_id()).partition("/")[0] for _ in range(1_000)} <= set(files.SHELVES)


# -- copies --------------------------------------------------------------------------------------------


def test_a_copy_has_a_file_of_its_own(make_kept, make_running, kept):
    source = make_kept(HTML, PNG)
    page = make_running()

    rows = copies(source.artifacts.order_by("pk"), page=page)
    files.remove_all(source.public_id)

    assert [content_of(row) for row in rows] == [HTML.content, PNG.content]
    assert {path.parent.name for path in files_in(kept)} == {page.job.public_id}
    assert {row.public_id for row in rows}.isdisjoint(source.artifacts.values_list("public_id", flat=True))


def test_a_copy_of_what_is_gone_leaves_nothing(make_kept, make_running, kept):
    source = make_kept(HTML, PNG)
    page = make_running()
    (kept / source.artifacts.last().name).unlink()

    with pytest.raises(FileGone):
        copies(source.artifacts.order_by("pk"), page=page)

    assert {path.parent.name for path in files_in(kept)} == {source.public_id}
