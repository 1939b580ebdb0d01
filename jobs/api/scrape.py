"""One URL, answered in the response: `POST /v1/scrape` and `POST /v1/preview`."""

from functools import partial
from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.authentication import account_of, as_key_says
from jobs.api.bodies import read_object
from jobs.api.errors import ApiError
from jobs.api.idempotency import made_once
from jobs.api.job_requests import read_preview_request, read_scrape_request
from jobs.api.queries import read_query, whole
from jobs.api.results import read_results
from jobs.api.views import ApiView, find_job, retry_after, success
from jobs.api.waiting import StillLive
from jobs.artifacts import StorageAway, content_of
from jobs.exports import Selection
from jobs.intake import create_job
from jobs.models import Job
from jobs.representation import job_as_dict, job_url
from jobs.rereading import create_preview

LONGEST_WAIT_S, WAIT_S = 120, 60
JSON = "application/json"
INLINE = ("text/", JSON)
"""What is given in the answer itself, by the beginning of its type."""


class SingleUrl(ApiView):
    """Makes a job of one page, and answers with its result once it has ended."""

    query = {"POST": {"wait": (whole(1, LONGEST_WAIT_S), WAIT_S)}}

    def create(self, request: Request, body: dict[str, Any]) -> Job:
        """The job that `body` asks for. Raises: ApiError."""
        raise NotImplementedError

    def post(self, request: Request, *, waited: str | None = None) -> HttpResponse:
        asked = read_query(request, **self.query["POST"])
        if waited:
            return answer(find_job(account_of(request), waited))
        make = partial(self.create, request, read_object(request))
        return StillLive(made_once(request, make), wait_s=asked["wait"])


class Scrape(SingleUrl):
    """`POST /v1/scrape`."""

    def create(self, request: Request, body: dict[str, Any]) -> Job:
        asked = read_scrape_request(body)
        return create_job(account=account_of(request), request=as_key_says(request, asked))


class Preview(SingleUrl):
    """`POST /v1/preview`: rules, tried on HTML or on a URL, and explained."""

    def create(self, request: Request, body: dict[str, Any]) -> Job:
        asked, html = read_preview_request(body)
        account, asked = account_of(request), as_key_says(request, asked)
        if html is None:
            return create_job(account=account, request=asked)
        try:
            return create_preview(account=account, request=asked, html=html)
        except StorageAway as exc:
            raise ApiError("service_unavailable", "The storage of files is away; try again in a moment.") from exc


def answer(job: Job) -> Response:
    """The only result, with what text was made of the page; or where to ask for it later."""
    if job.live:
        headers = {"Location": job_url(job), **retry_after(job)}
        return success(202, job=job_as_dict(job), result=None, headers=headers)
    results, _ = read_results(Selection(job=job, order="index", limit=1))
    for result in results:
        add_contents(job, result.get("outputs", {}))
    return success(job=job_as_dict(job), result=results[0] if results else None)


def add_contents(job: Job, outputs: dict[str, dict[str, Any]]) -> None:
    """Give each text its `content`: a string, or what the JSON says."""
    for artifact in job.artifacts.filter(shown=True, action=None, output__in=outputs):
        if artifact.content_type.startswith(INLINE):
            outputs[artifact.output]["content"] = inline(content_of(artifact), artifact.content_type)


def inline(content: bytes, content_type: str) -> object:
    return orjson.Fragment(content) if content_type == JSON else content.decode()
