"""What happens in a job while it happens, as server-sent events: `GET /v1/jobs/:id/events`."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

import orjson
from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from jobs.api.authentication import account_of
from jobs.api.errors import Problem, invalid_request
from jobs.api.queries import Refused, boolean, read_query, whole
from jobs.api.streaming import next_step
from jobs.api.views import ApiView, find_job
from jobs.api.waiting import until_rung, waiters
from jobs.exports import JobGone, Selection
from jobs.models import Job
from jobs.queue import bell
from jobs.representation import Result, job_as_dict, results_as_dicts

logger = logging.getLogger(__name__)

LAST_EVENT_ID = "Last-Event-ID"
read_sequence = whole(0, 999_999_999)
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",  # nginx would keep events until it has enough of them
}
RECONNECT = b"retry: 2000\n\n"
STILL_HERE = b":\n\n"
REST_S = 0.5
"""The least time between two looks at the job: pages may end faster than anyone wants to hear of each at once."""
SELDOM = ("selectors", "options", "metadata", "sealed_options", "sealed_session")


class Events(ApiView):
    """`GET /v1/jobs/:id/events`."""

    query = {"GET": {"after": (read_sequence, 0), "results": (boolean, True)}}

    def get(self, request: Request, public_id: str) -> HttpResponseBase:
        asked = read_query(request, **self.query["GET"])
        heard = last_heard(request)
        job = find_job(account_of(request), public_id)
        if request.method == "HEAD":
            return HttpResponse(headers=HEADERS)
        feed = Feed(job, after=asked["after"] if heard is None else heard, with_results=asked["results"])
        return StreamingHttpResponse(listened(feed), headers=HEADERS)


def last_heard(request: Request) -> int | None:
    """What a client that comes back says it has heard last. Raises: ApiError."""
    text = request.headers.get(LAST_EVENT_ID)
    try:
        return None if text is None else int(read_sequence(text))
    except Refused as refused:
        raise invalid_request([Problem(LAST_EVENT_ID, refused.code, str(refused))]) from refused


async def listened(feed: "Feed") -> AsyncGenerator[bytes]:
    """All that happens until the job has ended. Where too many wait already, what has happened so far.

    Each step is made once the client has taken what came before, so one that is slow has only a chunk waiting for it.
    """
    yield RECONNECT
    if waiters.full_for(feed.account):
        async for piece in news_of(feed):
            yield piece
        return
    with waiters.bell_of(feed.public_id, bell.ENDED, bell.PROGRESS, account=feed.account) as rung:
        while not feed.over:
            yield STILL_HERE
            async for piece in news_of(feed):
                yield piece
            if not feed.over:
                await asyncio.sleep(REST_S)
                await until_rung(rung)


async def news_of(feed: "Feed") -> AsyncIterator[bytes]:
    """What has happened since; nothing while the database is away: it is asked again later."""
    steps = feed.news()
    try:
        while (piece := await sync_to_async(next_step)(steps)) is not None:
            yield piece
    except DatabaseError as error:
        logger.warning("Listeners of %s hear nothing new: %s", feed.public_id, error)


class Feed:
    """What one listener has heard of a job: its pages up to `after`, and how far it was."""

    def __init__(self, job: Job, *, after: int, with_results: bool) -> None:
        self.public_id, self.account = job.public_id, job.account_id
        self.over = False
        self._pk = job.pk
        self._after = after
        self._with_results = with_results
        self._told: dict[str, Any] | None = None

    def news(self) -> Iterator[bytes]:
        """Events since the last time, a chunk at a time. Queries: one, where nothing has happened."""
        job = Job.objects.defer(*SELDOM).filter(pk=self._pk).first()
        if job is None:
            self.over = True
            return
        yield from self._pages(job)
        if self._told != (progress := progress_of(job)):
            yield self._event("progress", progress)
            self._told = progress
        if not job.live:
            yield self._event("end", job_as_dict(job))
            self.over = True

    def _pages(self, job: Job) -> Iterator[bytes]:
        selection = Selection(job=job, after=self._after)
        if self._after >= selection.counted:
            return
        if self._with_results:
            for pages in chunks(selection):
                results = zip(pages, results_as_dicts(job, pages), strict=True)
                yield b"".join(self._result(page, result) for page, result in results)
        self._after = selection.counted

    def _result(self, page: Result, result: dict[str, Any]) -> bytes:
        self._after = page.sequence
        return self._event("page", result)

    def _event(self, kind: str, data: dict[str, Any]) -> bytes:
        return b"id: %d\nevent: %s\ndata: %s\n\n" % (self._after, kind.encode(), orjson.dumps(data))


def chunks(selection: Selection) -> Iterator[list[Result]]:
    """Those of a job that may be deleted meanwhile: then that is all there is to tell."""
    try:
        yield from selection.chunks()
    except JobGone as gone:
        logger.info("%s", gone)


def progress_of(job: Job) -> dict[str, Any]:
    return {
        "status": job.status,
        "totalUrls": job.total_urls,
        "completedUrls": job.completed_urls,
        "failedUrls": job.failed_urls,
        "cancelledUrls": job.cancelled_urls,
    }
