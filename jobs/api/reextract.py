"""Other rules for pages that are kept: `POST /v1/jobs/:id/reextract`."""

from functools import partial

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.authentication import account_of
from jobs.api.bodies import read_object
from jobs.api.errors import ApiError
from jobs.api.idempotency import answered_once
from jobs.api.job_requests import read_reextract_request
from jobs.api.jobs import created
from jobs.api.queries import read_query
from jobs.api.views import ApiView, find_job
from jobs.rereading import NothingKept, create_reextract


class Reextract(ApiView):
    """`POST /v1/jobs/:id/reextract`."""

    def post(self, request: Request, public_id: str) -> Response:
        read_query(request)
        source = find_job(account_of(request), public_id)
        asked = read_reextract_request(read_object(request), source)
        if source.live:
            raise ApiError("job_not_finished", f"Job {public_id} is {source.status}: wait until it has ended.")
        try:
            return answered_once(request, partial(create_reextract, source=source, request=asked), created)
        except NothingKept as error:
            raise ApiError("nothing_kept", str(error)) from error
