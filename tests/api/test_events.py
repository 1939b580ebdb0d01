"""GET /v1/jobs/:id/events: what happens in a job while it happens, through the real web server."""

import socket
from contextlib import closing, suppress

import orjson
import pytest
from django.db import OperationalError, connection, connections

from jobs.api import events, streaming, waiting
from jobs.exports import reading
from jobs.models import Job
from jobs.queue import bell
from jobs.recording import cancel_job
from tests.until import until, until_settled

pytestmark = pytest.mark.django_db(transaction=True)


class Listener:
    """One stream of events on a connection of its own."""

    def __init__(self, server, key, path, headers):
        self._connection = server.connect()
        self._connection.request("GET", path, headers={"Authorization": f"Bearer {key}", **headers})
        self.response = self._connection.getresponse()

    def fields(self):
        """The fields of the next event that is not a comment; none at the end of the stream."""
        found = {}
        while line := self.response.readline():
            name, colon, value = line.decode().rstrip("\n").partition(": ")
            if colon:
                found[name] = value
            elif not name and found and "retry" not in found:
                return found
            elif not name:
                found = {}
        return None

    def next(self):
        """The kind of the next event, its id, and its data."""
        found = self.fields()
        return found and (found["event"], int(found["id"]), orjson.loads(found["data"]))

    def kinds(self):
        """Of all events until the stream ends, with their ids."""
        return [event[:2] for event in iter(self.next, None)]

    def hang_up(self):
        with suppress(OSError, AttributeError):
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self.response.close()
        self._connection.close()


@pytest.fixture
def listen(server, make_key, alice):
    key, listeners = make_key(alice), []

    def start(job, query="", **headers):
        listeners.append(Listener(server, key, f"/v1/jobs/{job.public_id}/events{query}", headers))
        return listeners[-1]

    yield start
    for one in listeners:
        one.hang_up()
    until(lambda: waiting.waiters.count == 0, what="nobody listens any more")


@pytest.fixture
def no_rereading(monkeypatch):
    """Who listens looks once, and then hears of more over Redis or not at all."""
    monkeypatch.setattr(waiting, "REREAD_S", 3_600)


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(waiting, "REREAD_S", 0.05)


def until_listening():
    def listeners():
        return dict(bell.client().pubsub_numsub(bell.PROGRESS)).get(bell.PROGRESS)

    until(listeners, what="the web server listens to Redis")


def test_pages_come_as_they_end_each_with_its_result_and_then_the_end(
    queue, no_rereading, listen, make_job, complete, fail
):
    job = make_job(3)
    complete(job, 2, '{"title":"A","price":null}')
    heard = listen(job)
    until_listening()

    first, progress = heard.next(), heard.next()
    fail(job, 0)
    second, more = heard.next(), heard.next()
    complete(job, 1)
    third, last, end, over = (heard.next() for _ in range(4))

    assert [event[:2] for event in (first, second, third)] == [("page", 1), ("page", 2), ("page", 3)]
    assert (first[2]["index"], first[2]["data"]) == (2, {"title": "A", "price": None})
    assert (second[2]["index"], second[2]["error"]["code"]) == (0, "http_error")
    assert progress == (
        "progress",
        1,
        {"status": "running", "totalUrls": 3, "completedUrls": 1, "failedUrls": 0, "cancelledUrls": 0},
    )
    assert (more[2]["failedUrls"], last[2]["completedUrls"], last[2]["status"]) == (1, 2, "partial")
    assert (end[0], end[1], end[2]["id"], end[2]["status"]) == ("end", 3, job.public_id, "partial")
    assert "results" not in end[2]
    assert over is None


def test_without_redis_pages_come_by_looking_again(often, listen, make_job, complete):
    job = make_job(2)
    heard = listen(job)
    assert heard.next()[0] == "progress"

    complete(job, 1)

    assert heard.next()[:2] == ("page", 1)


def test_a_job_that_has_ended_is_told_and_the_stream_ends(listen, make_job, complete):
    job = make_job(2)
    complete(job, 0)
    complete(job, 1)

    heard = listen(job)

    assert heard.kinds() == [("page", 1), ("page", 2), ("progress", 2), ("end", 2)]
    headers = heard.response.headers
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("text/event-stream", "no-cache")


def test_a_cancelled_job_ends_the_stream(queue, no_rereading, listen, make_job):
    job = make_job(2)
    heard = listen(job)
    until_listening()
    heard.next()

    cancel_job(job)

    assert heard.kinds() == [("progress", 0), ("end", 0)]


@pytest.mark.parametrize(
    ("query", "headers", "pages"),
    [
        ("?after=2", {}, [3, 4]),
        ("", {"Last-Event-ID": "3"}, [4]),
        ("?after=1", {"Last-Event-ID": "3"}, [4]),
        ("?after=0", {}, [1, 2, 3, 4]),
        ("?after=4", {}, []),
        ("?after=9", {}, []),
    ],
)
def test_who_comes_back_hears_what_came_after(query, headers, pages, listen, make_job, complete):
    job = make_job(4)
    for index in (3, 1, 0, 2):
        complete(job, index)

    heard = listen(job, query, **headers).kinds()

    assert [number for kind, number in heard if kind == "page"] == pages
    assert heard[-1][0] == "end"


def test_nothing_is_skipped_or_repeated_over_many_connections(monkeypatch, often, listen, make_job, complete):
    monkeypatch.setattr(reading, "FIRST_ROWS", 2)
    job, got = make_job(9), []
    for index in range(0, 9, 3):
        for more in range(3):
            complete(job, index + more)
        heard = listen(job, **({"Last-Event-ID": str(got[-1])} if got else {}))
        while got[-2:] != [index + 1, index + 2]:
            kind, number, _ = heard.next()
            got += [number] if kind == "page" else []
        heard.hang_up()

    assert got == list(range(1, 9))
    assert listen(job, **{"Last-Event-ID": str(got[-1])}).kinds()[0] == ("page", 9)


def test_without_results_only_progress_is_told(listen, make_job, complete):
    job = make_job(2)
    complete(job, 0)
    complete(job, 1)

    assert listen(job, "?results=false").kinds() == [("progress", 2), ("end", 2)]


def test_a_listener_is_told_that_the_stream_lives(often, listen, make_job):
    heard = listen(make_job(1))
    heard.next()

    assert [heard.response.readline() for _ in range(4)] == [b":\n", b"\n", b":\n", b"\n"]


def test_who_comes_on_top_of_the_most_waiters_hears_what_there_is_and_comes_again(
    no_rereading, listen, make_job, complete, monkeypatch
):
    monkeypatch.setattr(waiting, "MOST_WAITERS", 1)
    job = make_job(2)
    complete(job, 0)
    first = listen(job)
    first.next()

    second = listen(job)

    assert second.kinds() == [("page", 1), ("progress", 1)]


def test_a_client_that_goes_away_is_forgotten(no_rereading, listen, make_job):
    heard = listen(make_job(1))
    heard.next()
    assert waiting.waiters.count == 1

    heard.hang_up()

    until(lambda: waiting.waiters.count == 0, what="nobody listens any more")


def test_a_job_that_is_deleted_ends_the_stream(often, listen, make_job):
    job = make_job(1)
    heard = listen(job)
    heard.next()

    Job.objects.all().delete()

    assert heard.kinds() == []


def test_a_database_that_is_away_for_a_moment_ends_no_stream(often, listen, make_job, complete, monkeypatch, caplog):
    job, failing = make_job(2), []
    step = streaming.next_step

    def away(steps):
        if failing:
            raise OperationalError("away")
        return step(steps)

    monkeypatch.setattr(events, "next_step", away)
    heard = listen(job)
    heard.next()

    failing.append(True)
    until(lambda: "hear nothing new: away" in caplog.text, what="the database was asked in vain")
    complete(job, 0)
    failing.clear()

    assert heard.next()[:2] == ("page", 1)


def test_two_hundred_listeners_hold_no_connection_to_the_database(no_rereading, listen, make_job, opened):
    job = make_job(1)

    listeners = [listen(job) for _ in range(waiting.MOST_WAITERS)]

    assert {one.next()[0] for one in listeners} == {"progress"}
    until(lambda: waiting.waiters.count == 200, what="all are listening")
    until(lambda: all(one.connection is None for one in opened), what="all connections of the server are given back")
    assert len(opened) >= 200
    if connection.vendor == "postgresql":
        assert in_use() <= 1  # this test's own
        assert connections_open() <= connections["default"].pool.max_size + 1


def in_use():
    """Connections that are taken from the pool."""
    stats = connections["default"].pool.get_stats()
    return stats["pool_size"] - stats["pool_available"]


def connections_open():
    """As PostgreSQL counts them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def test_a_slow_listener_has_no_more_than_a_chunk_waiting(listen, make_job, complete, monkeypatch):
    steps, step = [], streaming.next_step
    monkeypatch.setattr(events, "next_step", lambda it: (steps.append(1), step(it))[1])
    job = make_job(60)
    for index in range(60):
        complete(job, index, '{"title":"%s"}' % ("x" * 200_000))

    heard = listen(job)
    heard.next()
    until_settled(steps)

    assert len(steps) <= 8  # of some 12: what fits into the buffers of the sockets
    assert heard.kinds()[-1] == ("end", 60)
    assert len(steps) > 8


def test_a_look_at_a_job_in_which_nothing_has_happened_is_one_query(make_job, complete, django_assert_num_queries):
    job = make_job(2)
    complete(job, 0)
    feed = events.Feed(job, after=0, with_results=True)
    list(feed.news())

    with django_assert_num_queries(1):
        assert list(feed.news()) == []


@pytest.mark.parametrize(
    ("query", "headers", "field", "code"),
    [
        ("?after=-1", {}, "after", "out_of_range"),
        ("?after=", {}, "after", "out_of_range"),
        ("?after=c2VxdWVuY2U6Mw", {}, "after", "out_of_range"),
        ("?after=1000000000", {}, "after", "out_of_range"),
        ("?results=1", {}, "results", "invalid_choice"),
        ("?wait=1", {}, "wait", "unknown_field"),
        ("", {"Last-Event-ID": "x"}, "Last-Event-ID", "out_of_range"),
        ("", {"Last-Event-ID": "-1"}, "Last-Event-ID", "out_of_range"),
        ("", {"Last-Event-ID": "9" * 400}, "Last-Event-ID", "out_of_range"),
    ],
)
def test_a_place_that_is_none_is_refused_by_name(query, headers, field, code, api, make_job):
    answer = api.get(f"/v1/jobs/{make_job(1).public_id}/events{query}", headers=headers)

    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["error"]["details"]] == [(field, code)]


def test_another_accounts_job_is_not_there(bobs_api, make_job):
    assert bobs_api.get(f"/v1/jobs/{make_job(1).public_id}/events").status_code == 404


def test_a_head_request_has_the_headers_alone(api, make_job):
    answer = api.head(f"/v1/jobs/{make_job(1).public_id}/events")

    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "text/event-stream", b"")


def test_a_wait_for_the_end_is_not_woken_by_each_page(queue, no_rereading, server, make_key, alice, make_job, complete):
    looks, live = [], waiting.is_live
    job = make_job(3)
    with pytest.MonkeyPatch.context() as patch, closing(server.connect()) as asked:
        patch.setattr(waiting, "is_live", lambda public_id: (looks.append(1), live(public_id))[1])
        headers = {"Authorization": f"Bearer {make_key(alice)}"}
        asked.request("GET", f"/v1/jobs/{job.public_id}?wait=60", headers=headers)
        until_listening()
        until(lambda: looks, what="the first look")
        for index in range(3):
            complete(job, index)

        assert orjson.loads(asked.getresponse().read())["job"]["status"] == "completed"

    assert len(looks) <= 3  # at first, when listening began, and at the end
