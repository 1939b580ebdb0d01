"""What only the real web server shows: waiting, and bodies without an end. Waits are on conditions, never on time."""

import json
import socket
import tempfile
import threading
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path

import orjson
import pytest

from jobs.api import waiting
from jobs.api.body_limit import MAX_BODY_BYTES
from jobs.queue import bell
from tests.until import until

pytestmark = pytest.mark.django_db(transaction=True)

FULL = Path("/dev/full")
"""A disk without room."""


class Asking(threading.Thread):
    """One request on a connection of its own, under way while the test goes on."""

    method, content = "GET", None
    headers: dict[str, str] = {}

    def __init__(self, server, key, path):
        super().__init__()
        self.body = None
        self._connection = server.connect()
        self._connection.request(self.method, path, self.content, self.headers | {"Authorization": f"Bearer {key}"})
        self.start()

    def run(self):
        with closing(self._connection), suppress(HTTPException):
            self.response = self._connection.getresponse()
            self.body = json.loads(self.response.read())

    def answer(self):
        self.join(30)
        return self.body

    def hang_up(self):
        with suppress(OSError, AttributeError):  # it has its answer, and is closed
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        self.join(30)


@pytest.fixture
def ask(server, make_key, alice):
    key, asked = make_key(alice), []

    def send(path, *, key=key):
        asked.append(Asking(server, key, path))
        return asked[-1]

    yield send
    for one in asked:
        one.hang_up()


@pytest.fixture
def no_rereading(monkeypatch):
    """Who waits looks once, and then hears of the end over Redis or not at all."""
    monkeypatch.setattr(waiting, "REREAD_S", 3_600)


def until_waiting(count=1):
    until(lambda: waiting.waiters.count == count, what=f"{count} wait")


def until_listening(url):
    def listeners():
        return dict(bell.client().pubsub_numsub(bell.ENDED)).get(bell.ENDED)

    until(listeners, what="the web server listens to Redis")


def test_a_waiting_answer_comes_when_redis_tells_of_the_end(queue, no_rereading, ask, make_job, complete):
    job = make_job(1)
    asked = ask(f"/v1/jobs/{job.public_id}?wait=60")
    until_waiting()
    until_listening(queue)

    complete(job, 0)

    assert asked.answer()["job"]["status"] == "completed"
    assert len(asked.answer()["job"]["results"]) == 1


def test_without_redis_a_waiting_answer_comes_by_looking_again(ask, make_job, complete, monkeypatch):
    monkeypatch.setattr(waiting, "REREAD_S", 0.05)
    job = make_job(1)
    asked = ask(f"/v1/jobs/{job.public_id}?wait=60&results=false")
    until_waiting()

    complete(job, 0)

    assert asked.answer()["job"]["status"] == "completed"
    assert "results" not in asked.answer()["job"]


def test_the_listener_survives_an_outage_of_redis(queue, no_rereading, ask, make_job, complete, monkeypatch, caplog):
    monkeypatch.setattr(waiting, "RECONNECT_AFTER_S", 0.01)
    job = make_job(1)
    asked = ask(f"/v1/jobs/{job.public_id}?wait=60")
    until_listening(queue)

    bell.client().client_kill_filter(_type="pubsub")
    until(lambda: "Redis is away, ends of jobs" in caplog.text, what="the listener noticed")
    until_listening(queue)
    complete(job, 0)

    assert asked.answer()["job"]["status"] == "completed"


def test_a_wait_that_is_over_answers_the_live_job(ask, make_job):
    asked = ask(f"/v1/jobs/{make_job(1).public_id}?wait=1")

    assert asked.answer()["job"]["status"] == "pending"
    assert asked.response.headers["Retry-After"]


@pytest.mark.parametrize("query", ["?wait=0", ""])
def test_without_a_wait_the_answer_comes_at_once(query, ask, make_job):
    assert ask(f"/v1/jobs/{make_job(1).public_id}{query}").answer()["job"]["status"] == "pending"


def test_an_ended_job_is_not_waited_for(no_rereading, ask, make_job, complete):
    job = make_job(1)
    complete(job, 0)

    assert ask(f"/v1/jobs/{job.public_id}?wait=60").answer()["job"]["status"] == "completed"


def test_who_comes_on_top_of_the_most_waiters_is_answered_at_once(no_rereading, ask, make_job, api, monkeypatch):
    monkeypatch.setattr(waiting, "MOST_WAITERS", 1)
    job = make_job(1)
    ask(f"/v1/jobs/{job.public_id}?wait=60")
    until_waiting()

    assert ask(f"/v1/jobs/{job.public_id}?wait=60").answer()["job"]["status"] == "pending"


def test_an_account_with_as_many_waiters_as_it_may_have_leaves_room_for_others(
    no_rereading, ask, make_job, make_key, bob, monkeypatch
):
    monkeypatch.setattr(waiting, "MOST_OF_ACCOUNT", 1)
    job, bobs = make_job(1), make_job(1, account=bob)
    first = ask(f"/v1/jobs/{job.public_id}?wait=60")
    until_waiting()

    assert ask(f"/v1/jobs/{job.public_id}?wait=60").answer()["job"]["status"] == "pending"
    ask(f"/v1/jobs/{bobs.public_id}?wait=60", key=make_key(bob))
    until_waiting(2)

    first.hang_up()
    until_waiting(1)
    ask(f"/v1/jobs/{job.public_id}?wait=60")
    until_waiting(2)


def test_a_client_that_goes_away_waits_no_more(no_rereading, ask, make_job):
    job = make_job(1)
    asked = ask(f"/v1/jobs/{job.public_id}?wait=60")
    until_waiting()

    asked.hang_up()

    until_waiting(0)


def test_those_who_wait_hold_no_connection_to_the_database(no_rereading, ask, make_job, opened):
    job = make_job(1)
    for _ in range(10):
        ask(f"/v1/jobs/{job.public_id}?wait=60")

    until_waiting(10)

    until(lambda: all(one.connection is None for one in opened), what="all connections of the server are closed")
    assert len(opened) >= 10


def post_headers(key, **headers):
    return {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}


def test_a_body_that_says_it_is_too_large_is_refused_unread(server, make_key, alice):
    connection = server.connect()
    connection.putrequest("POST", "/v1/jobs")
    for name, value in post_headers(make_key(alice), **{"Content-Length": str(MAX_BODY_BYTES + 1)}).items():
        connection.putheader(name, value)
    connection.endheaders()

    response = connection.getresponse()

    body = json.loads(response.read())
    assert (response.status, body["error"]["code"]) == (413, "payload_too_large")
    assert body["requestId"] == response.headers["X-Request-Id"]
    assert response.headers["Connection"] == "close"
    connection.close()


def test_a_body_without_a_length_is_cut_off_at_the_limit(server, make_key, alice):
    connection = server.connect()
    chunks = (b" " * 2**20 for _ in range(MAX_BODY_BYTES // 2**20 + 1))
    connection.request("POST", "/v1/jobs", chunks, post_headers(make_key(alice)), encode_chunked=True)

    response = connection.getresponse()

    assert (response.status, json.loads(response.read())["error"]["code"]) == (413, "payload_too_large")
    connection.close()


def test_a_body_for_which_the_disk_has_no_room_is_503(server, make_key, alice, monkeypatch):
    connection = server.connect()

    with FULL.open("w+b", buffering=0) as full:
        monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda **_: full)
        connection.request("POST", "/v1/jobs", b"{}", post_headers(make_key(alice)))
        response = connection.getresponse()

    body = json.loads(response.read())
    assert (response.status, body["error"]["code"]) == (503, "service_unavailable")
    assert "disk" in body["error"]["message"]
    assert body["requestId"] == response.headers["X-Request-Id"]
    connection.close()


def test_a_body_without_a_length_is_read_like_any_other(server, make_key, alice):
    connection = server.connect()
    body = orjson.dumps({"urls": ["https://store.com/p1"], "selectors": {"title": "h1"}})
    connection.request(
        "POST", "/v1/jobs", iter([body[:10], body[10:]]), post_headers(make_key(alice)), encode_chunked=True
    )

    response = connection.getresponse()

    assert (response.status, json.loads(response.read())["job"]["totalUrls"]) == (201, 1)
    connection.close()


@pytest.mark.parametrize("path", ["/v1/jobs?status=\u00ff", "/v1/jobs/%ff", "/v1/jobs?%ff=%00", "/v1/\u00e4"])
def test_odd_bytes_in_an_address_are_the_clients_fault(path, server, make_key, alice):
    connection = server.connect()
    connection.putrequest("GET", "/", skip_host=True)
    connection._buffer[0] = b"GET " + path.encode("latin-1") + b" HTTP/1.1"
    connection.putheader("Host", "127.0.0.1")
    connection.putheader("Authorization", f"Bearer {make_key(alice)}")
    connection.endheaders()

    response = connection.getresponse()

    assert 400 <= response.status < 500
    response.read()
    connection.close()


def test_a_doubled_authorization_header_is_401(server, make_key, alice):
    key = make_key(alice)
    connection = server.connect()
    connection.putrequest("GET", "/v1/jobs")
    for _ in range(2):
        connection.putheader("Authorization", f"Bearer {key}")
    connection.endheaders()

    response = connection.getresponse()

    assert response.status == 401
    response.read()
    connection.close()


def test_a_static_file_is_served_whole(server):
    connection = server.connect()
    connection.request("GET", "/static/admin/css/base.css")

    response = connection.getresponse()

    assert (response.status, len(response.read())) == (200, int(response.headers["Content-Length"]))
    connection.close()


def test_a_form_without_a_length_is_read_like_any_other(server, make_key, alice):
    connection = server.connect()
    part = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    parts = part % (b"job", b'{"selectors":{"title":"h1"}}'), part % (b'urls"; filename="a.csv', b"https://store.com/")
    asked = post_headers(make_key(alice)) | {"Content-Type": "multipart/form-data; boundary=x"}
    connection.request("POST", "/v1/jobs", iter([*parts, b"--x--\r\n"]), asked, encode_chunked=True)

    response = connection.getresponse()

    assert (response.status, json.loads(response.read())["job"]["totalUrls"]) == (201, 1)
    connection.close()
