"""Static files, served by the web process itself."""

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from whitenoise.middleware import WhiteNoiseMiddleware

Handler = Callable[[HttpRequest], HttpResponseBase]
AsyncHandler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def static_files(get_response: Handler | AsyncHandler) -> Handler | AsyncHandler:
    """WhiteNoise, without a thread for each request: under its own middleware an async view that waits holds one."""
    file_at: Callable[[HttpRequest], HttpResponseBase | None] = WhiteNoiseMiddleware(lambda request: None)

    async def serve_async(request: HttpRequest) -> HttpResponseBase:
        return file_at(request) or await cast(AsyncHandler, get_response)(request)

    def serve(request: HttpRequest) -> HttpResponseBase:
        return file_at(request) or cast(Handler, get_response)(request)

    return serve_async if iscoroutinefunction(get_response) else serve
