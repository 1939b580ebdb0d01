"""GET /v1/jobs/:id/results, and how it continues `results` of the job."""

from urllib.parse import urlsplit

import pytest

from jobs.api import results as results_api

pytestmark = pytest.mark.django_db


@pytest.fixture
def follow(api):
    """GETs an absolute address of ours."""

    def get(url):
        parts = urlsplit(url)
        return api.get(f"{parts.path}?{parts.query}").json()

    return get


def indexes(answer):
    return [result["index"] for result in answer["results"]]


def test_results_of_a_live_job_come_as_they_ended_and_next_goes_on_from_there(api, make_job, complete, fail, follow):
    job = make_job(4)
    complete(job, 3)
    fail(job, 1)

    first = api.get(f"/v1/jobs/{job.public_id}/results")
    complete(job, 0)
    second = follow(first.json()["next"])
    complete(job, 2)
    third = follow(second["next"])

    assert list(first.json()) == ["success", "results", "next"]
    assert first["Retry-After"]
    assert [indexes(first.json()), indexes(second), indexes(third)] == [[3, 1], [0], [2]]
    assert third["next"] is None


def test_pages_of_results_neither_skip_nor_repeat(api, make_job, complete, follow):
    job = make_job(5)
    for index in (4, 0, 3, 1, 2):
        complete(job, index)

    answers = [api.get(f"/v1/jobs/{job.public_id}/results?limit=2").json()]
    while answers[-1]["next"]:
        answers.append(follow(answers[-1]["next"]))

    assert [indexes(answer) for answer in answers] == [[4, 0], [3, 1], [2]]


def test_an_ended_job_gives_its_results_in_the_order_of_its_urls(api, make_job, complete, follow):
    job = make_job(3)
    for index in (2, 0, 1):
        complete(job, index)

    first = api.get(f"/v1/jobs/{job.public_id}/results?order=index&limit=2").json()

    assert (indexes(first), indexes(follow(first["next"]))) == ([0, 1], [2])


def test_the_order_of_urls_waits_for_the_end(api, make_job):
    answer = api.get(f"/v1/jobs/{make_job().public_id}/results?order=index")

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "job_not_finished"


def test_results_are_filtered_by_status_on_every_page(api, make_job, complete, fail, follow):
    job = make_job(5)
    for index in range(5):
        (fail if index % 2 else complete)(job, index)

    first = api.get(f"/v1/jobs/{job.public_id}/results?status=completed&limit=2").json()
    failed = api.get(f"/v1/jobs/{job.public_id}/results?status=failed").json()

    assert (indexes(first), indexes(follow(first["next"])), indexes(failed)) == ([0, 2], [4], [1, 3])


def test_only_the_fields_that_are_named_are_kept_in_that_order_on_every_page(api, make_job, complete, fail, follow):
    job = make_job(3)
    fail(job, 0)
    complete(job, 1, '{"title":"A","price":1}')
    complete(job, 2, '{"title":"B","price":2}')

    first = api.get(f"/v1/jobs/{job.public_id}/results?fields=price,title&limit=2").json()
    second = follow(first["next"])

    data = [result["data"] for result in first["results"] + second["results"]]
    assert data == [None, {"price": 1, "title": "A"}, {"price": 2, "title": "B"}]
    assert [list(one) for one in data[1:]] == [["price", "title"]] * 2


def test_a_field_whose_name_has_commas_and_quotes_is_named_as_in_csv(api, make_job, complete):
    job = make_job(1, selectors='{"a,\\"b":"h1","c":"h2"}')
    complete(job, 0, '{"a,\\"b":"A","c":"C"}')

    answer = api.get(f"/v1/jobs/{job.public_id}/results", {"fields": '"a,""b"'}).json()

    assert answer["results"][0]["data"] == {'a,"b': "A"}


def test_every_field_that_is_not_there_is_named_with_a_hint(api, make_job):
    answer = api.get(f"/v1/jobs/{make_job().public_id}/results?fields=titel,price,stock")

    assert [detail["message"] for detail in answer.json()["error"]["details"]] == [
        "The job has no field titel. Did you mean title?",
        "The job has no field stock.",
    ]


def test_a_page_that_was_counted_after_the_job_was_read_is_not_in_that_answer(make_job, complete):
    from jobs.models import Job

    job = make_job(2)
    complete(job, 1)
    read = Job.objects.get(pk=job.pk)
    complete(job, 0)

    shown, _ = results_api.first_results(read)

    assert [result["index"] for result in shown] == [1]


def test_a_job_shows_its_first_results_and_once_it_has_ended_where_the_rest_is(
    api, make_job, complete, follow, monkeypatch
):
    monkeypatch.setattr(results_api, "MOST_RESULTS", 2)
    job = make_job(3)
    for index in (2, 1):
        complete(job, index)
    live = api.get(f"/v1/jobs/{job.public_id}").json()["job"]
    complete(job, 0)

    ended = api.get(f"/v1/jobs/{job.public_id}").json()["job"]

    assert (indexes(live), live["resultsNext"]) == ([1, 2], None)
    assert indexes(ended) == [0, 1]
    assert indexes(follow(ended["resultsNext"])) == [2]


def test_an_answer_ends_early_where_the_data_is_large(api, make_job, complete, follow, monkeypatch):
    monkeypatch.setattr(results_api, "MOST_DATA_CHARS", 100)
    job = make_job(3)
    for index in range(3):
        complete(job, index, '{"title":"%s"}' % ("x" * 60))

    first = api.get(f"/v1/jobs/{job.public_id}").json()["job"]

    assert indexes(first) == [0, 1]
    assert indexes(follow(first["resultsNext"])) == [2]


def test_cancelled_urls_are_not_among_the_results(api, make_job, complete):
    job = make_job(3)
    complete(job, 1)
    api.delete(f"/v1/jobs/{job.public_id}")

    answer = api.get(f"/v1/jobs/{job.public_id}/results").json()

    assert (indexes(answer), answer["next"]) == ([1], None)


@pytest.mark.parametrize("path", ["", "/results", "?results=false"])
def test_reading_a_job_takes_a_fixed_number_of_queries(path, api, make_job, complete, django_assert_max_num_queries):
    job = make_job(20)
    for index in range(20):
        complete(job, index)
    api.get("/v1/jobs")

    with django_assert_max_num_queries(3) as asked:  # the key, the job, its results
        api.get(f"/v1/jobs/{job.public_id}{path}")

    assert not any('"trace"' in query["sql"] for query in asked.captured_queries)


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("format=docx", "format", "invalid_choice"),
        ("format=CSV", "format", "invalid_choice"),
        ("fields=titel", "fields", "unknown_field"),
        ("fields=", "fields", "invalid_choice"),
        ("fields=title,title", "fields", "duplicate_key"),
        ("fields=title,", "fields", "unknown_field"),
        ("fields=%22title", "fields", "invalid_choice"),
        ("fields=title%0Aprice", "fields", "invalid_choice"),
        ("fields=%00", "fields", "unknown_field"),
        ("format=csv&fields=titel", "fields", "unknown_field"),
        ("format=csv&limit=0", "limit", "out_of_range"),
        ("limit=0", "limit", "out_of_range"),
        ("limit=1001", "limit", "out_of_range"),
        ("limit=", "limit", "out_of_range"),
        ("status=pending", "status", "invalid_choice"),
        ("order=url", "order", "invalid_choice"),
        ("after=%00", "after", "invalid_choice"),
        ("after=zzzz", "after", "invalid_choice"),
        ("after=%C3%A4", "after", "invalid_choice"),
        ("after=aW5kZXg6MA", "after", "invalid_choice"),  # index:0, while the order is that of sequence
        ("after=c2VxdWVuY2U6MTAwMDAwMDAwMDAwMA", "after", "invalid_choice"),  # sequence:10^12
        ("wait=1", "wait", "unknown_field"),
    ],
)
def test_a_bad_parameter_is_named(query, field, code, api, make_job):
    answer = api.get(f"/v1/jobs/{make_job().public_id}/results?{query}")

    assert answer.status_code == 400
    assert [(one["field"], one["code"]) for one in answer.json()["error"]["details"]] == [(field, code)]
