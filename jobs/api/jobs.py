"""Jobs: make one, look at it, list them, cancel it."""

from functools import partial

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.authentication import account_of, as_key_says, is_test
from jobs.api.dry_runs import dry_run
from jobs.api.idempotency import answered_once, read_key
from jobs.api.job_requests import read_job_request
from jobs.api.queries import PAGED, boolean, json, read_query, some_of, whole
from jobs.api.results import first_results
from jobs.api.uploads import Upload, posted
from jobs.api.views import ApiView, find_job, retry_after, success
from jobs.api.waiting import StillLive
from jobs.intake import create_job
from jobs.models import Job
from jobs.recording import cancel_job
from jobs.representation import job_as_dict, job_url

LONGEST_WAIT_S = 60
AT_CREATION = ("id", "name", "status", "totalUrls", "completedUrls", "createdAt")


class Jobs(ApiView):
    """`POST /v1/jobs` and `GET /v1/jobs`."""

    query = {
        "POST": {"dryRun": (boolean, False), "job": (json, None)},
        "GET": {"status": (some_of(*Job.Status.values), None), **PAGED},
    }

    def post(self, request: Request) -> Response:
        query = read_query(request, **self.query["POST"])
        with posted(request._request, query["job"], account_id=account_of(request).pk) as asked:
            if query["dryRun"]:
                read_key(request)
                return success(dryRun=dry_run(account_of(request), asked, test=is_test(request)))
            wanted = as_key_says(request, read_job_request(asked))
            make = partial(create_job, account=account_of(request), request=wanted)
            return answered_once(request, make, created, sent=asked.digest if isinstance(asked, Upload) else None)

    def get(self, request: Request) -> Response:
        asked = read_query(request, **self.query["GET"])
        jobs = Job.objects.filter(account=account_of(request)).exclude(kind=Job.Kind.PREVIEW)
        if asked["status"]:
            jobs = jobs.filter(status__in=asked["status"])
        limit, offset = asked["limit"], asked["offset"]
        shown = [job_as_dict(job) for job in jobs.select_related("source").order_by("-id")[offset : offset + limit]]
        return success(jobs=shown, total=jobs.count(), limit=limit, offset=offset)


class OneJob(ApiView):
    """`GET /v1/jobs/:id` and `DELETE /v1/jobs/:id`."""

    query = {"GET": {"results": (boolean, True), "wait": (whole(0, LONGEST_WAIT_S), 0)}}

    def get(self, request: Request, public_id: str, *, waited: str | None = None) -> HttpResponse:
        asked = read_query(request, **self.query["GET"])
        job = find_job(account_of(request), public_id)
        if job.live and asked["wait"] and not waited:
            return StillLive(job, wait_s=asked["wait"])
        return job_answer(job, with_results=asked["results"])

    def delete(self, request: Request, public_id: str) -> Response:
        read_query(request)
        return job_answer(cancel_job(find_job(account_of(request), public_id)), with_results=True)


def created(job: Job) -> Response:
    """201, with the keys of the contract first."""
    shown = job_as_dict(job)
    first = {name: shown[name] for name in AT_CREATION}
    return success(201, job=first | shown, headers={"Location": job_url(job)})


def job_answer(job: Job, *, with_results: bool) -> Response:
    results, results_next = first_results(job) if with_results else (None, None)
    return success(job=job_as_dict(job, results=results, results_next=results_next), headers=retry_after(job))
