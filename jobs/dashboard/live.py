"""News of a job for a page that is open: the API's events without the results, for who is signed in."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from jobs.api.events import HEADERS, Feed, listened
from jobs.dashboard.access import MemberRequest, own_job, page

LONGEST_S = 300
"""After this the browser comes back by itself, and whether it still may is asked anew."""


@page()
def news(request: MemberRequest, public_id: str) -> HttpResponseBase:
    """Each piece tells all, so that who comes back has missed nothing."""
    job = own_job(request, public_id)
    if request.method == "HEAD":
        return HttpResponse(headers=HEADERS)
    feed = Feed(job, after=job.ended_urls, with_results=False)
    return StreamingHttpResponse(for_a_while(listened(feed)), headers=HEADERS)


async def for_a_while(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    until = time.monotonic() + LONGEST_S
    async with aclosing(pieces):
        async for piece in pieces:
            yield piece
            if time.monotonic() > until:
                return
