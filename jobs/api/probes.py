"""What a load balancer asks: does this process live, and could it serve."""

import logging
from collections.abc import Callable
from functools import cache

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from jobs.models import Worker
from jobs.queue import bell

logger = logging.getLogger(__name__)


class NotReady(Exception):
    """Something that scrpy needs is not there."""


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"live": True})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """503 that names what is missing; the log has the reasons, which may tell inside addresses."""
    missing = [name for name, check in CHECKS.items() if not passes(name, check)]
    return JsonResponse({"ready": not missing, "missing": missing}, status=503 if missing else 200)


def passes(name: str, check: Callable[[], None]) -> bool:
    try:
        check()
    except (NotReady, DatabaseError, redis.RedisError) as error:
        logger.warning("Not ready, %s: %s", name, error)
        return False
    return True


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@cache
def check_migrations() -> None:
    """Once they have been applied they stay so: a pass is remembered, a failure is not."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise NotReady(f"{len(waiting)} migrations are not applied")


def check_queue() -> None:
    if not settings.REDIS_URL:
        raise NotReady("no queue is known: REDIS_URL is not set")
    bell.client().ping()


def check_workers() -> None:
    if not Worker.objects.live().exists():
        raise NotReady("no worker was heard of lately")


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "migrations": check_migrations,
    "queue": check_queue,
    "workers": check_workers,
}
