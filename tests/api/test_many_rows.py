"""With very many rows of others, by PostgreSQL's plans: no answer reads a large table whole."""

import pytest

from tests.environment import ON_POSTGRES
from tests.many_rows import plans, read_whole

pytestmark = [
    pytest.mark.skipif(not ON_POSTGRES, reason="it is PostgreSQL's plans that are looked at"),
    pytest.mark.usefixtures("many", "queue"),
]

READ = [
    "jobs/{job}",
    "jobs/{job}?results=false",
    "jobs",
    "jobs?status=completed",
    "jobs/{job}/results",
    "jobs/{job}/results?status=failed&fields=title",
    "jobs/{job}/pages/1",
    "jobs/{job}/deliveries",
    "usage",
]


@pytest.fixture
def job(make_job, complete, fail):
    job = make_job(urls=3)
    complete(job, 0)
    complete(job, 1)
    fail(job, 2)
    return job


@pytest.mark.parametrize("path", READ)
def test_what_is_read_is_found_by_index(api, job, path):
    with plans() as known:
        assert api.get("/v1/" + path.format(job=job.public_id)).status_code == 200

    assert read_whole(known) == []


def test_what_is_made_is_found_by_index(post):
    with plans() as known:
        assert post(urls=["https://store.com/1", "https://store.com/2"]).status_code == 201

    assert read_whole(known) == []


@pytest.mark.parametrize("what", ["retry", "purge"])
def test_what_is_done_to_a_job_finds_its_rows_by_index(api, job, what):
    with plans() as known:
        assert api.post(f"/v1/jobs/{job.public_id}/{what}").status_code < 300

    assert read_whole(known) == []


def test_a_job_is_cancelled_by_index(api, make_job):
    job = make_job(urls=3)

    with plans() as known:
        assert api.delete(f"/v1/jobs/{job.public_id}").status_code < 300

    assert read_whole(known) == []
