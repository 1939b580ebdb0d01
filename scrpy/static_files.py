"""Static files, served by the web process itself."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import cast

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from whitenoise.middleware import WhiteNoiseMiddleware

Handler = Callable[[HttpRequest], HttpResponseBase]
AsyncHandler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def static_files(get_response: Handler | AsyncHandler) -> Handler | AsyncHandler:
    """WhiteNoise, without a thread for each request: under its own middleware an async view that waits holds one."""
    file_at: Callable[[HttpRequest], FileResponse | None] = WhiteNoiseMiddleware(lambda request: None)

    async def serve_async(request: HttpRequest) -> HttpResponseBase:
        file = file_at(request)
        if file is None:
            return await cast(AsyncHandler, get_response)(request)
        file.streaming_content = in_parts(cast(Iterable[bytes], file.streaming_content))
        return file

    def serve(request: HttpRequest) -> HttpResponseBase:
        return file_at(request) or cast(Handler, get_response)(request)

    return serve_async if iscoroutinefunction(get_response) else serve


async def in_parts(content: Iterable[bytes]) -> AsyncIterator[bytes]:
    """A file's content, read on a thread."""
    for part in await sync_to_async(lambda: list(content))():
        yield part
