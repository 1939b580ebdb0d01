"""Numbers for Prometheus: what this process answered, and what the database says of work in hand."""

import logging
from collections.abc import Iterator, Mapping, Sequence

from django.db import DatabaseError
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from jobs.api.waiting import waiters
from jobs.models import Job, Page, Worker
from jobs.models.job import LIVE
from jobs.models.page import IN_FLIGHT

logger = logging.getLogger(__name__)

disable_created_metrics()  # type: ignore[no-untyped-call]
REQUESTS = Counter("scrpy_http_requests", "Requests answered.", ["method", "route", "status"])
SECONDS = Histogram("scrpy_http_request_seconds", "Time to an answer, waits asked for included.", ["method", "route"])
UNCOUNTED = Counter("scrpy_rate_limits_uncounted", "Counts against rate limits left out because Redis was away.")
METHODS = ("GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS")


def count_request(request: HttpRequest, response: HttpResponseBase, *, took_s: float) -> None:
    """Labels are of a bounded number: the pattern that matched, not the address; a method that exists."""
    route = f"/{request.resolver_match.route}" if request.resolver_match else "none"
    method = request.method if request.method in METHODS else "other"
    REQUESTS.labels(method, route, response.status_code).inc()
    SECONDS.labels(method, route).observe(took_s)


class WorkInHand(Collector):
    """Asked for at each scrape. Only live jobs, claimed pages and workers are counted: there are few of each."""

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing: to be registered must not query."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("scrpy_waiters", "Answers that this process holds back.", value=waiters.count)
        try:
            families, up = list(in_database()), 1
        except DatabaseError as error:
            logger.warning("No numbers of the database: %s", error)
            families, up = [], 0
        yield GaugeMetricFamily("scrpy_database_up", "Whether the database could be asked.", value=up)
        yield from families


def in_database() -> Iterator[GaugeMetricFamily]:
    """Three queries."""
    yield gauge("scrpy_jobs_live", "Jobs that have not ended.", LIVE, count_statuses(Job.objects.live()))
    claimed = count_statuses(Page.objects.filter(token__isnull=False))
    yield gauge("scrpy_pages_in_flight", "Pages that workers have claimed.", IN_FLIGHT, claimed)
    workers = Worker.objects.live().aggregate(count=Count("pk"), targets=Sum("target"))
    yield GaugeMetricFamily("scrpy_workers_live", "Worker processes heard of.", value=workers["count"])
    yield GaugeMetricFamily("scrpy_worker_targets", "Pages they want at once.", value=workers["targets"] or 0)


def count_statuses(rows: "QuerySet[Job] | QuerySet[Page]") -> dict[str, int]:
    return dict(rows.order_by().values_list("status").annotate(Count("pk")))


def gauge(name: str, text: str, statuses: Sequence[str], counted: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["status"])
    for status in statuses:
        family.add_metric([status], counted.get(status, 0))
    return family


REGISTRY.register(WorkInHand())


def metrics(request: HttpRequest) -> HttpResponse:
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
