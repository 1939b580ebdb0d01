"""News of a job for open pages, and its results as files, through the real web server."""

import csv
import io

import orjson
import pytest
from django.test import Client

from jobs.dashboard import live
from jobs.models import Job

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask(server):
    """Asks for a path of the dashboard as somebody; the answer is read by who asked."""
    opened = []

    def get(path, person, method="GET"):
        client = Client()
        client.force_login(person)
        connection = server.connect()
        opened.append(connection)
        connection.request(method, path, headers={"Cookie": f"sessionid={client.cookies['sessionid'].value}"})
        return connection.getresponse()

    yield get
    for connection in opened:
        connection.close()


@pytest.fixture
def owner(alice, make_person):
    return make_person(alice)


def event(stream):
    """The next event of a stream; None at its end."""
    found = {}
    while line := stream.readline().decode():
        name, colon, value = line.rstrip("\n").partition(": ")
        if colon:
            found[name] = value
        elif not name and "event" in found:
            return found["event"], int(found["id"]), orjson.loads(found["data"])
    return None


def test_news_come_until_the_job_ends(ask, owner, alice, make_job):
    job = make_job(alice, completed=1, waiting=1)

    stream = ask(f"/dashboard/jobs/{job.public_id}/news/", owner)
    first = event(stream)
    Job.objects.filter(pk=job.pk).update(status="completed", completed_urls=2, completed_at=job.started_at)
    rest = [event(stream)[:2], event(stream)[:2], event(stream)]

    assert stream.headers["Content-Type"] == "text/event-stream"
    assert "private" in stream.headers["Cache-Control"]
    assert (first[0], first[1], first[2]["completedUrls"]) == ("progress", 1, 1)
    assert rest == [("progress", 2), ("end", 2), None]


def test_a_stream_ends_by_itself_so_that_who_listens_is_asked_for_again(ask, owner, alice, make_job, monkeypatch):
    monkeypatch.setattr(live, "LONGEST_S", 0)

    stream = ask(f"/dashboard/jobs/{make_job(alice, waiting=1).public_id}/news/", owner)

    assert stream.read() == b"retry: 2000\n\n"


def test_news_are_for_the_account_alone(ask, owner, alice, bob, make_job, client):
    theirs = f"/dashboard/jobs/{make_job(bob, waiting=1).public_id}/news/"

    assert ask(theirs, owner).status == 404
    assert client.get(theirs).status_code == 302
    assert ask(f"/dashboard/jobs/{make_job(alice, waiting=1).public_id}/news/", owner, "HEAD").status == 200


@pytest.mark.parametrize("role", ["owner", "viewer"])
def test_results_are_downloaded_in_each_format(ask, alice, make_person, make_job, role):
    job = make_job(alice, completed=3, failed=1, data={"title": "=1+1", "price": "1"})
    person = make_person(alice, role=role)

    contents, names = {}, []
    for form in FORMS:
        answer = ask(f"/dashboard/jobs/{job.public_id}/exports/{form}/", person)
        contents[form] = answer.read()
        names.append(answer.headers["Content-Disposition"])

    assert names == [f'attachment; filename="{job.public_id}-results.{form}"' for form in FORMS]
    lines = [orjson.loads(line) for line in contents["ndjson"].splitlines()]
    assert orjson.loads(contents["json"]) == lines
    assert [line["index"] for line in lines] == [0, 1, 2, 3]
    rows = list(csv.DictReader(io.StringIO(contents["csv"].decode())))
    assert rows[3]["title"] == "'=1+1"
    assert contents["xlsx"][:2] == b"PK"
    assert contents["parquet"][:4] == b"PAR1"


FORMS = ("json", "ndjson", "csv", "xlsx", "parquet")


def test_a_job_without_results_is_an_empty_list(ask, owner, alice, make_job):
    assert ask(f"/dashboard/jobs/{make_job(alice, waiting=1).public_id}/exports/json/", owner).read() == b"[]\n"


def test_many_results_are_one_json_document(ask, owner, alice, make_job):
    job = make_job(alice, completed=700, failed=2)

    everything = orjson.loads(ask(f"/dashboard/jobs/{job.public_id}/exports/json/", owner).read())
    failed = orjson.loads(ask(f"/dashboard/jobs/{job.public_id}/exports/json/?status=failed", owner).read())

    assert (len(everything), len(failed)) == (702, 2)


def test_results_of_another_account_are_not_downloaded(ask, owner, bob, make_job):
    job = make_job(bob, completed=1)

    assert {ask(f"/dashboard/jobs/{job.public_id}/exports/{form}/", owner).status for form in FORMS} == {404}
