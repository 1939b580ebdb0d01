"""What is done with jobs that have ended: `POST /v1/jobs/:id/retry` and `POST /v1/jobs/:id/purge`."""

from functools import partial

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.authentication import account_of, key_of
from jobs.api.bodies import read_nothing
from jobs.api.errors import ApiError
from jobs.api.idempotency import answered_once
from jobs.api.jobs import created
from jobs.api.queries import read_query
from jobs.api.views import ApiView, find_job, success
from jobs.models import Account, ApiKey, Job
from jobs.retention import purge_job
from jobs.retrying import NothingFailed, create_retry


class Retry(ApiView):
    """`POST /v1/jobs/:id/retry`."""

    def post(self, request: Request, public_id: str) -> Response:
        read_query(request)
        read_nothing(request._request)
        return answered_once(request, partial(retry, account_of(request), public_id, key=key_of(request)), created)


class Purge(ApiView):
    """`POST /v1/jobs/:id/purge`."""

    def post(self, request: Request, public_id: str) -> Response:
        read_query(request)
        read_nothing(request._request)
        return answered_once(request, partial(purge, account_of(request), public_id), purged)


def retry(account: Account, public_id: str, *, key: ApiKey) -> Job:
    """Raises: ApiError, Refusal."""
    try:
        return create_retry(find_ended_job(account, public_id), key=key)
    except NothingFailed as error:
        raise ApiError("nothing_failed", str(error)) from error


def purge(account: Account, public_id: str) -> str:
    """The id of a job that is no more. Raises: ApiError."""
    purge_job(find_ended_job(account, public_id))
    return public_id


def purged(public_id: str) -> Response:
    return success(purged={"id": public_id})


def find_ended_job(account: Account, public_id: str) -> Job:
    """The account's own. One query. Raises: ApiError."""
    job = find_job(account, public_id)
    if job.live:
        raise ApiError("job_not_finished", f"Job {public_id} is {job.status}: wait until it has ended, or cancel it.")
    return job
