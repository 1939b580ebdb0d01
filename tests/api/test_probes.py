"""What operators ask: /healthz, /readyz, /metrics."""

import pytest
from django.db import OperationalError

from jobs.api import probes
from jobs.models import Worker


@pytest.fixture
def worker(db):
    return Worker.objects.create(host="here", pid=1, lanes=4, target=3)


def test_a_process_that_lives_says_so_without_its_database(client):
    assert client.get("/healthz").status_code == 200


def test_with_database_queue_and_a_worker_scrpy_is_ready(client, queue, worker):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (200, {"ready": True, "missing": []})


@pytest.mark.django_db
def test_what_is_missing_is_named(client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["missing"]) == (503, ["queue", "workers"])


def test_a_worker_that_was_not_heard_of_lately_is_missing(client, queue, worker):
    Worker.objects.update(last_seen_at="2024-01-01T00:00:00Z")

    assert client.get("/readyz").json()["missing"] == ["workers"]


def test_migrations_that_are_not_applied_are_missing_until_they_are(client, queue, worker, monkeypatch):
    probes.check_migrations.cache_clear()
    monkeypatch.setattr(probes.MigrationExecutor, "migration_plan", lambda self, targets: [("0002", False)])
    before = client.get("/readyz").json()["missing"]
    monkeypatch.undo()

    assert (before, client.get("/readyz").json()["missing"]) == (["migrations"], [])


def test_a_database_that_is_away_is_missing(client, queue, worker, monkeypatch):
    def away():
        raise OperationalError("at 10.1.2.3")

    monkeypatch.setitem(probes.CHECKS, "database", away)

    answer = client.get("/readyz")

    assert answer.json() == {"ready": False, "missing": ["database"]}


def test_metrics_count_what_is_in_hand(client, make_job, complete, worker):
    make_job(2)
    running = make_job(2)
    complete(running, 0)

    text = client.get("/metrics").content.decode()

    for line in (
        'scrpy_jobs_live{status="pending"} 1.0',
        'scrpy_jobs_live{status="running"} 1.0',
        'scrpy_pages_in_flight{status="running"} 0.0',
        "scrpy_workers_live 1.0",
        "scrpy_worker_targets 3.0",
        "scrpy_database_up 1.0",
    ):
        assert line in text


def test_metrics_count_requests_by_pattern_never_by_address(api):
    api.get("/v1/jobs/job_abc")
    api.generic("BREW", "/v1/no/such/address")

    text = api.get("/metrics").content.decode()

    assert 'scrpy_http_requests_total{method="GET",route="/v1/jobs/<str:public_id>",status="404"}' in text
    assert 'scrpy_http_requests_total{method="other",route="none",status="404"}' in text
    assert "job_abc" not in text
    assert "/v1/no" not in text


def test_metrics_answer_without_the_database(client, monkeypatch):
    from jobs.api import metrics

    def away():
        raise OperationalError

    monkeypatch.setattr(metrics, "in_database", away)

    answer = client.get("/metrics")

    assert answer.status_code == 200
    assert "scrpy_database_up 0.0" in answer.content.decode()


def test_the_front_door_leads_to_the_dashboard(client):
    assert client.get("/")["Location"] == "/dashboard/"
