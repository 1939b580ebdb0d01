"""GET /v1/jobs."""

import pytest

pytestmark = pytest.mark.django_db


def test_jobs_are_listed_newest_first_without_results(api, make_job):
    made = [make_job(1).public_id for _ in range(3)]

    answer = api.get("/v1/jobs").json()

    assert list(answer) == ["success", "jobs", "total", "limit", "offset"]
    assert [job["id"] for job in answer["jobs"]] == made[::-1]
    assert (answer["total"], answer["limit"], answer["offset"]) == (3, 20, 0)
    assert all("results" not in job for job in answer["jobs"])


def test_a_page_of_the_list_is_cut_by_limit_and_offset(api, make_job):
    made = [make_job(1).public_id for _ in range(5)]

    answer = api.get("/v1/jobs?limit=2&offset=1").json()

    assert [job["id"] for job in answer["jobs"]] == [made[3], made[2]]
    assert (answer["total"], answer["limit"], answer["offset"]) == (5, 2, 1)


def test_past_the_end_the_list_is_empty_and_the_total_stays(api, make_job):
    make_job(1)

    answer = api.get("/v1/jobs?offset=1000000").json()

    assert (answer["jobs"], answer["total"]) == ([], 1)


def test_the_list_is_filtered_by_any_of_several_statuses(api, make_job, complete, fail):
    pending, completed, failed = make_job(1), make_job(1), make_job(1)
    complete(completed, 0)
    fail(failed, 0)

    answer = api.get("/v1/jobs?status=completed,pending").json()

    assert [job["id"] for job in answer["jobs"]] == [completed.public_id, pending.public_id]
    assert answer["total"] == 2


def test_nobody_sees_the_jobs_of_another_account(bobs_api, make_job):
    make_job(1)

    assert bobs_api.get("/v1/jobs").json()["total"] == 0


@pytest.mark.parametrize("jobs", [1, 30])
def test_however_many_jobs_there_are_the_queries_are_three(jobs, api, make_job, django_assert_num_queries):
    for _ in range(jobs):
        make_job(1)
    api.get("/v1/jobs")

    with django_assert_num_queries(3):  # the key, the jobs, how many
        api.get("/v1/jobs?limit=100")
