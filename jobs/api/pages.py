"""One page of a job, whatever became of it: `GET /v1/jobs/:id/pages/:index`."""

import re

from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.authentication import account_of
from jobs.api.errors import ApiError
from jobs.api.queries import read_query
from jobs.api.views import ApiView, find_job, success
from jobs.models import Job, Page
from jobs.representation import page_as_dict

INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


class OnePage(ApiView):
    """`GET /v1/jobs/:id/pages/:index`."""

    def get(self, request: Request, public_id: str, index: str) -> Response:
        read_query(request)
        job = find_job(account_of(request), public_id)
        return success(page=page_as_dict(job, find_page(job, index)))


def find_page(job: Job, index: str) -> Page:
    """One query, or none. Raises: ApiError."""
    page = Page.objects.filter(job=job, index=int(index)).first() if INDEX.fullmatch(index) else None
    if page is None:
        raise ApiError("not_found", f"Job {job.public_id} has no page {index[:20]}; its last is {job.total_urls - 1}.")
    return page
